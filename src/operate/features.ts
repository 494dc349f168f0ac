// `features`: what this runtime supports, as the specification's features structure (features.md, features-linux.md).
// Names come from the tables that the runtime itself works by, so that none is promised that isn't understood.
import { knowsSeccompFlag } from '../../bindings/seccomp.ts';
import { build } from '../build.ts';
import { HOOK_KINDS, NAMESPACE_TYPES } from '../bundle/config.ts';
import { CAPABILITY_NAMES } from '../plan/capabilities.ts';
import { MEMORY_POLICY_FLAGS, MEMORY_POLICY_MODES } from '../plan/memory-policy.ts';
import { knownOptions } from '../plan/mount-options.ts';
import { SECCOMP_ACTIONS, SECCOMP_ARCHITECTURES, SECCOMP_FLAGS, SECCOMP_OPERATORS } from '../plan/seccomp.ts';
import { PROPERTY_PREFIX } from '../plan/systemd-annotations.ts';
import { STOP_SIGNAL } from '../signals.ts';

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
      cgroup: { v1: true, v2: true, systemd: true, systemdUser: true, rdma: true },
      seccomp: seccomp(),
      apparmor: { enabled: true },
      selinux: { enabled: true },
      memoryPolicy: { modes: MEMORY_POLICY_MODES, flags: Object.keys(MEMORY_POLICY_FLAGS) },
      intelRdt: { enabled: true, schemata: true, monitoring: true },
      mountExtensions: { idmap: { enabled: true } },
      netDevices: { enabled: true },
    },
    annotations: {
      'runts.version': build.version,
      ...(build.commit !== '' && { 'runts.commit': build.commit }),
      // What managers ask for before they offer checkpoints.
      'org.opencontainers.runc.checkpoint.enabled': 'false',
    },
    // All that changes what the runtime does.
    potentiallyUnsafeConfigAnnotations: [STOP_SIGNAL, PROPERTY_PREFIX],
  };
}

function seccomp(): object {
  return {
    enabled: true,
    actions: Object.keys(SECCOMP_ACTIONS).sort(),
    operators: Object.keys(SECCOMP_OPERATORS).sort(),
    archs: [...SECCOMP_ARCHITECTURES].sort(),
    knownFlags: Object.keys(SECCOMP_FLAGS),
    supportedFlags: Object.entries(SECCOMP_FLAGS).flatMap(([name, flag]) => (knowsSeccompFlag(flag) ? [name] : [])),
  };
}
