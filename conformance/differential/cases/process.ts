// config.md, Process: program, environment, ids, capabilities, limits, scheduling.

import type { Process } from '../../../src/bundle/config.ts';
import type { Change } from '../../bundle.ts';
import type { Case } from '../case.ts';

const PATH = 'PATH=/bin:/';
const ALL_LIMITS =
  'AS CORE CPU DATA FSIZE LOCKS MEMLOCK MSGQUEUE NICE NOFILE NPROC RSS RTPRIO RTTIME SIGPENDING STACK'.split(' ');
const RAISES = ['CAP_CHOWN', 'CAP_KILL', 'CAP_NET_RAW', 'CAP_SYS_NICE', 'CAP_MKNOD'];
const sets = (bounding: string[], effective = bounding, permitted = effective, inheritable: string[] = []) => ({
  bounding,
  effective,
  permitted,
  inheritable,
});

const of = (name: string, process: Change<Process> | undefined): Case => ({ name, changes: { process } });

const PROGRAMS: Case[] = [
  { name: 'base' },
  of('args: many', { args: ['/probe', '', 'two words', "quote'", 'ümläut', 'tab\tline\nfeed', '--', '-x'] }),
  of('args: by PATH', { args: ['probe'], env: [PATH] }),
  of('args: relative path', { args: ['./probe'] }),
  of('args: relative to cwd', { args: ['../probe'], cwd: '/tmp' }),
  of('args: missing program', { args: ['/missing'] }),
  of('args: a folder', { args: ['/tmp'] }),
  { name: 'no process', changes: { process: undefined } },
  of('env: none', { env: [] }),
  of('env: unset', { env: undefined }),
  of('env: HOME given', { env: [PATH, 'HOME=/elsewhere'] }),
  of('env: empty HOME', { env: [PATH, 'HOME='] }),
  of('env: twice, empty, strange', { env: [PATH, 'A=1', 'A=2', 'EMPTY=', 'SPACE= x y ', 'EQUALS==a=b', 'Ü=ü'] }),
  of('env: long', { env: [PATH, `LONG=${'x'.repeat(3000)}`] }),
  of('cwd: folder', { cwd: '/tmp' }),
  of('cwd: missing', { cwd: '/made/by/runtime' }),
  of('cwd: missing, other user', { cwd: '/made/by/runtime', user: { uid: 1000, gid: 1000 } }),
  of('cwd: other spelling', { cwd: '/tmp/../tmp/./' }),
  of('terminal false, consoleSize', { terminal: false, consoleSize: { height: 24, width: 80 } }),
  of('commandLine', { commandLine: 'for Windows' }),
];

const IDS: Case[] = [
  of('user: 1000', { user: { uid: 1000, gid: 1000 } }),
  of('user: 1000 with capabilities', {
    user: { uid: 1000, gid: 1000 },
    capabilities: sets(RAISES),
  }),
  of('user: unknown ids', { user: { uid: 12_345, gid: 54_321 } }),
  of('user: root, other group', { user: { uid: 0, gid: 7 } }),
  of('user: additionalGids', { user: { uid: 0, gid: 0, additionalGids: [5, 1000, 10, 70_000] } }),
  of('user: additionalGids of another user', { user: { uid: 1000, gid: 1000, additionalGids: [0, 1000, 4] } }),
  of('user: username', { user: { uid: 0, gid: 0, username: 'nobody' } }),
  of('user: umask 077', { user: { uid: 0, gid: 0, umask: 0o77 } }),
  of('user: umask 0', { user: { uid: 0, gid: 0, umask: 0 } }),
];

