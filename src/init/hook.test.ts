import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import type { Hook, Process } from '../bundle/config.ts';
import type { Script } from '../final/script.ts';
import { stepError } from '../final/steps.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { argsOf, callsOf, firstOutOfOrder, linesOf, wordsAt } from './fixtures/lines.ts';
import { type ContainerPlace, hookScript } from './hook.ts';

const test = suite('init/hook');

const PLACE: ContainerPlace = {
  namespaces: [
    { fd: 20, flag: K.CLONE_NEWPID },
    { fd: 21, flag: K.CLONE_NEWUSER },
  ],
  v1Cgroups: ['/cg/pids/web1'],
  cgroupFd: 23,
  rootFd: 24,
  likeProcess: undefined,
};

function likeProcess(process: Partial<Process> = {}): ContainerPlace {
  const plan = samplePlan({ ociVersion: '1.3.0', process: { cwd: '/', ...process } });
  return { ...PLACE, likeProcess: { plan, cwdFd: 25 } };
}

function hook(container: ContainerPlace | undefined, parts: Partial<Hook> = {}): Script {
  const settings = { ignoredSignals: [13], openFiles: { soft: 1024n, hard: 4096n }, umask: 0o27 };
  const inputs = { syncFd: 9, inputFd: 10, outputFd: 11, container, settings, bundle: '/bundle', environment: ['A=1'] };
  return hookScript({ hook: { path: '/bin/hook', ...parts }, ...inputs });
}

const SETTLED = [
  'dup3',
  'dup3',
  'dup3',
  'reset signals: rt_sigaction',
  'reset signals: rt_sigaction',
  'reset signals: rt_sigaction',
  'reset signals: rt_sigprocmask',
  'umask',
  'prlimit64',
  'close_range',
  'close_range',
  'exec /bin/hook',
];

test("in the runtime's namespaces it gets the caller's settings and becomes the hook", () => {
  assert.equal(linesOf(hook(undefined)), ['report to 9', 'close_range', 'chdir', ...SETTLED]);
});

test('in the container it joins cgroup and namespaces, goes to its root, and forks before it settles', () => {
  const lines = linesOf(hook(PLACE));
  assert.equal(lines.slice(0, 11), [
    'report to 9',
    'close_range',
    'prctl',
    'join cgroup /cg/pids/web1: openat /cg/pids/web1/tasks',
    'join cgroup /cg/pids/web1: write /cg/pids/web1/tasks',
    'rows 0, next:',
    'setns',
    'setns',
    'fchdir',
    'chroot',
    'clone3',
  ]);
  assert.equal(lines.slice(-SETTLED.length), SETTLED);
});

test("labels of the process hold for a program of the image; the host's /proc is closed before that runs", () => {
  const lines = linesOf(hook(likeProcess({ apparmorProfile: 'web' })));
  const written = '/process/apparmorProfile web: write /proc/self/attr/apparmor/exec';
  const order = ['openat /proc', 'setns', 'clone3', 'prlimit64', written, 'close', 'close_range', 'exec /bin/hook'];
  assert.is(firstOutOfOrder(lines, order), undefined);
  assert.not.ok(linesOf(hook(likeProcess())).includes('openat /proc'));
});

test('a program of the host’s is in the bundle, one of the container’s where the container process is', () => {
  assert.equal(callsOf(hook(PLACE), 'chdir').length, 1);
  assert.equal(callsOf(hook(likeProcess()), 'chdir'), []);
});

test('nobody in the container may look into it on the way', () => {
  const script = hook(PLACE);
  const calls = callsOf(script, 'prctl', 'setns').map((call) => argsOf(script, call));
  assert.equal(calls[0], [K.PR_SET_DUMPABLE, 0, 0, 0, 0]);
});

test('like the container process it gets its root, directory, limits, ids and capabilities, and its own keyring', () => {
  const lines = linesOf(hook(likeProcess({ oomScoreAdj: 5, noNewPrivileges: true, user: { uid: 7, gid: 8 } })));
  const expected = [
    '/process/oomScoreAdj: write /proc/self/oom_score_adj',
    'setns',
    'fchdir',
    'chroot',
    'fchdir',
    'clone3',
    'close_range',
    'close_range',
    'new session keyring: keyctl',
    'RLIMIT_NOFILE: prlimit64',
    '/process/user/umask: umask',
    '/process/user/gid: setresgid 8',
    '/process/user/uid: setresuid 7',
    '/process/capabilities: capset',
    '/process/noNewPrivileges: prctl',
    'exec /bin/hook',
  ];
  assert.is(firstOutOfOrder(lines, expected), undefined);
});

const PLAIN: ContainerPlace = { ...PLACE, namespaces: [{ fd: 20, flag: K.CLONE_NEWPID }] };

test("else it keeps the runtime's", () => assert.equal(callsOf(hook(PLAIN), 'keyctl', 'setresuid', 'capset'), []));

test('in a user namespace it becomes the root of that, with no groups', () => {
  const script = hook(PLACE);
  const calls = callsOf(script, 'clone3', 'setresgid', 'setresuid', 'setgroups', 'dup3').slice(0, 5);
  assert.equal(
    calls.map(({ name }) => name),
    ['clone3', 'setresgid', 'setresuid', 'setgroups', 'dup3'],
  );
  assert.equal(
    calls.slice(1, 4).map((call) => argsOf(script, call)),
    [
      [0, 0, 0],
      [0, 0, 0],
      [0, 0],
    ],
  );
});

test('a hook that this root cannot reach is told with the reason', () => {
  const hintOf = (script: Script) => stepError(script, script.steps.length - 1, 'EACCES').hint;
  assert.match(String(hintOf(hook(PLACE))), 'must be able to reach it');
  assert.is(hintOf(hook(PLAIN)), undefined);
});

test('namespaces are joined in the order given, the child is made for the runtime and in the v2 cgroup', () => {
  const script = hook(PLACE);
  assert.equal(
    callsOf(script, 'setns').map((call) => argsOf(script, call)),
    [
      [20, K.CLONE_NEWPID],
      [21, K.CLONE_NEWUSER],
    ],
  );
  const [clone] = callsOf(script, 'clone3');
  if (clone === undefined) throw new Error('no clone3');
  const words = wordsAt(script, clone, 0, 11);
  assert.equal([words[0], words[10]], [K.CLONE_PARENT + K.CLONE_INTO_CGROUP, 23]);
});

test('the hook has its input and its output, twice, and no other descriptor', () => {
  const script = hook(undefined);
  assert.equal(
    callsOf(script, 'close_range', 'dup3').map((call) => argsOf(script, call)),
    [
      [3, 0xffffffff, K.CLOSE_RANGE_CLOEXEC],
      [10, 0, 0],
      [11, 1, 0],
      [11, 2, 0],
      [3, 8, 0],
      [10, 0xffffffff, 0],
    ],
  );
});

test("mask and limit of open files are the caller's", () => {
  const script = hook(undefined);
  const [umask, limit] = callsOf(script, 'umask', 'prlimit64');
  if (umask === undefined || limit === undefined) throw new Error('a call is missing');
  assert.equal([umask.args, wordsAt(script, limit, 2, 2)], [[0o27], [1024, 4096]]);
});

test.run();
