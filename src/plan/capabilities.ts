// Capability names and sets (capabilities(7)) as bit masks.
import type { Capabilities, CapabilitySet } from '../bundle/config.ts';

// In the order of their numbers, include/uapi/linux/capability.h.
export const CAPABILITY_NAMES = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE ' +
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
)
  .split(' ')
  .map((name) => `CAP_${name}`);

export type CapabilityMasks = Record<CapabilitySet, bigint>;

export interface CapabilityPlan {
  masks: CapabilityMasks;
  /** What was asked for and can't be granted, a line for each reason: config.md demands a warning, not an error. */
  warnings: string[];
}

/**
 * The five sets as bit masks (bit = capability number), without what can't be granted: unknown names, what the kernel
 * does not have, and what the runtime's own bounding or permitted set lacks.
 * @param grantable what the runtime itself may hand on
 */
export function planCapabilities(capabilities: Capabilities | undefined, grantable: bigint): CapabilityPlan {
  const warnings = new Set<string>();
  const maskOf = (set: CapabilitySet) => {
    let mask = 0n;
    for (const name of capabilities?.[set] ?? []) {
      const number = CAPABILITY_NAMES.indexOf(name.toUpperCase());
      const bit = number < 0 ? 0n : 1n << BigInt(number);
      if ((grantable & bit) === 0n) warnings.add(`/process/capabilities: ${name} cannot be granted, ignored`);
      else mask |= bit;
    }
    return mask;
  };
  const masks: CapabilityMasks = {
    bounding: maskOf('bounding'),
    effective: maskOf('effective'),
    inheritable: maskOf('inheritable'),
    permitted: maskOf('permitted'),
    ambient: maskOf('ambient'),
  };
  const withoutRights = masks.ambient & ~(masks.permitted & masks.inheritable);
  if (withoutRights !== 0n) {
    const names = namesOf(withoutRights).join(', ');
    warnings.add(`/process/capabilities/ambient: ${names}: not in permitted and inheritable too, ignored`);
  }
  masks.ambient &= ~withoutRights;
  // The kernel refuses an effective capability that is not permitted: capset(2).
  const notPermitted = masks.effective & ~masks.permitted;
  if (notPermitted !== 0n) {
    const names = namesOf(notPermitted).join(', ');
    warnings.add(`/process/capabilities/effective: ${names}: not in permitted too, ignored`);
  }
  masks.effective &= masks.permitted;
  return { masks, warnings: [...warnings] };
}

/** The names of a mask's capabilities. */
export function namesOf(mask: bigint): string[] {
  return CAPABILITY_NAMES.filter((_, number) => (mask & (1n << BigInt(number))) !== 0n);
}
