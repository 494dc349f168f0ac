import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { stepError } from '../final/steps.ts';
import { planMounts } from '../plan/mounts.ts';
import { copyOpened, copySource, openSource } from './bind-source.ts';
import { argsOf, callsOf, scriptOf, wordsAt } from './fixtures/lines.ts';

const test = suite('init/bind-source');

function planOf(options: string[]) {
  const [plan] = planMounts([{ destination: '/x', source: '/src', options }], { bundle: '/', isInUser: true });
  if (plan === undefined) throw new Error('no plan');
  return plan;
}

function copy(options: string[], idMap?: number) {
  return scriptOf((script) => copySource(script, planOf(options), idMap, script.slot()));
}

test('bind copies one mount, rbind those below it too', () => {
  const flags = ['bind', 'rbind'].map((option) => {
    const script = copy([option]);
    return callsOf(script, 'open_tree').map((call) => argsOf(script, call)[2]);
  });
  const plain = K.OPEN_TREE_CLONE | K.OPEN_TREE_CLOEXEC;
  assert.equal(flags, [[plain], [plain | K.AT_RECURSIVE]]);
});

for (const [options, recursive] of [
  [['rbind', 'idmap'], 0],
  [['rbind', 'ridmap'], K.AT_RECURSIVE],
] as const) {
  test(`${options} maps the ids before the mount is attached`, () => {
    const script = copy([...options], 77);
    const [call] = callsOf(script, 'mount_setattr');
    if (call === undefined) throw new Error('no mount_setattr');
    assert.is(argsOf(script, call)[2], K.AT_EMPTY_PATH | recursive);
    assert.equal(wordsAt(script, call, 3, 4), [K.MOUNT_ATTR_IDMAP, 0, 0, 77]);
  });
}

test('without a user namespace to map by, nothing is mapped', () => {
  assert.equal(callsOf(copy(['bind']), 'mount_setattr'), []);
});

test('what one process has opened, another one copies', () => {
  const opened = scriptOf((script) => openSource(script, planOf(['rbind']), script.slot()));
  assert.equal(
    callsOf(opened, 'open_tree').map((call) => argsOf(opened, call)),
    [[K.AT_FDCWD, '/src', K.OPEN_TREE_CLOEXEC]],
  );
  const script = scriptOf((to) => copyOpened(to, planOf(['rbind']), 103, to.slot()));
  const flags = K.OPEN_TREE_CLONE | K.OPEN_TREE_CLOEXEC | K.AT_EMPTY_PATH | K.AT_RECURSIVE;
  assert.equal(
    callsOf(script, 'open_tree', 'close').map((call) => argsOf(script, call)),
    [[103, '', flags], [103]],
  );
});

test('the likely reason of a failure is told', () => {
  const script = copy(['bind', 'idmap'], 77);
  const hints = [1, 2].map((step) => stepError(script, step, 'EINVAL').hint);
  assert.match(String(hints[0]), 'use rbind');
  assert.match(String(hints[1]), "can't be id-mapped");
  assert.is(stepError(script, 1, 'ENOENT').hint, undefined);
});

test.run();
