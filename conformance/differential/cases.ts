// All bundles of the comparison.

import type { Case } from './case.ts';
import { CALLER_CASES } from './cases/caller.ts';
import { DEVICE_CASES } from './cases/devices.ts';
import { HOOK_CASES } from './cases/hooks.ts';
import { MANAGER_CASES } from './cases/managers.ts';
import { MOUNT_CASES } from './cases/mounts.ts';
import { NAMESPACE_CASES } from './cases/namespaces.ts';
import { PROCESS_CASES } from './cases/process.ts';
import { RESOURCE_CASES } from './cases/resources.ts';
import { ROOTFS_CASES } from './cases/rootfs.ts';
import { SECURITY_CASES } from './cases/security.ts';

export const CASES: readonly Case[] = [
  ...PROCESS_CASES,
  ...CALLER_CASES,
  ...ROOTFS_CASES,
  ...MOUNT_CASES,
  ...NAMESPACE_CASES,
  ...DEVICE_CASES,
  ...RESOURCE_CASES,
  ...SECURITY_CASES,
  ...HOOK_CASES,
  ...MANAGER_CASES,
];
