// config-linux.md, Seccomp, and labels.
import type { Seccomp, SeccompRule } from '../../../src/bundle/config.ts';
import type { Changes } from '../../bundle.ts';
import { largeProfile } from '../../seccomp-profile.ts';
import type { Case } from '../case.ts';

const HOST_ARCH = process.arch === 'arm64' ? 'SCMP_ARCH_AARCH64' : 'SCMP_ARCH_X86_64';
const profile = (name: string, seccomp: Seccomp, process: Changes['process'] = {}): Case => ({
  name: `seccomp: ${name}`,
  changes: { process, linux: { seccomp } },
});
/** All is allowed but what the rules say. */
const deny = (name: string, syscalls: SeccompRule[], more: Partial<Seccomp> = {}): Case =>
  profile(name, { defaultAction: 'SCMP_ACT_ALLOW', syscalls, ...more });

const when = (op: string, value: number, valueTwo = 0): SeccompRule[] => [
  { names: ['socket'], action: 'SCMP_ACT_ERRNO', errnoRet: 88, args: [{ index: 0, value, valueTwo, op }] },
];
const NAMES = ['unshare', 'ptrace', 'clock_settime'];

export const SECURITY_CASES: Case[] = [
  deny('errno', [{ names: NAMES, action: 'SCMP_ACT_ERRNO' }]),
  deny('errnoRet', [{ names: NAMES, action: 'SCMP_ACT_ERRNO', errnoRet: 71 }]),
  deny('errnoRet 0', [{ names: NAMES, action: 'SCMP_ACT_ERRNO', errnoRet: 0 }]),
  ...['KILL', 'KILL_THREAD', 'KILL_PROCESS', 'TRAP', 'TRACE', 'LOG', 'ALLOW'].map((action) =>
    deny(action.toLowerCase(), [{ names: NAMES, action: `SCMP_ACT_${action}` }]),
  ),
  ...(
    [
      ['EQ', 17],
      ['NE', 2],
      ['LT', 3],
      ['LE', 2],
      ['GT', 16],
      ['GE', 16],
      ['MASKED_EQ', 16, 16],
    ] as const
  ).map(([op, value, valueTwo]) => deny(`compare ${op}`, when(`SCMP_CMP_${op}`, value, valueTwo))),
  deny('unknown names', [{ names: ['of_tomorrow', ...NAMES], action: 'SCMP_ACT_ERRNO', errnoRet: 5 }]),
  deny('two rules for one call', [
    { names: ['socket'], action: 'SCMP_ACT_ERRNO', errnoRet: 88, args: [{ index: 0, value: 17, op: 'SCMP_CMP_EQ' }] },
    { names: ['socket'], action: 'SCMP_ACT_ERRNO', errnoRet: 89, args: [{ index: 0, value: 16, op: 'SCMP_CMP_EQ' }] },
  ]),
  deny('two conditions', [
    {
      names: ['socket'],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: 88,
      args: [
        { index: 0, value: 2, op: 'SCMP_CMP_EQ' },
        { index: 1, value: 3, op: 'SCMP_CMP_EQ' },
      ],
    },
  ]),
  deny('architectures', [{ names: NAMES, action: 'SCMP_ACT_ERRNO' }], { architectures: [HOST_ARCH] }),
  deny('unknown architecture', [{ names: NAMES, action: 'SCMP_ACT_ERRNO' }], { architectures: ['SCMP_ARCH_FUTURE'] }),
  deny('unknown action', [{ names: NAMES, action: 'SCMP_ACT_DANCE' }]),
  deny('flag LOG', [{ names: NAMES, action: 'SCMP_ACT_ERRNO' }], { flags: ['SECCOMP_FILTER_FLAG_LOG'] }),
  deny('flag TSYNC', [{ names: NAMES, action: 'SCMP_ACT_ERRNO' }], { flags: ['SECCOMP_FILTER_FLAG_TSYNC'] }),
  deny('no rules', []),
  deny('nobody listens', [{ names: NAMES, action: 'SCMP_ACT_NOTIFY' }], {
    listenerPath: '/nowhere/agent.sock',
    listenerMetadata: 'x',
  }),
  deny('without no_new_privs, other user', [{ names: NAMES, action: 'SCMP_ACT_ERRNO' }]),
  profile('like a manager’s', largeProfile()),
  profile('like a manager’s, other user', largeProfile(), { user: { uid: 1000, gid: 1000 }, noNewPrivileges: false }),
  profile('like a manager’s, defaultErrnoRet', { ...largeProfile(), defaultErrnoRet: 38 }),
  { name: 'apparmorProfile', changes: { process: { apparmorProfile: 'no-such-profile' } } },
  { name: 'selinuxLabel', changes: { process: { selinuxLabel: 'system_u:system_r:svirt_t:s0' } } },
  { name: 'mountLabel', changes: { linux: { mountLabel: 'system_u:object_r:svirt_file_t:s0' } } },
  { name: 'intelRdt', changes: { linux: { intelRdt: { closID: 'group', schemata: ['L3:0=f'] } } } },
];
