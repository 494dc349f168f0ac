// Capability masks as /proc/<pid>/status shows them; capability.h, only the bits that the tests use.
import { parseStatus, readText } from './host.ts';

const BITS = {
  CAP_CHOWN: 0,
  CAP_KILL: 5,
  CAP_NET_BIND_SERVICE: 10,
  CAP_SYS_ADMIN: 21,
  CAP_SYS_RESOURCE: 24,
  CAP_MKNOD: 27,
  CAP_AUDIT_WRITE: 29,
  CAP_CHECKPOINT_RESTORE: 40,
};
export type CapabilityName = keyof typeof BITS;

export function mask(...names: CapabilityName[]): string {
  const bits = names.reduce((sum, name) => sum | (1n << BigInt(BITS[name])), 0n);
  return bits.toString(16).padStart(16, '0');
}

/** Whether the tests themselves have a capability. */
export function hasCapability(name: CapabilityName): boolean {
  const own = BigInt(`0x${parseStatus(readText('/proc/self/status')).get('CapEff') ?? '0'}`);
  return (own & (1n << BigInt(BITS[name]))) !== 0n;
}
