import { closeSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { receiveWithFd } from '../../bindings/files.ts';
import { listenUnix } from '../../bindings/root-suite.ts';
import { syscall } from '../../bindings/syscall.ts';
import type { Seccomp } from '../bundle/config.ts';
import { toRuntimeError } from '../errors.ts';
import { planSeccomp } from '../plan/seccomp.ts';
import { sampleRecord } from '../state/fixtures/record.ts';
import { SeccompExtra } from './seccomp.ts';

const test = suite('create/seccomp');

const folder = mkdtempSync('/tmp/runts-seccomp-');
const socket = `${folder}/agent`;
test.after(() => rmSync(folder, { recursive: true }));

function extraFor(parts: Partial<Seccomp>): SeccompExtra {
  const plan = planSeccomp({ defaultAction: 'SCMP_ACT_ALLOW', ...parts }, []);
  if (plan === undefined) throw new Error('no plan');
  return new SeccompExtra(plan, folder);
}

const NOTIFY: Partial<Seccomp> = {
  listenerPath: socket,
  listenerMetadata: 'a "b"',
  syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' }],
};

function messageOf(action: () => unknown): string {
  try {
    return String(action());
  } catch (error) {
    return toRuntimeError(error)?.oneLine ?? String(error);
  }
}

test('the filter is made once, and kept when there is time', () => {
  const extra = extraFor({});
  extra.keepFilter();
  const filter = extra.makeFilter();
  assert.is(filter.length % 8, 0);
  assert.is(extra.makeFilter(), filter);
  const kept = () => readdirSync(folder).filter((name) => name.startsWith('seccomp:')).length;
  assert.is(kept(), 0);
  extra.keepFilter();
  assert.is(kept(), 1);
});

test('flags that the kernel has are good', () => {
  assert.ok(
    extraFor({
      flags: ['SECCOMP_FILTER_FLAG_TSYNC', 'SECCOMP_FILTER_FLAG_LOG'],
    }),
  );
});

test('the agent gets one message with the state and the listener, and the end of the connection', () => {
  const listener = listenUnix(socket, 1);
  const extra = extraFor(NOTIFY);
  extra.connectAgent();
  const agent = syscall('accept4', undefined, listener, null, null, 0);
  const file = openSync('/dev/null', 'r');
  const record = sampleRecord({ pid: 4242, annotations: { key: 'value' } });
  extra.handOver(file, { record, pid: 4243, status: 'running' });
  const buffer = new Uint8Array(4096);
  const { length, descriptor } = receiveWithFd(agent, buffer);
  const message = JSON.parse(new TextDecoder().decode(buffer.subarray(0, length)));
  assert.equal(
    [message.ociVersion, message.fds, message.pid, message.metadata],
    [record.ociVersion, ['seccompFd'], 4243, 'a "b"'],
  );
  const { status, id, pid, bundle, annotations } = message.state;
  assert.equal([status, id, pid, bundle, annotations], ['running', record.id, 4242, record.bundle, { key: 'value' }]);
  assert.type(descriptor, 'number');
  assert.is(receiveWithFd(agent, buffer).length, 0);
  for (const fd of [listener, agent, descriptor ?? -1]) closeSync(fd);
});

test('an agent that is not there is told by the place in the config', () => {
  const extra = extraFor({ ...NOTIFY, listenerPath: '/none' });
  assert.is(
    messageOf(() => extra.connectAgent()),
    '/linux/seccomp/listenerPath /none: connect /none ENOENT',
  );
});

test('an agent that goes away is an error', () => {
  const path = `${folder}/gone`;
  const listener = listenUnix(path, 1);
  const extra = extraFor({ ...NOTIFY, listenerPath: path });
  extra.connectAgent();
  closeSync(syscall('accept4', undefined, listener, null, null, 0));
  assert.is(
    messageOf(() =>
      extra.handOver(0, {
        record: sampleRecord({}),
        pid: 1,
        status: 'creating',
      }),
    ),
    `/linux/seccomp/listenerPath ${path}: sendmsg EPIPE`,
  );
  extra.close();
  closeSync(listener);
});

test('without SCMP_ACT_NOTIFY there is nobody to tell: a mistake of the programmer', () => {
  assert.match(
    messageOf(() => extraFor({ listenerPath: socket }).connectAgent()),
    /^Error: protocol: /,
  );
});

test.run();
