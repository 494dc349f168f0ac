// `exec` that was done before: the same process again in the same container, by the program that the engine has kept
// (src/create/keep-exec.ts). As operate/exec.ts does it; what isn't exactly as it was then is left to the engine.
import type { Label } from '../final/encoder.ts';
import type { Address, Slot } from '../final/memory.ts';
import { KEPT } from '../state/kept-exec-layout.ts';
import { type CommandLine, openLog } from './command-line.ts';
import { number, openContainer } from './container.ts';
import { openDescriptors } from './exec-descriptors.ts';
import { expectCaller, expectContainer, expectLinks, expectPasswd } from './exec-facts.ts';
import { readKept, readKey } from './exec-key.ts';
import { __WALL, awaitPredecessors, follow, SIGKILL, startProcess } from './exec-process.ts';
import { isSilenced } from './exec-silence.ts';
import type { Flow } from './flow.ts';
import { A, B, C } from './machine.ts';
import { openPidFile, pidFile, writePidFile } from './pid-file.ts';
import { held, holdSignals, releaseSignals, supervise } from './supervise.ts';

const AT_EMPTY_PATH = 0x1000;
const F_GETFD = 1;
const STATX_BASIC_STATS = 0x7ff;
const STATX_SIZE = 256;
/** In struct statx: the owner; the upper byte of the mode. */
const [STATX_UID, STATX_TYPE] = [20, 29];
const FIFO = 1;
const NOBODY = 2n ** 64n - 1n;
const STANDARD_ERROR = 2;
/** As the engine's, so that a failure of the runtime's can be told from what the process may end with. */
const FAILED = 255;

/** Does it, or goes on at `engine`, with nothing done. */
export function exec(flow: Flow, line: CommandLine, { sources, engine }: { sources: bigint; engine: Label }): void {
  const { machine } = flow;
  expectPlainCaller(flow, line, engine);
  const key = readKey(flow, line.exec, engine);
  const opened = openContainer(flow, line.folder, engine);
  const { folderFd } = opened;
  const kept = readKept(flow, { key, folderFd, sources }, engine);
  expectCaller(flow, kept, engine);
  expectLinks(flow, kept, engine);
  const pidfd = expectContainer(flow, { kept, opened }, engine);
  flow.call('close', [folderFd]);
  expectPasswd(flow, kept, engine);
  openLog(flow, line, engine);
  const undo = machine.newLabel();
  const signals = held(flow);
  unless(flow, line.exec.isDetached, () => holdSignals(flow, signals));
  const file = pidFile(flow, line.exec.pidFile);
  openPidFile(flow, file, undo);
  givePipes(flow, kept);
  const fds = openDescriptors(flow, { kept, pidfd }, undo);
  const processes = startProcess(flow, kept, fds, undo);
  const lost = machine.newLabel();
  follow(flow, { kept, processes, parent: fds.parent }, { failed: undo, lost });
  isSilenced(flow, { kept, processes }, undo);
  awaitPredecessors(flow, processes);
  const unwritten = machine.newLabel();
  writePidFile(flow, file, processes.last, unwritten);
  unless(flow, line.exec.isDetached, () => {
    supervise(flow, processes.last);
    flow.exit(C);
  });
  flow.exit(0);
  machine.label(unwritten);
  // The others have been waited for: their pids may be somebody else's.
  flow.call('kill', [processes.last, SIGKILL]);
  flow.call('wait4', [processes.last, 0, __WALL, 0]);
  fail(flow, 'write pid file: the file cannot be written any more');
  machine.label(lost);
  fail(flow, 'a process that enters the container was killed');
  machine.label(undo);
  releaseSignals(flow, signals);
  machine.jump(engine);
}

function unless({ machine }: Flow, condition: Slot, body: () => void): void {
  const skip = machine.newLabel();
  machine.keep(A, condition);
  machine.jumpUnlessEqual(A, 0, skip);
  body();
  machine.label(skip);
}

// The engine opens standard streams that are closed, and looks at what LISTEN_FDS means.
function expectPlainCaller(flow: Flow, { environment }: CommandLine, engine: Label): void {
  const { machine } = flow;
  machine.keep(A, environment.mayListen);
  machine.jumpUnlessEqual(A, 0, engine);
  for (const fd of [0, 1, 2]) flow.callOr(engine, 'fcntl', [fd, F_GETFD]);
}

// As create/streams.ts. Doing it twice does nothing else.
function givePipes(flow: Flow, kept: Address): void {
  const { machine, data } = flow;
  const none = machine.newLabel();
  const stat = data.reserve(STATX_SIZE);
  number(flow, kept, KEPT.pipeOwner);
  machine.jumpIfEqual(A, NOBODY, none);
  for (const fd of [0, 1, 2]) {
    const next = machine.newLabel();
    flow.callOr(next, 'statx', [fd, data.string(''), AT_EMPTY_PATH, STATX_BASIC_STATS, stat]);
    machine.keep(B, stat.plus(STATX_TYPE));
    machine.loadAt(B, B, 1);
    machine.dropDigit(B);
    machine.jumpUnlessEqual(B, FIFO, next);
    machine.keep(B, stat.plus(STATX_UID));
    machine.loadAt(C, B, 4);
    machine.jumpIfEqual(C, A, next);
    flow.call('fchown', [fd, A, -1]);
    machine.label(next);
  }
  machine.label(none);
}

// There's no way back: the process has run, or may have.
function fail(flow: Flow, reason: string): void {
  const message = `runts: exec: ${reason}\n`;
  flow.call('write', [STANDARD_ERROR, flow.data.string(message), message.length]);
  flow.exit(FAILED);
}
