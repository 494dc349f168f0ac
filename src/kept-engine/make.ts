// Has the engine kept, by another process: the first command after a boot does it.
import { SIGKILL } from '../../bindings/constants.ts';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync } from '../../bindings/file-system.ts';
import { fillProgram, memfdProgram, pollReadable, socketpair } from '../../bindings/files.ts';
import { kill, pidfdOpen, wait } from '../../bindings/process.ts';
import { statSync } from '../../bindings/stat.ts';
import { errnoOf, toRuntimeError } from '../errors.ts';
import { Script } from '../final/script.ts';
import { resetSignals } from '../init/privileges.ts';
import { debug } from '../log.ts';
import { spawnScript } from '../spawn.ts';
import { ENGINE_FILES, ENGINE_FOLDER, ENGINE_UNFINISHED, STACK_SIZE } from '../state/kept-engine-layout.ts';
import { isOfAnother } from './another.ts';
import { type Attempt, beginAttempt, leaveNote } from './attempt.ts';
import { trialProgram } from './trial.ts';

const PATIENCE_MS = 3000;
/** close_range(2), execveat(2), getrlimit(2). */
const [CLOEXEC, AT_EMPTY_PATH, RLIMIT_STACK] = [4, 0x1000, 3];
/** Those whose action can be set and that libc doesn't have for itself: what this caller ignores others don't. */
const SIGNALS = Array.from({ length: 64 }, (_, index) => index + 1).filter(
  (signal) => ![9, 19, 32, 33].includes(signal),
);

/**
 * Has the engine kept, if that hasn't been tried often enough since the boot. Whatever prevents it costs time, nothing else.
 * @param sources a digest of what runts was built from
 */
export function makeKeptEngine(sources: string): void {
  try {
    const index = Number(statSync(process.execPath).words([INODE])[0] ?? 0n) % ENGINE_FILES.length;
    const path = `${ENGINE_FOLDER}/${ENGINE_FILES[index]}`;
    makeFolder();
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1');
    if (isOfAnother(path, process.execPath, boot)) return;
    const attempt = beginAttempt(path + ENGINE_UNFINISHED, `${sources} ${boot}`);
    if (attempt !== undefined) keep(path, { attempt, sources });
  } catch (error) {
    const known = toRuntimeError(error);
    if (known === undefined) throw error;
    debug(() => `the engine is not kept: ${known.oneLine}`);
  }
}

// Not what it's in: a root directory without /run gets none for this.
function makeFolder(): void {
  try {
    mkdirSync(ENGINE_FOLDER, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

/** In struct statx. */
const INODE = 32;
const NAME = 'runts-engine';

function keep(path: string, { attempt, sources }: { attempt: Attempt; sources: string }): void {
  try {
    if (isMade(attempt) && goesOn(sources)) renameSync(path + ENGINE_UNFINISHED, path);
    else leaveNote(attempt);
  } finally {
    closeSync(attempt.fd);
  }
}

function isMade({ fd }: Attempt): boolean {
  return succeeds({ outputFd: fd }, (script) => {
    const { program } = script;
    const environment = program.stringArray([...settings(), 'RUNTS_KEEP=1']);
    // What the engine believes its stack to have is not this caller's limit.
    const limits = program.pointers([BigInt(STACK_SIZE), BigInt(STACK_SIZE)]);
    script.call('prlimit64', [0, RLIMIT_STACK, limits, 0], { ignore: true });
    script.execFirst([process.execPath], program.stringArray([NAME]), environment);
  });
}

function goesOn(sources: string): boolean {
  const programFd = memfdProgram(NAME);
  fillProgram(programFd, trialProgram(process.execPath, BigInt(`0x${sources}`)));
  const result = succeeds({ programFd }, (script) => {
    const argv = script.program.stringArray([NAME, '--version']);
    script.call('execveat', [programFd, script.string(''), argv, script.program.stringArray([]), AT_EMPTY_PATH]);
  });
  closeSync(programFd);
  return result;
}

// Those for the engine, which it finds at its start.
function settings(): string[] {
  const entries = Object.entries(process.env).filter(([name]) => /^(BUN_|MIMALLOC)/.test(name));
  return entries.map(([name, value]) => `${name}=${value}`);
}

// Runs a program that knows nothing of the caller. A key that ends the command would end it, too, and nobody would try
// again: so it has a session of its own.
function succeeds(fds: { outputFd?: number; programFd?: number }, build: (script: Script) => void): boolean {
  const nullFd = openSync('/dev/null', 'r+');
  const [parentFd, syncFd] = socketpair();
  const script = new Script(syncFd);
  for (const fd of [0, 1, 2]) script.call('dup3', [(fd === 1 ? fds.outputFd : undefined) ?? nullFd, fd, 0]);
  script.call('close_range', [3, 0xffffffff, CLOEXEC]);
  script.call('chdir', [script.string('/')]);
  script.call('setsid', []);
  resetSignals(script, SIGNALS);
  build(script);
  const inherit = [syncFd, nullFd, ...Object.values(fds)];
  const pid = spawnScript(script, { name: 'runts-keep', inherit, firstOwn: 3 });
  for (const fd of [nullFd, parentFd, syncFd]) closeSync(fd);
  return hasSucceeded(pid);
}

function hasSucceeded(pid: number): boolean {
  const pidfd = pidfdOpen(pid);
  if (pidfd !== undefined) {
    const [hasEnded] = pollReadable([pidfd], PATIENCE_MS);
    if (hasEnded !== true) kill(pid, SIGKILL);
    closeSync(pidfd);
  }
  const ended = wait(pid, { block: true });
  return ended?.code === 0 && ended.signal === 0;
}
