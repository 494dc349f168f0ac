// seccomp(2): what the running kernel can do. Filters are installed by the container's programs.
import { trySyscall } from './syscall.ts';

const EFAULT = 14;
const SECCOMP_SET_MODE_FILTER = 1;
const SECCOMP_FILTER_FLAG_NEW_LISTENER = 0x08;
const SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV = 0x20;

/**
 * Whether the kernel knows a flag of SECCOMP_SET_MODE_FILTER. It's asked for a filter at no address: a flag that it
 * knows gets it as far as EFAULT.
 */
export function knowsSeccompFlag(flag: number): boolean {
  // That one makes sense with a listener only.
  const flags = flag === SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV ? flag | SECCOMP_FILTER_FLAG_NEW_LISTENER : flag;
  return trySyscall('seccomp', SECCOMP_SET_MODE_FILTER, flags, null) === -EFAULT;
}
