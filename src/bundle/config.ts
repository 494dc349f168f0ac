// The types of config.json: the OCI runtime specification 1.3.0, config.md and config-linux.md, as far as it
// applies to Linux. What the schemas in schemas/ have accepted has these shapes.

/** A JSON integer: a number where it is exact, a bigint beyond 2^53. */
export type Integer = number | bigint;

export interface Config {
  ociVersion: string;
  root?: Root;
  mounts?: Mount[];
  process?: Process;
  hostname?: string;
  domainname?: string;
  hooks?: Hooks;
  annotations?: Record<string, string>;
  linux?: Linux;
}

export interface Root {
  path: string;
  readonly?: boolean;
}

export interface Mount {
  destination: string;
  type?: string;
  source?: string;
  options?: string[];
  uidMappings?: IdMapping[];
  gidMappings?: IdMapping[];
}

export interface IdMapping {
  containerID: number;
  hostID: number;
  size: number;
}

export interface Process {
  terminal?: boolean;
  consoleSize?: { height: number; width: number };
  user?: User;
  args?: string[];
  commandLine?: string;
  env?: string[];
  cwd: string;
  capabilities?: Capabilities;
  rlimits?: Rlimit[];
  noNewPrivileges?: boolean;
  apparmorProfile?: string;
  selinuxLabel?: string;
  oomScoreAdj?: number;
  scheduler?: Scheduler;
  ioPriority?: { class: string; priority?: number };
  execCPUAffinity?: { initial?: string; final?: string };
}

export interface User {
  uid?: number;
  gid?: number;
  umask?: number;
  additionalGids?: number[];
  username?: string;
}

export const CAPABILITY_SETS = ['bounding', 'effective', 'inheritable', 'permitted', 'ambient'] as const;
export type CapabilitySet = (typeof CAPABILITY_SETS)[number];
export type Capabilities = Partial<Record<CapabilitySet, string[]>>;

export interface Rlimit {
  type: string;
  soft: Integer;
  hard: Integer;
}

export interface Scheduler {
  policy: string;
  nice?: number;
  priority?: number;
  flags?: string[];
  runtime?: Integer;
  deadline?: Integer;
  period?: Integer;
}

export const HOOK_KINDS = [
  'prestart',
  'createRuntime',
  'createContainer',
  'startContainer',
  'poststart',
  'poststop',
] as const;
export type HookKind = (typeof HOOK_KINDS)[number];
export type Hooks = Partial<Record<HookKind, Hook[]>>;

export interface Hook {
  path: string;
  args?: string[];
  env?: string[];
  timeout?: number;
}

export interface Linux {
  namespaces?: Namespace[];
  uidMappings?: IdMapping[];
  gidMappings?: IdMapping[];
  timeOffsets?: Record<string, { secs?: Integer; nanosecs?: number }>;
  devices?: Device[];
  netDevices?: Record<string, { name?: string }>;
  cgroupsPath?: string;
  resources?: Resources;
  rootfsPropagation?: string;
  seccomp?: Seccomp;
  sysctl?: Record<string, string>;
  maskedPaths?: string[];
  readonlyPaths?: string[];
  mountLabel?: string;
  intelRdt?: IntelRdt;
  memoryPolicy?: { mode: string; nodes?: string; flags?: string[] };
  personality?: { domain: string; flags?: string[] };
}

export const NAMESPACE_TYPES = ['user', 'mount', 'uts', 'ipc', 'network', 'pid', 'cgroup', 'time'] as const;
export type NamespaceType = (typeof NAMESPACE_TYPES)[number];

export interface Namespace {
  type: NamespaceType;
  path?: string;
}

export interface Device {
  path: string;
  type: 'c' | 'b' | 'u' | 'p';
  major?: number;
  minor?: number;
  fileMode?: number;
  uid?: number;
  gid?: number;
}

export interface Resources {
  devices?: DeviceRule[];
  memory?: Memory;
  cpu?: Cpu;
  pids?: { limit?: Integer };
  blockIO?: BlockIo;
  hugepageLimits?: { pageSize: string; limit: Integer }[];
  network?: { classID?: number; priorities?: { name: string; priority: number }[] };
  rdma?: Record<string, { hcaHandles?: number; hcaObjects?: number }>;
  unified?: Record<string, string>;
}

export interface DeviceRule {
  allow: boolean;
  type?: string;
  major?: Integer;
  minor?: Integer;
  access?: string;
}

export interface Memory {
  limit?: Integer;
  reservation?: Integer;
  swap?: Integer;
  kernel?: Integer;
  kernelTCP?: Integer;
  swappiness?: Integer;
  disableOOMKiller?: boolean;
  useHierarchy?: boolean;
  checkBeforeUpdate?: boolean;
}

export interface Cpu {
  shares?: Integer;
  quota?: Integer;
  burst?: Integer;
  period?: Integer;
  realtimeRuntime?: Integer;
  realtimePeriod?: Integer;
  cpus?: string;
  mems?: string;
  idle?: Integer;
}

export interface BlockIo {
  weight?: number;
  leafWeight?: number;
  weightDevice?: { major: Integer; minor: Integer; weight?: number; leafWeight?: number }[];
  throttleReadBpsDevice?: Throttle[];
  throttleWriteBpsDevice?: Throttle[];
  throttleReadIOPSDevice?: Throttle[];
  throttleWriteIOPSDevice?: Throttle[];
}

export interface Throttle {
  major: Integer;
  minor: Integer;
  rate: Integer;
}

export interface Seccomp {
  defaultAction: string;
  defaultErrnoRet?: number;
  architectures?: string[];
  flags?: string[];
  listenerPath?: string;
  listenerMetadata?: string;
  syscalls?: SeccompRule[];
}

export interface SeccompRule {
  names: string[];
  action: string;
  errnoRet?: number;
  args?: { index: number; value: Integer; valueTwo?: Integer; op: string }[];
}

export interface IntelRdt {
  closID?: string;
  schemata?: string[];
  l3CacheSchema?: string;
  memBwSchema?: string;
  enableMonitoring?: boolean;
}
