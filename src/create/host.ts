// Gathers what the plan has to know about the runtime's process and the kernel.

import { existsSync, readFileSync } from '../../bindings/file-system.ts';
import { getRlimit } from '../../bindings/process.ts';
import { isInitialUserNamespace } from '../../bindings/user-namespace.ts';
import { RuntimeError } from '../errors.ts';
import type { HostFacts } from '../plan/host-facts.ts';

const RLIMIT_NOFILE = 7;

/**
 * Reads the facts.
 * @throws RuntimeError on a kernel or an architecture that the runtime does not support
 */
export function readHostFacts(): HostFacts {
  checkPlatform(readFileSync('/proc/sys/kernel/osrelease', 'latin1').trim(), process.arch);
  const status = readFileSync('/proc/self/status', 'latin1');
  const permitted = maskField(status, 'CapPrm');
  const bounding = maskField(status, 'CapBnd');
  return {
    uid: process.getuid?.() ?? 0,
    isInitialUser: isInitialUserNamespace(),
    grantableCapabilities: permitted & bounding,
    lastCapability: Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'latin1')),
    // Not by umask(2), which has to change it: files and cgroups are still to be made with the caller's.
    umask: Number.parseInt(fieldOf(status, 'Umask', 4), 8),
    openFiles: callerOpenFiles(process.env.RUNTS_NOFILE),
    ignoredSignals: signalsIn(maskField(status, 'SigIgn')),
    hasKcore: existsSync('/proc/kcore'),
  };
}

/** The baseline: docs/architecture.md, "Requirements". */
export function checkPlatform(kernel: string, architecture: string): void {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  if (major < 5 || (major === 5 && minor < 14)) {
    throw new RuntimeError(`Linux ${kernel} is too old: runts needs 5.14 or later`);
  }
  if (architecture !== 'x64' && architecture !== 'arm64') {
    throw new RuntimeError(`the architecture ${architecture} is not supported: runts runs on x86_64 and arm64`);
  }
}

/** A mask in the text of /proc/PID/status, proc_pid_status(5): they are hexadecimal. */
export function maskField(status: string, field: string): bigint {
  return BigInt(`0x${fieldOf(status, field, 16)}`);
}

function fieldOf(status: string, name: string, length: number): string {
  const start = status.indexOf(`${name}:\t`) + name.length + 2;
  return status.slice(start, start + length);
}

function signalsIn(mask: bigint): number[] {
  const signals: number[] = [];
  for (let rest = mask, signal = 1; rest !== 0n; rest >>= 1n, signal++) if ((rest & 1n) !== 0n) signals.push(signal);
  return signals;
}

// The engine raises its own soft limit at start. The launcher has noted the caller's; without it, what the hard limit
// is remains the best guess for a process that was started by hand.
function callerOpenFiles(noted: string | undefined): HostFacts['openFiles'] {
  const { soft, hard } = getRlimit(0, RLIMIT_NOFILE);
  return { soft: noted !== undefined && /^0x[\da-f]{16}$/.test(noted) ? BigInt(noted) : soft, hard };
}

/**
 * Checks that the descriptors to preserve are there. The launcher has counted what the caller passed on; without it
 * there's no telling from the engine's own.
 * @throws RuntimeError
 */
export function checkDescriptors(wanted: number): void {
  const passed = Number(process.env.RUNTS_FDS ?? wanted);
  if (wanted <= passed) return;
  const reason = `${wanted} descriptors are to be preserved, but ${3 + passed} is not open`;
  throw new RuntimeError(reason, { steps: ['--preserve-fds and LISTEN_FDS'] });
}
