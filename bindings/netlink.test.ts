import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readlinkSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { ask, netlinkSocket, netlinkSocketIn } from './netlink.ts';
import { isolatedSuite, messageOf, rootTest } from './root-suite.ts';
import { allLinksRequest, getLinkRequest, linkIn, linkUpRequest, moveLinkRequest } from './rtnetlink.ts';

const test = isolatedSuite('bindings/netlink', import.meta.path, ['--net']);

const namesSeenBy = (fd: number): string[] => ask(fd, allLinksRequest(), 'all').map((message) => linkIn(message).name);

rootTest(test, 'interfaces are listed, and asked for by name', () => {
  const fd = netlinkSocket();
  assert.is(spawnSync('ip', ['link', 'add', 'rt-a', 'type', 'veth', 'peer', 'name', 'rt-b']).status, 0);
  assert.equal(
    namesSeenBy(fd)
      .filter((name) => name.startsWith('rt-'))
      .sort(),
    ['rt-a', 'rt-b'],
  );
  const [answer] = ask(fd, getLinkRequest('rt-a'), 'rt-a');
  assert.is(answer && linkIn(answer).isUp, false);
  const { index } = linkIn(answer as Parameters<typeof linkIn>[0]);
  ask(fd, linkUpRequest(index), 'rt-a');
  const [now] = ask(fd, getLinkRequest('rt-a'), 'rt-a');
  assert.is(now && linkIn(now).isUp, true);
  closeSync(fd);
});

rootTest(test, 'a failure has the name of the request, what it was about, errno and the words of the kernel', () => {
  const fd = netlinkSocket();
  assert.is(
    messageOf(() => ask(fd, getLinkRequest('rt-none'), 'rt-none')),
    'RTM_GETLINK rt-none ENODEV',
  );
  const holder = spawn('unshare', ['--net', 'sleep', '30'], { stdio: 'ignore' });
  const other = openOther(holder.pid ?? 0);
  const move = moveLinkRequest({ index: 1, namespaceFd: other, name: 'x', newIndex: undefined });
  assert.match(
    messageOf(() => ask(fd, move, 'lo')),
    /^RTM_SETLINK lo( \(.+\))? EINVAL$/,
  );
  holder.kill('SIGKILL');
  for (const one of [fd, other]) closeSync(one);
});

// unshare(1) takes a moment.
function openOther(pid: number): number {
  const own = readlinkSync('/proc/self/ns/net');
  const end = performance.now() + 5000;
  while (readlinkSync(`/proc/${pid}/ns/net`) === own && performance.now() < end) Bun.sleepSync(5);
  return openSync(`/proc/${pid}/ns/net`, 'r');
}

rootTest(test, 'a socket in another namespace sees what is there, and this process stays where it is', () => {
  const own = readlinkSync('/proc/thread-self/ns/net');
  const holder = spawn('unshare', ['--net', 'sleep', '30'], { stdio: 'ignore' });
  const other = openOther(holder.pid ?? 0);
  const fd = netlinkSocketIn(other);
  assert.is(readlinkSync('/proc/thread-self/ns/net'), own);
  assert.ok(!namesSeenBy(fd).includes('rt-a'));
  assert.ok(namesSeenBy(fd).includes('lo'));
  holder.kill('SIGKILL');
  for (const one of [fd, other]) closeSync(one);
});

rootTest(test, 'what is no network namespace is refused', () => {
  const fd = openSync('/proc/self/ns/uts', 'r');
  assert.is(
    messageOf(() => netlinkSocketIn(fd)),
    'setns network namespace EINVAL',
  );
  closeSync(fd);
});

test.run();
