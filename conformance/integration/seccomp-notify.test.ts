// SCMP_ACT_NOTIFY: the agent at listenerPath gets the listener and the container process state, and answers for the
// kernel (config-linux.md, "The Container Process State"; seccomp_unotify(2)).
import { closeSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { pollReadable, receiveWithFd } from '../../bindings/files.ts';
import { listenUnix } from '../../bindings/root-suite.ts';
import { syscall, trySyscall, words64 } from '../../bindings/syscall.ts';
import type { Seccomp } from '../../src/bundle/config.ts';
import { stateProblems } from '../../src/validate/state.ts';
import type { Bundle, Changes } from '../bundle.ts';
import { isRunts } from '../runtime.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration, testUnless } from './suite.ts';
import { addSyscallProgram, takeResults } from './syscall-program.ts';

const { test, runtime } = integration('seccomp-notify');
const onlyRunts = isRunts ? undefined : 'runc makes system calls of its own under the filter';
const TIME_LIMIT_MS = 10_000;

// linux/seccomp.h: struct seccomp_notif has 80 bytes, struct seccomp_notif_resp 24.
const SECCOMP_IOCTL_NOTIF_RECV = 0xc0502100;
const SECCOMP_IOCTL_NOTIF_SEND = 0xc0182101;
const SECCOMP_USER_NOTIF_FLAG_CONTINUE = 1;

interface Received {
  state: Record<string, unknown> & { state: Record<string, unknown> };
  listenerFd: number;
}

/** Waits at a socket for what the runtime sends. */
class Agent {
  readonly path: string;
  readonly #fd: number;

  constructor(name: string) {
    this.path = join(runtime.folder, name);
    this.#fd = listenUnix(this.path, 4);
  }

  /** The one message of the next connection, which is over then. */
  receive(): Received {
    assert.equal(pollReadable([this.#fd], TIME_LIMIT_MS), [true]);
    const connection = syscall('accept4', undefined, this.#fd, null, null, 0);
    const buffer = new Uint8Array(65536);
    const first = receiveWithFd(connection, buffer);
    let size = first.length;
    for (;;) {
      const { length } = receiveWithFd(connection, buffer.subarray(size));
      if (length === 0) break;
      size += length;
    }
    closeSync(connection);
    const state = JSON.parse(new TextDecoder().decode(buffer.subarray(0, size)));
    return { state, listenerFd: first.descriptor ?? -1 };
  }

  isQuiet(): boolean {
    return pollReadable([this.#fd], 0)[0] === false;
  }

  close(): void {
    closeSync(this.#fd);
    rmSync(this.path, { force: true });
  }
}

/** Waits for a notification; false if the process has gone. */
function hasNotification(listenerFd: number): boolean {
  const [POLLIN, POLLHUP] = [1, 0x10];
  const entry = new DataView(new ArrayBuffer(8));
  entry.setInt32(0, listenerFd, true);
  entry.setInt16(4, POLLIN, true);
  const limit = words64(TIME_LIMIT_MS / 1000, 0);
  trySyscall('ppoll', new Uint8Array(entry.buffer), 1, limit, null, 0);
  const found = entry.getInt16(6, true);
  if ((found & (POLLIN | POLLHUP)) === 0) throw new Error('no notification');
  // Before Linux 6.11 receiving would wait for ever then.
  return (found & POLLIN) !== 0;
}

/** Answers notifications until the container process has ended. Returns the numbers of the system calls. */
function serve(listenerFd: number, errnoOf: (syscallNumber: number) => number | undefined): number[] {
  const seen: number[] = [];
  for (;;) {
    if (!hasNotification(listenerFd)) break;
    const notification = new DataView(new ArrayBuffer(80));
    if (trySyscall('ioctl', listenerFd, SECCOMP_IOCTL_NOTIF_RECV, new Uint8Array(notification.buffer)) < 0) break;
    const number = notification.getInt32(16, true);
    seen.push(number);
    const errno = errnoOf(number);
    const response = new DataView(new ArrayBuffer(24));
    response.setBigUint64(0, notification.getBigUint64(0, true), true);
    if (errno === undefined) response.setUint32(20, SECCOMP_USER_NOTIF_FLAG_CONTINUE, true);
    else response.setInt32(16, -errno, true);
    trySyscall('ioctl', listenerFd, SECCOMP_IOCTL_NOTIF_SEND, new Uint8Array(response.buffer));
  }
  closeSync(listenerFd);
  return seen;
}

const numberOf = (name: 'umask' | 'getpid' | 'execve' | 'read'): number =>
  ({ umask: [95, 166], getpid: [39, 172], execve: [59, 221], read: [0, 63] })[name][process.arch === 'arm64' ? 1 : 0] ??
  -1;

const ON_UMASK: Seccomp = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['umask'], action: 'SCMP_ACT_NOTIFY' }],
};

function bundleOf(profile: Seccomp, changes: Changes = {}): Bundle {
  const bundle = runtime.bundle({
    ...changes,
    linux: { seccomp: profile },
    process: { args: ['/calls'], ...changes.process },
  });
  addSyscallProgram(bundle.rootfs, [['umask', 0], ['getpid']]);
  return bundle;
}

let agents = 0;
let agent: Agent;
test.before.each(() => {
  agent = new Agent(String(agents++));
});
test.after.each(() => agent.close());

test('`create` sends the agent the state of the container process, once', () => {
  const profile = { ...ON_UMASK, listenerPath: agent.path, listenerMetadata: 'A=1;B="ü"' };
  const bundle = bundleOf(profile, { annotations: { 'org.example': 'x'.repeat(20_000) } });
  const id = runtime.create(bundle);
  const { state, listenerFd } = agent.receive();
  const { pid } = runtime.state(id);
  assert.equal([state.fds, state.pid, state.metadata], [['seccompFd'], pid, 'A=1;B="ü"']);
  assert.type(state.ociVersion, 'string');
  assert.is(readlinkSync(`/proc/self/fd/${listenerFd}`), 'anon_inode:seccomp notify');
  assert.equal([state.state.id, state.state.pid, state.state.status], [id, pid, 'creating']);
  assert.is(state.state.bundle, bundle.directory);
  if (isRunts) assert.equal(stateProblems(state.state), []);
  assert.ok(agent.isQuiet());
  closeSync(listenerFd);
  runtime.remove(id);
});

for (const noNewPrivileges of [true, false]) {
  test(`the agent decides on system calls, with noNewPrivileges ${noNewPrivileges}`, async () => {
    const bundle = bundleOf({ ...ON_UMASK, listenerPath: agent.path }, { process: { noNewPrivileges } });
    const id = runtime.create(bundle);
    const { state, listenerFd } = agent.receive();
    assert.not.ok('metadata' in state && state.metadata !== '');
    const starting = runtime.begin(['start', id]);
    assert.equal(
      serve(listenerFd, () => 122),
      [numberOf('umask')],
    );
    assert.is((await starting.ended).exit, 0);
    runtime.waitFor(id, 'stopped');
    assert.equal(takeResults(bundle.rootfs), [-122, 1]);
    runtime.remove(id);
  });
}

test('the agent hears of every process that `exec` makes', async () => {
  const bundle = bundleOf(
    { ...ON_UMASK, listenerPath: agent.path, listenerMetadata: 'm' },
    { process: { args: ['sleep', '60'] } },
  );
  const id = runtime.create(bundle);
  closeSync(agent.receive().listenerFd);
  runtime.ok(['start', id]);
  const executing = runtime.begin(['exec', id, '/calls']);
  const { state, listenerFd } = agent.receive();
  const { pid } = runtime.state(id);
  assert.is.not(state.pid, pid);
  assert.equal([state.metadata, state.state.pid, state.state.status], ['m', pid, 'running']);
  assert.equal(
    serve(listenerFd, () => 121),
    [numberOf('umask')],
  );
  assert.is((await executing.ended).exit, 0);
  assert.is(takeResults(bundle.rootfs)[0], -121);
  runtime.remove(id);
});

testUnless(onlyRunts, test, 'without its agent `exec` fails, and makes no process', () => {
  const bundle = bundleOf({ ...ON_UMASK, listenerPath: agent.path }, { process: { args: ['sleep', '60'] } });
  const id = runtime.create(bundle);
  closeSync(agent.receive().listenerFd);
  runtime.ok(['start', id]);
  rmSync(agent.path);
  assert.match(runtime.fails(['exec', id, 'true']), /\/linux\/seccomp\/listenerPath \S+: connect \S+ ENOENT/);
  runtime.remove(id);
});

const flags = ['SECCOMP_FILTER_FLAG_TSYNC', 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV', 'SECCOMP_FILTER_FLAG_LOG'];
testUnless(onlyRunts, test, 'of the runtime itself, the agent is asked about two calls only', async () => {
  const bundle = bundleOf({ defaultAction: 'SCMP_ACT_NOTIFY', flags, listenerPath: agent.path });
  const id = runtime.create(bundle);
  const { listenerFd } = agent.receive();
  const starting = runtime.begin(['start', id]);
  const seen = serve(listenerFd, (number) => (number === numberOf('getpid') ? 5 : undefined));
  assert.is((await starting.ended).exit, 0);
  assert.equal(seen.slice(0, 2), [numberOf('read'), numberOf('execve')]);
  runtime.waitFor(id, 'stopped');
  assert.is(takeResults(bundle.rootfs)[1], -5);
  runtime.remove(id);
});

testUnless(onlyRunts, test, 'a profile that allows next to nothing works with an agent, too', () => {
  const allowed = ['read', 'write', 'execve', 'exit', 'exit_group'];
  const bundle = bundleOf({
    defaultAction: 'SCMP_ACT_KILL_PROCESS',
    listenerPath: agent.path,
    syscalls: [...(ON_UMASK.syscalls ?? []), { names: allowed, action: 'SCMP_ACT_ALLOW' }],
  });
  addSyscallProgram(bundle.rootfs, [], 9);
  assert.is(runtime.command(['run', '--bundle', bundle.directory, runtime.id()]).exit, 9);
  closeSync(agent.receive().listenerFd);
});

test('without SCMP_ACT_NOTIFY the agent hears nothing', () => {
  const bundle = bundleOf({ defaultAction: 'SCMP_ACT_ALLOW', listenerPath: agent.path });
  assert.is(runtime.command(['run', '--bundle', bundle.directory, runtime.id()]).exit, 0);
  assert.ok(agent.isQuiet());
});

test('an agent that is not there is an error, and nothing is left', () => {
  const before = snapshot(runtime);
  const bundle = bundleOf({ ...ON_UMASK, listenerPath: '/no/agent' });
  const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
  if (isRunts) assert.match(line, /\/linux\/seccomp\/listenerPath \/no\/agent: connect \/no\/agent ENOENT$/);
  const left = leftovers(before).filter((thing) => !thing.startsWith('state seccomp:'));
  assert.equal(left, []);
});

test("the listener does not stay with the user's program", () => {
  const bundle = bundleOf(
    { ...ON_UMASK, listenerPath: agent.path },
    { process: { args: ['ls', '-l', '/proc/self/fd'] } },
  );
  const { stdout, exit } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
  closeSync(agent.receive().listenerFd);
  assert.is(exit, 0);
  assert.not.match(stdout, /anon_inode/);
});

test.run();