const PRIVILEGES: Case[] = [
  of('capabilities: unset', { capabilities: undefined }),
  of('capabilities: empty', { capabilities: { bounding: [], effective: [], permitted: [], inheritable: [] } }),
  of('capabilities: unset, other user', { capabilities: undefined, user: { uid: 1000, gid: 1000 } }),
  of('capabilities: bounding only', { capabilities: { bounding: RAISES, effective: undefined, permitted: undefined } }),
  of('capabilities: inheritable', { capabilities: sets(RAISES, RAISES, RAISES, ['CAP_KILL', 'CAP_CHOWN']) }),
  of('capabilities: effective smaller', { capabilities: sets(RAISES, ['CAP_KILL'], ['CAP_KILL', 'CAP_CHOWN']) }),
  of('capabilities: ambient, other user', {
    user: { uid: 1000, gid: 1000 },
    capabilities: { ...sets(RAISES, RAISES, RAISES, RAISES), ambient: ['CAP_NET_RAW', 'CAP_KILL'] },
  }),
  of('capabilities: ambient', { capabilities: { ...sets(RAISES, RAISES, RAISES, RAISES), ambient: RAISES } }),
  of('capabilities: ambient without inheritable', {
    user: { uid: 1000, gid: 1000 },
    capabilities: { ...sets(RAISES), ambient: ['CAP_KILL'] },
  }),
  of('capabilities: unknown name', { capabilities: sets(['CAP_KILL', 'CAP_OF_TOMORROW']) }),
  of('capabilities: not to be had', { capabilities: sets(['CAP_KILL', 'CAP_SYS_RESOURCE']) }),
  of('noNewPrivileges: false', { noNewPrivileges: false }),
  of('noNewPrivileges: unset', { noNewPrivileges: undefined }),
];

const LIMITS: Case[] = [
  of('rlimits: none', { rlimits: [] }),
  of('rlimits: unset', { rlimits: undefined }),
  of('rlimits: all kinds', {
    rlimits: ALL_LIMITS.map((name, index) => ({
      type: `RLIMIT_${name}`,
      ...{ soft: name === 'NICE' || name === 'RTPRIO' ? 0 : (1 << 26) + index },
      hard: name === 'NICE' || name === 'RTPRIO' ? 0 : (1 << 26) + 2 * index,
    })).map((limit) => (limit.type === 'RLIMIT_NOFILE' ? { ...limit, soft: 100, hard: 200 } : limit)),
  }),
  of('rlimits: unlimited', { rlimits: [{ type: 'RLIMIT_CPU', soft: 2n ** 64n - 1n, hard: 2n ** 64n - 1n }] }),
  of('rlimits: hard beyond reach', { rlimits: [{ type: 'RLIMIT_NOFILE', soft: 100, hard: 1 << 29 }] }),
  of('rlimits: soft above hard', { rlimits: [{ type: 'RLIMIT_CORE', soft: 200, hard: 100 }] }),
  of('rlimits: unknown', { rlimits: [{ type: 'RLIMIT_HAPPINESS', soft: 1, hard: 1 }] }),
  of('oomScoreAdj: 500', { oomScoreAdj: 500 }),
  of('oomScoreAdj: 0', { oomScoreAdj: 0 }),
  of('oomScoreAdj: 1000, other user', { oomScoreAdj: 1000, user: { uid: 1000, gid: 1000 } }),
];

const SCHEDULING: Case[] = [
  of('scheduler: batch', { scheduler: { policy: 'SCHED_BATCH', nice: 3 } }),
  of('scheduler: idle', { scheduler: { policy: 'SCHED_IDLE' } }),
  of('scheduler: other, nice', { scheduler: { policy: 'SCHED_OTHER', nice: 7, flags: ['SCHED_FLAG_RESET_ON_FORK'] } }),
  of('ioPriority: best effort', { ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 6 } }),
  of('ioPriority: idle', { ioPriority: { class: 'IOPRIO_CLASS_IDLE', priority: 0 } }),
  of('execCPUAffinity', { execCPUAffinity: { initial: '0', final: '0' } }),
];

export const PROCESS_CASES: Case[] = [...PROGRAMS, ...IDS, ...PRIVILEGES, ...LIMITS, ...SCHEDULING];
