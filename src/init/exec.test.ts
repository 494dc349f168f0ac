import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import type { Process } from '../bundle/config.ts';
import type { Script } from '../final/script.ts';
import { type ExecPlanOptions, planExec } from '../plan/exec.ts';
import { SAMPLE_HOST } from '../plan/fixtures/plan.ts';
import { execScript, type RunningContainer } from './exec.ts';
import { argsOf, callsOf, firstOutOfOrder, linesOf, stepsOf } from './fixtures/lines.ts';

const test = suite('init/exec');

const PROCESS: Process = { args: ['ls'], cwd: '/work', env: ['PATH=/bin'], user: { uid: 5, gid: 6 } };
const OPTIONS: ExecPlanOptions = {
  id: 'web1',
  newKeyring: true,
  personality: undefined,
  memoryPolicy: undefined,
  seccomp: undefined,
  defaults: { capabilities: undefined, rlimits: undefined },
  preserveFds: 0,
  listenFds: 0,
};
const CONTAINER: RunningContainer = {
  pidfd: 20,
  namespaceFlags: K.CLONE_NEWNS | K.CLONE_NEWPID,
  rootFd: undefined,
  v1Cgroups: ['/cg/pids/web1'],
  cgroupFd: undefined,
  resctrlTasks: [],
};

function scriptFor(
  process: Partial<Process> = {},
  container: Partial<RunningContainer> = {},
  options: Partial<ExecPlanOptions> = {},
  filter?: Uint8Array,
): Script {
  const plan = planExec({ ...PROCESS, ...process }, SAMPLE_HOST, { ...OPTIONS, ...options });
  return execScript({ plan, env: plan.process.env, container: { ...CONTAINER, ...container }, syncFd: 9, filter });
}

test('all that needs rights is done before the process in the container is made', () => {
  const order = [
    'close_range',
    'join cgroup /cg/pids/web1: openat /cg/pids/web1/tasks',
    'join cgroup /cg/pids/web1: write /cg/pids/web1/tasks',
    'join cgroup /cg/pids/web1: close',
    'join the namespaces of the container: setns',
    'close',
    '/process/cwd /work: openat2 /work',
    '/process/cwd /work: fchdir /work',
    'reset signals: rt_sigprocmask',
    'new session keyring: keyctl',
    '/process/user/uid: setresuid 5',
    '/process/capabilities: capset',
    'create the process in the container: clone3',
    'setsid',
    'exec /bin/ls',
  ];
  const script = scriptFor();
  assert.is(firstOutOfOrder(linesOf(script), order), undefined);
  const steps = stepsOf(script);
  const afterFork = steps.slice(steps.lastIndexOf('create the process in the container: clone3') + 1);
  assert.equal(afterFork.slice(0, 4), [
    'create the process in the container: write',
    'exit 0',
    'setsid',
    'exec /bin/ls',
  ]);
});

test('a pidfd stands for all namespaces', () => {
  const script = scriptFor();
  assert.equal(
    callsOf(script, 'setns').map((call) => argsOf(script, call)),
    [[20, K.CLONE_NEWNS | K.CLONE_NEWPID]],
  );
  assert.equal(callsOf(scriptFor({}, { namespaceFlags: 0 }), 'setns'), []);
});

test('a v2 cgroup is entered by a process of its own, and its descriptor closed before the namespaces are joined', () => {
  const steps = stepsOf(scriptFor({}, { cgroupFd: 21 }));
  const order = ['join the cgroup: clone3', 'close', 'join the namespaces of the container: setns'];
  assert.is(firstOutOfOrder(steps, order), undefined);
});

test('the root is changed only where the mount namespace has another', () => {
  assert.equal(callsOf(scriptFor(), 'chroot'), []);
  const script = scriptFor({}, { rootFd: 22 });
  assert.is(firstOutOfOrder(stepsOf(script), [/setns/, 'fchdir', 'chroot', 'close', /cwd/]), undefined);
});

test('in a user namespace it becomes root first', () => {
  const steps = stepsOf(scriptFor({}, { namespaceFlags: K.CLONE_NEWUSER }));
  assert.ok(steps.includes('become root in the user namespace: setresuid'));
  assert.not.ok(stepsOf(scriptFor()).includes('become root in the user namespace: setresuid'));
});

test('the working directory is opened without magic links', () => {
  const script = scriptFor();
  const [call] = callsOf(script, 'openat2');
  assert.ok(call);
  assert.equal(argsOf(script, call).slice(0, 2), [K.AT_FDCWD, '/work']);
});

test('the limit on processes comes last, by the process that is counted', () => {
  const rlimits = [{ type: 'RLIMIT_NPROC', soft: 1, hard: 1 }];
  const steps = stepsOf(scriptFor({ rlimits }));
  const at = steps.indexOf('/process/rlimits/0 (RLIMIT_NPROC): prlimit64');
  assert.ok(at > steps.indexOf('create the process in the container: clone3'));
});

test('scheduling is set by the runtime, which is asked only then', () => {
  assert.not.ok(stepsOf(scriptFor()).includes('tell final'));
  const steps = stepsOf(scriptFor({ scheduler: { policy: 'SCHED_BATCH' } }));
  assert.is(firstOutOfOrder(steps, ['setsid', 'tell final', 'exec /bin/ls']), undefined);
});

test('execCPUAffinity frames the joining of the cgroups', () => {
  const steps = stepsOf(scriptFor({ execCPUAffinity: { initial: '0', final: '0-1' } }));
  const order = [/execCPUAffinity\/initial/, /join cgroup/, /execCPUAffinity\/final/, /setns/];
  assert.is(firstOutOfOrder(steps, order), undefined);
});

test("the container's seccomp filter comes last, after what it may forbid", () => {
  const seccomp = { defaultAction: 0, architectures: [], rules: [], flags: 2, listener: undefined };
  const scheduler = { policy: 'SCHED_BATCH' };
  const steps = stepsOf(scriptFor({ scheduler }, {}, { seccomp }, new Uint8Array(8)));
  const from = steps.indexOf('tell final');
  assert.equal(steps.slice(from, from + 3), ['tell final', '/linux/seccomp: seccomp', 'exec /bin/ls']);
  const listener = { path: '/run/agent', metadata: undefined };
  const lines = linesOf(scriptFor({}, {}, { seccomp: { ...seccomp, listener } }, new Uint8Array(8)));
  const order = ['/linux/seccomp: tell connectAgent', '/linux/seccomp: seccomp', 'exec /bin/ls', /sendmsg listener/];
  assert.is(firstOutOfOrder(lines, order), undefined);
});

test("labels are set through the host's /proc, before the process in the container is made", () => {
  const steps = stepsOf(scriptFor({ selinuxLabel: 'u:r:t' }));
  const written = '/process/selinuxLabel u:r:t: write /proc/self/attr/exec';
  const order = ['openat /proc', /setns/, written, 'close', /keyctl/, /create the process/, 'exec /bin/ls'];
  assert.is(firstOutOfOrder(steps, order), undefined);
});

test('with socket activation the process learns its pid from /proc', () => {
  assert.equal(callsOf(scriptFor(), 'readlinkat'), []);
  const script = scriptFor({}, {}, { listenFds: 1 });
  const [call] = callsOf(script, 'readlinkat');
  assert.ok(call);
  assert.is(argsOf(script, call)[1], '/proc/self');
});

test.run();
