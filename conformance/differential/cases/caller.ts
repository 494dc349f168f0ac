// What a container inherits of whoever calls the runtime, and what must not come through.
import type { Case } from '../case.ts';

const shell = (script: string): string[] => ['sh', '-c', `${script}; exec "$@"`, 'sh'];

export const CALLER_CASES: Case[] = [
  { name: 'caller: umask 077', caller: shell('umask 077') },
  { name: 'caller: umask 077, missing paths', caller: shell('umask 077'), changes: { process: { cwd: '/made/by' } } },
  { name: 'caller: umask of the config', caller: shell('umask 077'), changes: { process: { user: { umask: 0o27 } } } },
  { name: 'caller: ignored signals', caller: shell("trap '' HUP INT USR1 PIPE CHLD") },
  { name: 'caller: nice', caller: ['nice', '-n', '5'] },
  { name: 'caller: batch', caller: ['chrt', '--batch', '0'] },
  { name: 'caller: io priority', caller: ['ionice', '-c', '2', '-n', '7'] },
  { name: 'caller: one CPU', caller: ['taskset', '--cpu-list', '0'] },
  { name: 'caller: session', caller: ['setsid', '--wait'] },
  {
    name: 'caller: limits',
    caller: ['prlimit', '--nofile=512:900', '--core=0:0', '--stack=4194304:8388608'],
    changes: { process: { rlimits: undefined } },
  },
  { name: 'caller: oom score', caller: shell('echo 300 >/proc/self/oom_score_adj') },
  {
    name: 'caller: oom score of the config',
    caller: shell('echo 300 >/proc/self/oom_score_adj'),
    changes: { process: { oomScoreAdj: 400 } },
  },
  { name: 'caller: environment', caller: ['env', 'SECRET=x', 'LD_PRELOAD=', 'HOME=/caller', 'BUN_OPTIONS='] },
  { name: 'caller: closed input', caller: shell('exec <&-') },
  { name: 'caller: descriptors', descriptors: ['/etc/hostname', '/dev/null', '/etc/passwd'] },
  { name: 'caller: personality', caller: ['setarch', '--addr-no-randomize'] },
  {
    name: 'caller: no_new_privs',
    caller: ['setpriv', '--no-new-privs'],
    changes: { process: { noNewPrivileges: false } },
  },
  { name: 'caller: groups', caller: ['setpriv', '--groups', '5,7,9'] },
  {
    name: 'caller: fewer capabilities',
    caller: ['setpriv', '--bounding-set', '-sys_time,-sys_boot'],
    changes: {
      process: {
        capabilities: {
          bounding: ['CAP_KILL', 'CAP_SYS_TIME'],
          effective: ['CAP_KILL', 'CAP_SYS_TIME'],
          permitted: ['CAP_KILL', 'CAP_SYS_TIME'],
        },
      },
    },
  },
  { name: '--preserve-fds', flags: ['--preserve-fds', '2'], descriptors: ['/etc/hostname', '/dev/null'] },
  {
    name: 'LISTEN_FDS',
    caller: shell(
      'LISTEN_FDS=1 LISTEN_FDNAMES=one; export LISTEN_FDS LISTEN_FDNAMES; LISTEN_PID=$$; export LISTEN_PID',
    ),
    descriptors: ['/dev/null'],
  },
  { name: '--no-new-keyring', flags: ['--no-new-keyring'] },
  { name: '--no-pivot', flags: ['--no-pivot'] },
];
