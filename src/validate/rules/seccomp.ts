// linux.seccomp (config-linux.md, "Seccomp"). Names of system calls are looked up when the filter is made.
import type { Seccomp } from '../../bundle/config.ts';
import type { ConfigProblem } from '../../errors.ts';
import { each, missing, problem, type Rule } from '../problem.ts';

const SECCOMP = '/linux/seccomp';

// SECCOMP_RET_DATA has 16 bits; as an errno the kernel takes at most MAX_ERRNO (seccomp(2), kernel/seccomp.c).
const ERRNO_LIMITS: Record<string, number> = { SCMP_ACT_ERRNO: 4095, SCMP_ACT_TRACE: 65535 };

export const seccompRules: Rule[] = [
  {
    name: 'errno codes go with actions that return one',
    reads: [SECCOMP],
    check({ linux }) {
      const { seccomp } = linux ?? {};
      if (seccomp === undefined) return [];
      const { defaultAction, defaultErrnoRet, syscalls = [] } = seccomp;
      return [
        ...errnoProblems(defaultAction, defaultErrnoRet, `${SECCOMP}/defaultErrnoRet`),
        ...each(syscalls, ({ action, errnoRet }, index) =>
          errnoProblems(action, errnoRet, `${SECCOMP}/syscalls/${index}/errnoRet`),
        ),
      ];
    },
  },
  {
    // Without a listener every such system call would fail with ENOSYS: seccomp_unotify(2).
    name: 'SCMP_ACT_NOTIFY has a listener',
    reads: [SECCOMP],
    check: ({ linux }) => (linux?.seccomp === undefined ? [] : unheardNotify(linux.seccomp)),
  },
  {
    name: 'listenerMetadata goes with listenerPath',
    reads: [SECCOMP],
    check({ linux }) {
      const { listenerPath = '', listenerMetadata = '' } = linux?.seccomp ?? {};
      if (listenerMetadata === '' || listenerPath !== '') return [];
      return [problem(`${SECCOMP}/listenerMetadata`, listenerMetadata, 'must not be set without listenerPath')];
    },
  },
];

function errnoProblems(action: string, errno: number | undefined, pointer: string): ConfigProblem[] {
  if (errno === undefined) return [];
  const limit = ERRNO_LIMITS[action];
  if (limit === undefined) return [problem(pointer, errno, `must not be set: ${action} returns no errno`)];
  return errno <= limit ? [] : [problem(pointer, errno, `must be at most ${limit} for ${action}`)];
}

function unheardNotify({ defaultAction, listenerPath = '', syscalls = [] }: Seccomp): ConfigProblem[] {
  if (listenerPath !== '') return [];
  const uses = each(syscalls, ({ action }) => (action === NOTIFY ? action : undefined));
  if (defaultAction !== NOTIFY && uses.length === 0) return [];
  return [missing(`${SECCOMP}/listenerPath`, `is missing: ${NOTIFY} needs a listener`)];
}

const NOTIFY = 'SCMP_ACT_NOTIFY';
