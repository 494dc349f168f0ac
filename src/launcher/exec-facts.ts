// Whether everything that a kept exec depends on is as it was then: who calls, the namespaces, the container process,
// and what HOME was found in.
import type { Label } from '../final/encoder.ts';
import type { Address, Slot } from '../final/memory.ts';
import { BRIEF } from '../state/brief-layout.ts';
import { KEPT, PASSWD, PASSWD_WORDS } from '../state/kept-exec-layout.ts';
import { number, type Opened, text } from './container.ts';
import type { Flow } from './flow.ts';
import { A, B, C, D } from './machine.ts';
import { findStatus } from './status.ts';

const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const O_PATH_CLOEXEC = 0o12000000;
const [RLIMIT_FSIZE, RLIMIT_NOFILE] = [1, 7];
const RLIM_INFINITY = 2n ** 64n - 1n;
const PR_CAPBSET_READ = 23;
const CAPABILITY_VERSION_3 = 0x20080522;
/** RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS. */
const IN_ROOT = 0x12;
const STATX_BASIC_STATS = 0x7ff;
const STATX_SIZE = 256;
const LINK_SIZE = 64;
const ENOENT = 2;

/** The caller's ids, umask, limit of open files and capabilities. */
export function expectCaller(flow: Flow, kept: Address, engine: Label): void {
  const { machine, data } = flow;
  flow.call('getuid', []);
  machine.keep(B, 'result');
  expect(flow, kept, KEPT.uid, engine);
  flow.call('umask', [0]);
  machine.keep(B, 'result');
  flow.call('umask', [B]);
  expect(flow, kept, KEPT.umask, engine);
  const limits = data.reserve(16);
  flow.call('prlimit64', [0, RLIMIT_NOFILE, 0, limits]);
  expectAt(flow, kept, { at: KEPT.openFiles[0], place: limits, width: 8 }, engine);
  expectAt(flow, kept, { at: KEPT.openFiles[1], place: limits.plus(8), width: 8 }, engine);
  // What is written beyond that limit ends whoever writes: SIGXFSZ.
  flow.call('prlimit64', [0, RLIMIT_FSIZE, 0, limits]);
  machine.keep(B, limits);
  machine.loadAt(B, B, 8);
  machine.jumpUnlessEqual(B, RLIM_INFINITY, engine);
  // capget(2): effective, permitted, inheritable, of the lower 32 and then of the others.
  const capabilities = data.reserve(24);
  const header = data.writableBytes(new Uint8Array(Uint32Array.of(CAPABILITY_VERSION_3, 0).buffer));
  flow.callOr(engine, 'capget', [header, capabilities]);
  expectAt(flow, kept, { at: KEPT.permitted[0], place: capabilities.plus(4), width: 4 }, engine);
  expectAt(flow, kept, { at: KEPT.permitted[1], place: capabilities.plus(16), width: 4 }, engine);
  expectBounding(flow, kept, engine);
}

// B: what is to be a number of the kept exec.
function expect(flow: Flow, kept: Address, at: number, engine: Label): void {
  number(flow, kept, at);
  flow.machine.jumpUnlessEqual(A, B, engine);
}

function expectAt(
  flow: Flow,
  kept: Address,
  { at, place, width }: { at: number; place: Address; width: 4 | 8 },
  engine: Label,
): void {
  flow.machine.keep(B, place);
  flow.machine.loadAt(B, B, width);
  expect(flow, kept, at, engine);
}

function expectBounding(flow: Flow, kept: Address, engine: Label): void {
  const { machine } = flow;
  text(flow, kept, KEPT.bounding);
  machine.keep(B, 0);
  flow.loop((done) => {
    machine.loadAt(C, A, 1);
    machine.jumpIfEqual(C, 0, done);
    flow.call('prctl', [PR_CAPBSET_READ, B, 0, 0, 0]);
    machine.keep(D, 'result');
    machine.add(D, '0'.charCodeAt(0));
    machine.jumpUnlessEqual(C, D, engine);
    machine.add(A, 1);
    machine.add(B, 1);
  });
}

