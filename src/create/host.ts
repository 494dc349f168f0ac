// Gathers what the plan has to know about the runtime's process and the kernel.
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { umask } from '../../bindings/privileges.ts';
import { getRlimit } from '../../bindings/process.ts';
import { RuntimeError } from '../errors.ts';
import type { HostFacts } from '../plan/host-facts.ts';

const RLIMIT_NOFILE = 7;

/**
 * Reads the facts.
 * @throws RuntimeError on a kernel or an architecture that the runtime does not support
 */
export function readHostFacts(): HostFacts {
  checkPlatform(release(), process.arch);
  const status = readFileSync('/proc/self/status', 'latin1');
  const permitted = maskField(status, 'CapPrm');
  const bounding = maskField(status, 'CapBnd');
  const mask = umask(0);
  return {
    grantableCapabilities: permitted & bounding,
    lastCapability: Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'latin1')),
    umask: mask,
    openFiles: callerOpenFiles(process.env['RUNTS_NOFILE']),
    ignoredSignals: signalsIn(maskField(status, 'SigIgn')),
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

// proc_pid_status(5): masks are hexadecimal.
function maskField(status: string, field: string): bigint {
  const match = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status);
  return BigInt(`0x${match?.[1] ?? '0'}`);
}

function signalsIn(mask: bigint): number[] {
  const signals: number[] = [];
  for (let signal = 1; signal <= 64; signal++) if ((mask & (1n << BigInt(signal - 1))) !== 0n) signals.push(signal);
  return signals;
}

// The engine raises its own soft limit at start. The launcher has noted the caller's; without it, what the hard limit
// is remains the best guess for a process that was started by hand.
function callerOpenFiles(noted: string | undefined): HostFacts['openFiles'] {
  const { soft, hard } = getRlimit(0, RLIMIT_NOFILE);
  return { soft: noted !== undefined && /^\d+$/.test(noted) ? BigInt(noted) : soft, hard };
}
