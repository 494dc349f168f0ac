// The program that runs a hook inside a container: it enters the namespaces and becomes the hook. No engine is ever
// inside of the container (CVE-2019-5736).
import { CLONE_PARENT } from '../../bindings/constants.ts';
import type { Hook } from '../bundle/config.ts';
import { slotAddress } from './memory.ts';
import { Program } from './program.ts';

export interface HookProgramInputs {
  hook: Hook;
  /** The container's namespaces in the order of joining: descriptor and CLONE_NEW* flag. */
  namespaces: { fd: number; flag: number }[];
  /** The container's root directory. */
  rootFd: number;
  /** The hook's standard input, and where its output is collected. */
  inputFd: number;
  outputFd: number;
  /** The socket to the runtime: waits for a byte, then tells the hook's pid, or a failure. */
  syncFd: number;
  /** Signals to reset to their default action. */
  ignoredSignals: number[];
  umask: number;
  openFiles: { soft: bigint; hard: bigint };
}

/** Steps for reports. */
export const HOOK_STEP = { pid: 0, namespace: 1, root: 2, streams: 3, settings: 4, execute: 5 } as const;

const RLIMIT_NOFILE = 7;

/** Puts the program together. */
export function hookProgram(inputs: HookProgramInputs): Program {
  const { hook, syncFd, rootFd } = inputs;
  const program = new Program();
  program.reportTo(syncFd);
  program.waitByte(syncFd);
  program.call('close_range', [3, 0xffffffff, 4], { step: HOOK_STEP.settings });
  for (const { fd, flag } of inputs.namespaces) program.call('setns', [fd, flag], { step: HOOK_STEP.namespace });
  program.call('fchdir', [rootFd], { step: HOOK_STEP.root });
  program.call('chroot', [program.string('.')], { step: HOOK_STEP.root });
  forkIntoPidNamespace(program, syncFd);
  settle(program, inputs);
  const argv = program.stringArray(hook.args?.length ? hook.args : [hook.path]);
  program.execFirst([hook.path], argv, program.stringArray(hook.env ?? []), HOOK_STEP.execute);
  return program;
}

// Joining a pid namespace moves only the children, setns(2). The child is made the runtime's own, to be waited for.
function forkIntoPidNamespace(program: Program, syncFd: number): void {
  const pid = program.slot();
  program.call('clone', [CLONE_PARENT, 0, 0, 0, 0], { step: HOOK_STEP.namespace, save: pid });
  program.ifZero(pid, 'hook');
  // Pid in the lower half, 0 in the upper: reads as a report of a step without an errno.
  program.call('write', [syncFd, slotAddress(pid), 8], { ignore: true });
  program.exit(0);
  program.label('hook');
}

function settle(program: Program, { inputFd, outputFd, umask, openFiles, ignoredSignals }: HookProgramInputs): void {
  for (const [fd, target] of [
    [inputFd, 0],
    [outputFd, 1],
    [outputFd, 2],
  ] as const) {
    program.call('dup3', [fd, target, 0], { step: HOOK_STEP.streams });
  }
  const defaultAction = program.bytes(new Uint8Array(32), 8);
  for (const signal of ignoredSignals) {
    program.call('rt_sigaction', [signal, defaultAction, 0, 8], { step: HOOK_STEP.settings });
  }
  program.call('umask', [umask], { step: HOOK_STEP.settings });
  const limits = program.bytes(new Uint8Array(BigUint64Array.of(openFiles.soft, openFiles.hard).buffer), 8);
  program.call('prlimit64', [0, RLIMIT_NOFILE, limits, 0], { step: HOOK_STEP.settings });
}
