// `features`: what this runtime supports, as the specification's features structure (features.md, features-linux.md).
// Names come from the tables that the runtime itself works by, so that none is promised that isn't understood.
import { knowsSeccompFlag } from '../../bindings/seccomp.ts';
import { build } from '../build.ts';
import { type Config, HOOK_KINDS, NAMESPACE_TYPES } from '../bundle/config.ts';
import { CAPABILITY_NAMES } from '../plan/capabilities.ts';
import { MEMORY_POLICY_FLAGS, MEMORY_POLICY_MODES } from '../plan/memory-policy.ts';
import { knownOptions } from '../plan/mount-options.ts';
import { notYetProblems } from '../plan/not-yet.ts';

/** The text that the command prints. */
export function features(): string {
  return `${JSON.stringify(featuresDocument(), null, 2)}\n`;
}

/** The features structure. Sections that describe an implementation don't depend on the host, as the text demands. */
export function featuresDocument(): object {
  return {
    ociVersionMin: '1.0.0',
    ociVersionMax: build.spec,
    hooks: HOOK_KINDS,
    mountOptions: knownOptions(),
    linux: {
      namespaces: [...NAMESPACE_TYPES].sort(),
      capabilities: CAPABILITY_NAMES,
      cgroup: { v1: true, v2: true, systemd: false, systemdUser: false, rdma: true },
      seccomp: seccomp(),
      apparmor: { enabled: covers({ process: { cwd: '/', apparmorProfile: 'x' } }) },
      selinux: { enabled: covers({ process: { cwd: '/', selinuxLabel: 'x' }, linux: { mountLabel: 'x' } }) },
      memoryPolicy: { modes: MEMORY_POLICY_MODES, flags: Object.keys(MEMORY_POLICY_FLAGS) },
      intelRdt: { enabled: true, schemata: true, monitoring: true },
      mountExtensions: { idmap: { enabled: covers({ mounts: [{ destination: '/x', options: ['idmap'] }] }) } },
      netDevices: { enabled: true },
    },
    annotations: {
      'runts.version': build.version,
      ...(build.commit !== '' && { 'runts.commit': build.commit }),
      // What managers ask for before they offer checkpoints.
      'org.opencontainers.runc.checkpoint.enabled': 'false',
    },
    // No annotation changes what the runtime does.
    potentiallyUnsafeConfigAnnotations: [],
  };
}

function covers(part: Partial<Config>): boolean {
  return notYetProblems({ ociVersion: build.spec, ...part }).length === 0;
}

const FLAGS: Record<string, number> = {
  SECCOMP_FILTER_FLAG_TSYNC: 0x01,
  SECCOMP_FILTER_FLAG_LOG: 0x02,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 0x04,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 0x20,
};

// config-linux.md, "Seccomp".
const named = (prefix: string, names: string): string[] => names.split(' ').map((name) => prefix + name);
const ACTIONS = named('SCMP_ACT_', 'ALLOW ERRNO KILL KILL_PROCESS KILL_THREAD LOG NOTIFY TRACE TRAP');
const OPERATORS = named('SCMP_CMP_', 'EQ GE GT LE LT MASKED_EQ NE');
const ARCHITECTURES = named(
  'SCMP_ARCH_',
  'AARCH64 ARM LOONGARCH64 M68K MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PARISC PARISC64 PPC PPC64 PPC64LE ' +
    'RISCV64 S390 S390X SH SHEB X32 X86 X86_64',
);

function seccomp(): object {
  if (!covers({ linux: { seccomp: { defaultAction: 'SCMP_ACT_ALLOW' } } })) return { enabled: false };
  return {
    enabled: true,
    actions: ACTIONS,
    operators: OPERATORS,
    archs: ARCHITECTURES,
    knownFlags: Object.keys(FLAGS),
    supportedFlags: Object.keys(FLAGS).filter((name) => knowsSeccompFlag(FLAGS[name] ?? 0)),
  };
}