/** The links say what they said. */
export function expectLinks(flow: Flow, kept: Address, engine: Label): void {
  const { machine, data } = flow;
  const target = data.reserve(LINK_SIZE + 16);
  text(flow, kept, KEPT.links);
  flow.loop((done) => {
    machine.loadAt(C, A, 1);
    machine.jumpIfEqual(C, 0, done);
    flow.callOr(engine, 'readlinkat', [AT_FDCWD, A, target, LINK_SIZE]);
    machine.keep(B, 'result');
    machine.add(B, target);
    machine.keep(C, 0);
    machine.storeAt(B, C, 1);
    skipText(flow);
    machine.keep(B, target);
    flow.expectSameText(A, B, [C, D], engine);
  });
}

// Moves A behind the text's NUL.
function skipText(flow: Flow): void {
  const { machine } = flow;
  flow.loop((end) => {
    machine.loadAt(C, A, 1);
    machine.add(A, 1);
    machine.jumpIfEqual(C, 0, end);
  });
}

/**
 * The container process is that of the kept exec, lives and isn't frozen. The pidfd is opened before that is looked at,
 * so it's of that process.
 * @returns the pidfd
 */
export function expectContainer(flow: Flow, { kept, opened }: { kept: Address; opened: Opened }, engine: Label): Slot {
  const { machine, data } = flow;
  for (const [ours, theirs] of [
    [KEPT.pidText, BRIEF.pid],
    [KEPT.startTime, BRIEF.startTime],
  ] as const) {
    text(flow, kept, ours);
    machine.keep(B, A);
    text(flow, opened.brief, theirs);
    flow.expectSameText(A, B, [C, D], engine);
  }
  const pidfd = data.slot();
  number(flow, kept, KEPT.pid);
  flow.callOr(engine, 'pidfd_open', [A, 0]);
  flow.saveResult(pidfd, A);
  const isThere = machine.newLabel();
  findStatus(flow, opened, { created: isThere, running: isThere, paused: engine, stopped: engine }, engine);
  machine.label(isThere);
  return pidfd;
}

/** HOME is found in the container's /etc/passwd, if it's needed: that is the same file with the same content. */
export function expectPasswd(flow: Flow, kept: Address, engine: Label): void {
  const { machine, data } = flow;
  const [unused, there] = [machine.newLabel(), machine.newLabel()];
  const [root, file, state] = [data.slot(), data.slot(), data.slot()];
  number(flow, kept, KEPT.passwd);
  machine.jumpIfEqual(A, PASSWD.unused, unused);
  machine.save(state, A);
  text(flow, kept, KEPT.rootPath);
  flow.callOr(engine, 'openat', [AT_FDCWD, A, O_PATH_CLOEXEC, 0]);
  flow.saveResult(root, A);
  const how = data.pointers([O_PATH_CLOEXEC, 0, IN_ROOT]);
  flow.call('openat2', [root, data.string('etc/passwd'), how, 24]);
  flow.saveResult(file, B);
  flow.call('close', [root]);
  machine.keep(A, state);
  machine.jumpIfEqual(A, PASSWD.present, there);
  machine.jumpIfEqual(B, -ENOENT, unused);
  machine.jump(engine);
  machine.label(there);
  const stat = data.reserve(STATX_SIZE);
  flow.callOr(engine, 'statx', [file, data.string(''), AT_EMPTY_PATH, STATX_BASIC_STATS, stat]);
  flow.call('close', [file]);
  text(flow, kept, KEPT.passwdWords);
  for (const at of PASSWD_WORDS) {
    machine.loadAt(B, A, 8);
    machine.keep(C, stat.plus(at));
    machine.loadAt(C, C, 8);
    machine.jumpUnlessEqual(B, C, engine);
    machine.add(A, 8);
  }
  machine.label(unused);
}
