// $NOTIFY_SOCKET: a container that tells that it's ready, sd_notify(3), and a service manager that hears it.
import { closeSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { pollReadable, receiveWithFd, write } from '../../bindings/files.ts';
import { bindDatagram, connectDatagram } from '../../bindings/sockets.ts';
import { waitUntil } from '../runtime.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('notify');
const folder = mkdtempSync(join(tmpdir(), 'runts-manager-'));
const socket = join(folder, 'socket');
const manager = bindDatagram(socket);
test.after(() => {
  closeSync(manager);
  rmSync(folder, { recursive: true });
});

/** What the manager is told, without waiting longer than a moment for more; it answers barriers. */
function heard(): string[] {
  const lines: string[] = [];
  while (pollReadable([manager], 2000)[0] === true) {
    const buffer = new Uint8Array(1000);
    const { length, descriptor } = receiveWithFd(manager, buffer);
    if (descriptor !== undefined) closeSync(descriptor);
    lines.push(...new TextDecoder().decode(buffer.subarray(0, length)).trim().split('\n'));
    if (lines.includes('BARRIER=1')) break;
  }
  return lines;
}

const env = { NOTIFY_SOCKET: socket };

/** Says something to the socket that the container has: its busybox can't. */
function say(pid: number, ...texts: string[]): void {
  const fd = connectDatagram(`/proc/${pid}/root/run/notify/notify.sock`);
  for (const text of texts) write(fd, new TextEncoder().encode(text));
  closeSync(fd);
}

test('the container has a socket of its own, and start waits until it has spoken or ended', async () => {
  const before = snapshot(runtime);
  const bundle = runtime.bundle({
    process: {
      args: ['sh', '-c', 'stat -c "%F %a" $NOTIFY_SOCKET > /out; touch /run/notify/x; ls /run/notify >> /out'],
    },
  });
  const id = runtime.id();
  runtime.ok(['create', '--bundle', bundle.directory, id], { env });
  runtime.ok(['start', id], { env });
  assert.is(await Bun.file(join(bundle.rootfs, 'out')).text(), 'socket 777\nnotify.sock\n');
  runtime.remove(id);
  assert.equal(leftovers(before), []);
});

test('what a container with the rights for it puts beside its socket does not keep it from being deleted', () => {
  const before = snapshot(runtime);
  const sets = ['CAP_SYS_ADMIN', 'CAP_DAC_OVERRIDE'];
  const script =
    'mount -o remount,rw,bind /run/notify && cd /run/notify && mkdir -p a/b && mv notify.sock a && ln -s / l && ls';
  const capabilities = { bounding: sets, effective: sets, permitted: sets };
  const bundle = runtime.bundle({ process: { args: ['sh', '-c', script], capabilities } });
  assert.is(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()], { env }), 'a\nl\n');
  assert.equal(leftovers(before), []);
});

test('without $NOTIFY_SOCKET there is none', () => {
  assert.is(runtime.inside('echo "[$NOTIFY_SOCKET]"; ls -d /run/notify 2>/dev/null || true'), '[]\n');
});

test('what the container says reaches the manager, with the pid of the container process', async () => {
  const id = runtime.id();
  const bundle = runtime.bundle({ process: { args: ['sleep', '60'] } });
  runtime.ok(['create', '--bundle', bundle.directory, id], { env });
  const start = runtime.begin(['start', id], { env });
  await Bun.sleep(300);
  assert.is(start.child.exitCode, null);
  const { pid } = runtime.state(id);
  say(pid, 'STATUS=loading', 'READY=1\nSTATUS=up');
  assert.equal(heard(), ['READY=1', `MAINPID=${pid}`, 'BARRIER=1']);
  assert.is((await start.ended).exit, 0);
  runtime.remove(id);
});

test('a foreground run passes it on while it goes on', async () => {
  const id = runtime.id();
  const bundle = runtime.bundle({ process: { args: ['sleep', '60'] } });
  const run = runtime.begin(['run', '--bundle', bundle.directory, id], { env });
  const isThere = () => runtime.command(['state', id]).stdout.includes('"running"');
  assert.ok(waitUntil(isThere));
  const { pid } = runtime.state(id);
  say(pid, 'READY=1');
  assert.equal(heard(), ['READY=1', `MAINPID=${pid}`, 'BARRIER=1']);
  runtime.ok(['kill', id, 'KILL']);
  assert.is((await run.ended).exit, 137);
});

test.run();
