// Has the engine kept, by another process: the first command after a boot does it.
import { SIGKILL } from '../../bindings/constants.ts';
import { closeSync, mkdirSync, openSync, readFileSync, unlinkSync, writeFileSync } from '../../bindings/file-system.ts';
import { fillProgram, memfdProgram, pollReadable, socketpair } from '../../bindings/files.ts';
import { kill, pidfdOpen, wait } from '../../bindings/process.ts';
import { statSync } from '../../bindings/stat.ts';
import { errnoOf, toRuntimeError } from '../errors.ts';
import { Script } from '../final/script.ts';
import { resetSignals } from '../init/privileges.ts';
import { debug } from '../log.ts';
import { spawnScript } from '../spawn.ts';
import { ENGINE_FILES, ENGINE_FOLDER } from '../state/kept-engine-layout.ts';
import { UNFINISHED } from './keep.ts';
import { NOT_USED, trialProgram } from './trial.ts';

const PATIENCE_MS = 3000;
/** One process in 2,000 has its stack where the engine's was. */
const TRIALS = 3;
const FAILED = 1;
/** close_range(2), execveat(2), and the one signal that the engine ignores. */
const [CLOEXEC, AT_EMPTY_PATH, SIGPIPE] = [4, 0x1000, 13];

/**
 * Has the engine kept, if that hasn't been tried since the boot. Whatever prevents it costs time, nothing else.
 * @param sources a digest of what runts was built from
 */
export function makeKeptEngine(sources: string): void {
  try {
    const index = Number(statSync(process.execPath).words([INODE])[0] ?? 0n) % ENGINE_FILES.length;
    const path = `${ENGINE_FOLDER}/${ENGINE_FILES[index]}`;
    mkdirSync(ENGINE_FOLDER, { recursive: true, mode: 0o700 });
    const attempt = `${sources} ${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')}`;
    if (isFirst(path + UNFINISHED, attempt)) keep(path, { sources, attempt });
  } catch (error) {
    const known = toRuntimeError(error);
    if (known === undefined) throw error;
    debug(() => `the engine is not kept: ${known.oneLine}`);
  }
}

/** In struct statx. */
const INODE = 32;

// An attempt that has failed leaves its file.
function isFirst(path: string, attempt: string): boolean {
  if (isNew(path, attempt)) return true;
  if (readFileSync(path, 'latin1').startsWith(attempt)) return false;
  unlinkSync(path);
  return isNew(path, attempt);
}

function isNew(path: string, attempt: string): boolean {
  try {
    writeFileSync(path, attempt, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function keep(path: string, { sources, attempt }: { sources: string; attempt: string }): void {
  const name = 'runts-engine';
  const kept = runAlone((script) => {
    const { program } = script;
    const environment = program.stringArray([...settings(), `RUNTS_KEEP=${path}`]);
    script.execFirst([process.execPath], program.stringArray([name]), environment);
  });
  if (kept !== 0) return;
  const trialFd = memfdProgram(name);
  fillProgram(trialFd, trialProgram(process.execPath, BigInt(`0x${sources}`)));
  let result = NOT_USED;
  for (let times = 0; times < TRIALS && result === NOT_USED; times++) result = tryOut(trialFd, name);
  closeSync(trialFd);
  if (result === 0) return;
  writeFileSync(path + UNFINISHED, attempt, { mode: 0o600 });
  unlinkSync(path);
}

function tryOut(trialFd: number, name: string): number {
  const build = (script: Script): void => {
    const argv = script.program.stringArray([name, '--version']);
    script.call('execveat', [trialFd, script.string(''), argv, script.program.stringArray([]), AT_EMPTY_PATH]);
  };
  return runAlone(build, trialFd);
}

// Those for the engine, which it finds at its start.
function settings(): string[] {
  const entries = Object.entries(process.env).filter(([name]) => /^(BUN_|MIMALLOC)/.test(name));
  return entries.map(([name, value]) => `${name}=${value}`);
}

// Runs a program that knows nothing of the caller. A key that ends the command would end it, too, and nobody would try
// again: so it has a session of its own. Returns its exit status.
function runAlone(build: (script: Script) => void, programFd?: number): number {
  const nullFd = openSync('/dev/null', 'r+');
  const [parentFd, syncFd] = socketpair();
  const script = new Script(syncFd);
  for (const fd of [0, 1, 2]) script.call('dup3', [nullFd, fd, 0]);
  script.call('close_range', [3, 0xffffffff, CLOEXEC]);
  script.call('chdir', [script.string('/')]);
  script.call('setsid', []);
  resetSignals(script, [SIGPIPE]);
  build(script);
  const inherit = [syncFd, nullFd, ...(programFd === undefined ? [] : [programFd])];
  const pid = spawnScript(script, { name: 'runts-keep', inherit, firstOwn: 3 });
  for (const fd of [nullFd, parentFd, syncFd]) closeSync(fd);
  return statusOf(pid);
}

function statusOf(pid: number): number {
  const pidfd = pidfdOpen(pid);
  if (pidfd !== undefined) {
    const [hasEnded] = pollReadable([pidfd], PATIENCE_MS);
    if (hasEnded !== true) kill(pid, SIGKILL);
    closeSync(pidfd);
  }
  return wait(pid, { block: true })?.code ?? FAILED;
}
