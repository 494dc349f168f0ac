// The managers and their checks.
import type { Check } from './check.ts';
import { containerdChecks } from './containerd-checks.ts';
import { dockerChecks } from './docker-checks.ts';
import { podmanChecks } from './podman-checks.ts';

/** Each has a file of shell functions of its name: setup, clean, version. */
export const managers = {
  containerd: containerdChecks,
  docker: dockerChecks,
  podman: podmanChecks,
} satisfies Record<string, Check[]>;

export type ManagerName = keyof typeof managers;

export function isManagerName(name: string): name is ManagerName {
  return Object.hasOwn(managers, name);
}
