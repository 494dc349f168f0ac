// linux.memoryPolicy as set_mempolicy(2) takes it (config-linux.md, "Memory policy").
import type { Linux } from '../bundle/config.ts';
import { maskOf } from './number-set.ts';

// In the order of their numbers, include/uapi/linux/mempolicy.h.
export const MEMORY_POLICY_MODES = [
  'MPOL_DEFAULT',
  'MPOL_PREFERRED',
  'MPOL_BIND',
  'MPOL_INTERLEAVE',
  'MPOL_LOCAL',
  'MPOL_PREFERRED_MANY',
  'MPOL_WEIGHTED_INTERLEAVE',
];

export const MEMORY_POLICY_FLAGS: Record<string, number> = {
  MPOL_F_NUMA_BALANCING: 1 << 13,
  MPOL_F_RELATIVE_NODES: 1 << 14,
  MPOL_F_STATIC_NODES: 1 << 15,
};

export interface MemoryPolicyPlan {
  /** The mode with its flags. */
  mode: number;
  /** undefined: no nodes. */
  nodes: Uint8Array | undefined;
  /** For errors: `MPOL_BIND 0-1`. */
  text: string;
}

/** The policy to set; undefined: none. */
export function planMemoryPolicy(policy: Linux['memoryPolicy']): MemoryPolicyPlan | undefined {
  if (policy?.mode === undefined) return undefined;
  const { mode, nodes = '', flags = [] } = policy;
  const bits = flags.reduce((all, flag) => all | (MEMORY_POLICY_FLAGS[flag] ?? 0), 0);
  return {
    mode: MEMORY_POLICY_MODES.indexOf(mode) | bits,
    nodes: nodes.trim() === '' ? undefined : maskOf(nodes),
    text: [mode, ...flags, nodes].filter(Boolean).join(' '),
  };
}
