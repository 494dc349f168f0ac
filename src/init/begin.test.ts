import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import type { Namespace } from '../bundle/config.ts';
import type { PlacedCgroup } from '../cgroup/cgroup.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { type BeginInputs, beginScript } from './begin.ts';
import { argsOf, callsOf, firstOutOfOrder, linesOf, stepsOf, wordsAt } from './fixtures/lines.ts';
import type { OpenNamespace } from './namespaces.ts';

const test = suite('init/begin');

const placed = (version: 1 | 2, directory: string): PlacedCgroup => ({
  hierarchy: { version, controllers: [], mountPoint: '/cg', root: '/', own: '/' },
  directory,
  isOwn: true,
});

function begin(namespaces: Namespace[], inputs: Partial<BeginInputs> = {}) {
  const plan = samplePlan({ ociVersion: '1.3.0', linux: { namespaces } });
  const open: OpenNamespace[] = plan.namespaces.joined.map((joined, index) => ({ ...joined, fd: 20 + index }));
  return beginScript({
    ...{
      plan,
      namespaces: open,
      placedCgroup: [],
      cgroupFd: undefined,
      syncFd: 9,
      setupFd: 8,
      sources: undefined,
      ...inputs,
    },
  });
}

test('the v1 cgroups are entered and namespaces joined before the container process is made', () => {
  const placedCgroup = [placed(1, '/cg/cpu/web1'), placed(2, '/cg/unified/web1'), placed(1, '/cg/pids/web1')];
  const lines = stepsOf(begin([{ type: 'network', path: '/net' }, { type: 'pid' }], { placedCgroup, cgroupFd: 5 }));
  assert.equal(lines.slice(1, 7), [
    'join cgroup /cg/cpu/web1: openat /cg/cpu/web1/tasks',
    'join cgroup /cg/cpu/web1: write /cg/cpu/web1/tasks',
    'join cgroup /cg/pids/web1: openat /cg/pids/web1/tasks',
    'join cgroup /cg/pids/web1: write /cg/pids/web1/tasks',
    '/linux/namespaces/0: setns /net',
    'create the container process: clone3',
  ]);
});

test('first of all, nobody in a namespace that is joined may look into the process', () => {
  const script = begin([{ type: 'pid', path: '/pid' }]);
  const [first] = script.program.operations.filter(({ kind }) => kind === 'call');
  assert.is(first, callsOf(script, 'prctl')[0]);
  const calls = callsOf(script, 'prctl').map((call) => argsOf(script, call));
  assert.equal(calls[0], [K.PR_SET_DUMPABLE, 0, 0, 0, 0]);
});

test('it is made with its namespaces, as a child of the runtime, in its v2 cgroup', () => {
  const script = begin([{ type: 'pid' }, { type: 'mount' }, { type: 'cgroup' }, { type: 'time' }], { cgroupFd: 5 });
  const [clone] = callsOf(script, 'clone3');
  if (clone === undefined) throw new Error('no clone3');
  const words = wordsAt(script, clone, 0, 11);
  assert.is(words[0], K.CLONE_NEWPID + K.CLONE_NEWNS + K.CLONE_PARENT + K.CLONE_INTO_CGROUP);
  assert.equal([words[4], words[10]], [0, 5]);
});

test('a cgroup namespace to join: the v2 cgroup is entered before', () => {
  const script = begin([{ type: 'cgroup', path: '/c' }], { cgroupFd: 5 });
  const lines = stepsOf(script).filter((line) => /cgroup.procs|setns/.test(line));
  assert.equal(lines, [
    'join the v2 cgroup: openat cgroup.procs',
    'join the v2 cgroup: write cgroup.procs',
    '/linux/namespaces/0: setns /c',
  ]);
  const [clone] = callsOf(script, 'clone3');
  assert.equal(clone && wordsAt(script, clone, 0, 11), [K.CLONE_PARENT, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test('it waits first where it has to be put near its cgroup', () => {
  assert.is(linesOf(begin([], { waits: true }))[1], 'wait');
  assert.is.not(linesOf(begin([]))[1], 'wait');
});

test('without a v2 cgroup none is asked for', () => {
  const script = begin([]);
  const [clone] = callsOf(script, 'clone3');
  if (clone === undefined) throw new Error('no clone3');
  assert.equal(wordsAt(script, clone, 0, 11), [K.CLONE_PARENT, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test('the descriptors of namespaces and cgroup are closed in the container process', () => {
  const script = begin([{ type: 'network', path: '/net' }], { cgroupFd: 5 });
  assert.equal(
    callsOf(script, 'close').map((call) => argsOf(script, call)),
    [[20], [5]],
  );
  assert.is(firstOutOfOrder(stepsOf(script), ['create the container process: clone3', 'close', 'close']), undefined);
});

const dyingCalls = (script: ReturnType<typeof begin>) =>
  callsOf(script, 'prctl').filter((call) => argsOf(script, call)[0] === K.PR_SET_PDEATHSIG);

test('it dies with the runtime, also once changing the ids has taken that away', () => {
  const root = 'become root in the user namespace';
  const script = begin([{ type: 'user' }]);
  assert.is(dyingCalls(script).length, 2);
  assert.ok(dyingCalls(script).every((call) => argsOf(script, call)[1] === K.SIGKILL));
  assert.equal(stepsOf(script).slice(-8), [
    'tell mapIds',
    `${root}: setresgid`,
    `${root}: setresuid`,
    `${root}: setgroups`,
    'prctl',
    'tell setup',
    'go on as runts-init: fcntl',
    'go on as runts-init: execveat',
  ]);
});

test('in a joined user namespace it becomes root without asking for maps', () => {
  const lines = stepsOf(begin([{ type: 'user', path: '/user' }]));
  assert.not.ok(lines.includes('tell mapIds'));
  assert.ok(lines.includes('become root in the user namespace: setresuid'));
});

test('without a user namespace the ids stay', () => {
  const script = begin([{ type: 'pid' }]);
  assert.equal(callsOf(script, 'setresuid', 'setresgid', 'setgroups'), []);
  assert.is(dyingCalls(script).length, 1);
});

test('the second program is executed by its descriptor, which that closes', () => {
  const script = begin([]);
  const [cloexec, exec] = callsOf(script, 'fcntl', 'execveat').map((call) => argsOf(script, call));
  assert.equal(cloexec, [8, K.F_SETFD, 1]);
  assert.equal(exec, [8, '', 'bulk', 'bulk', K.AT_EMPTY_PATH]);
});

test.run();
