// makePlan: everything about a container decided from its config, before anything is done. Pure: no system calls.
import type { Config, Hooks } from '../bundle/config.ts';
import { sysctlPath } from '../validate/rules/sysctl.ts';
import { type CgroupPlan, planCgroup } from './cgroup.ts';
import { type DevicesPlan, planDevices } from './devices.ts';
import type { HostFacts } from './host-facts.ts';
import { type IntelRdtPlan, planIntelRdt } from './intel-rdt.ts';
import { type MemoryPolicyPlan, planMemoryPolicy } from './memory-policy.ts';
import { type MountPlan, planMounts } from './mounts.ts';
import { type NamespacePlan, planNamespaces } from './namespaces.ts';
import { type NetDevicePlan, planNetDevices } from './net-devices.ts';
import { planPersonality } from './personality.ts';
import { inUserNamespace, type ProcessPlan, planProcess } from './process.ts';
import { planRootfs, type RootfsPlan } from './rootfs.ts';
import { planSeccomp, type SeccompPlan } from './seccomp.ts';

export interface Plan {
  id: string;
  /** Absolute path of the bundle. */
  bundle: string;
  namespaces: NamespacePlan;
  /** Whether root and bind sources are opened for the root of the user namespace (init/sources.ts). */
  opensSources: boolean;
  /** The runtime runs as a user who isn't root: files of /proc that are root's are closed to it. */
  isRootless: boolean;
  rootfs: RootfsPlan;
  mounts: MountPlan[];
  devices: DevicesPlan;
  process: ProcessPlan | undefined;
  hooks: Hooks;
  hostname: string | undefined;
  domainname: string | undefined;
  /** `path` is below /proc/sys. */
  sysctl: { name: string; path: string; value: string }[];
  netDevices: NetDevicePlan[];
  cgroup: CgroupPlan;
  /** For personality(2). */
  personality: number | undefined;
  memoryPolicy: MemoryPolicyPlan | undefined;
  seccomp: SeccompPlan | undefined;
  /** For the container's own file systems. */
  mountLabel: string | undefined;
  intelRdt: IntelRdtPlan | undefined;
  /** Whether the container process joins a new session keyring, session-keyring(7). */
  newKeyring: boolean;
  /** Descriptors behind 0, 1, 2 that the container process keeps. */
  preserveFds: number;
  lastCapability: number;
  ignoredSignals: number[];
  /** For the log: what could not be granted. */
  warnings: string[];
}

export interface PlanOptions {
  id: string;
  bundle: string;
  noPivot: boolean;
  noNewKeyring: boolean;
  preserveFds: number;
  listenFds: number;
}

// CAP_SYS_CHROOT, CAP_SYS_PTRACE, CAP_SYS_ADMIN: to enter the container's mount namespace, setns(2).
const MAY_OPEN = (1n << 18n) | (1n << 19n) | (1n << 21n);

// Only root can set them, on v1 and on v2; no user namespace lets a device be made. What managers write as a default is
// no reason to refuse a user's container.
function withoutDeviceRules(plan: CgroupPlan, { uid, isInitialUser }: HostFacts, warnings: string[]): CgroupPlan {
  if ((uid === 0 && isInitialUser) || plan.devices.length === 0) return plan;
  warnings.push('/linux/resources/devices: rules for devices need root, left out');
  return { ...plan, devices: [] };
}

/**
 * Decides everything about a container.
 * @param config a validated config
 */
export function makePlan(config: Config, host: HostFacts, options: PlanOptions): Plan {
  const { id, bundle } = options;
  const warnings: string[] = [];
  const namespaces = planNamespaces(config.linux ?? {});
  const mountLabel = config.linux?.mountLabel || undefined;
  const mounts = planMounts(config.mounts ?? [], { bundle, isInUser: namespaces.isInUser, mountLabel });
  return {
    id,
    bundle,
    namespaces,
    opensSources: namespaces.isInUser && (host.grantableCapabilities & MAY_OPEN) === MAY_OPEN,
    isRootless: host.uid !== 0,
    rootfs: planRootfs(config, bundle, options),
    mounts,
    devices: planDevices(config, mounts, host),
    process: planProcess(config, namespaces.isInUser ? inUserNamespace(host) : host, {
      warnings,
      listenFds: options.listenFds,
    }),
    hooks: config.hooks ?? {},
    hostname: config.hostname,
    domainname: config.domainname,
    sysctl: Object.entries(config.linux?.sysctl ?? {}).map(([name, value]) => ({
      name,
      path: sysctlPath(name) ?? name,
      value,
    })),
    netDevices: planNetDevices(config.linux?.netDevices),
    cgroup: withoutDeviceRules(planCgroup(config, id), host, warnings),
    personality: planPersonality(config.linux?.personality),
    memoryPolicy: planMemoryPolicy(config.linux?.memoryPolicy),
    intelRdt: planIntelRdt(config.linux?.intelRdt, id),
    seccomp: planSeccomp(config.linux?.seccomp, warnings),
    mountLabel,
    newKeyring: !options.noNewKeyring,
    preserveFds: options.listenFds + options.preserveFds,
    lastCapability: host.lastCapability,
    ignoredSignals: host.ignoredSignals,
    warnings,
  };
}
