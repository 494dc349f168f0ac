import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import type { NamespaceType } from '../bundle/config.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { NAMESPACE_FLAG, planNamespaces } from '../plan/namespaces.ts';
import { argsOf, callsOf, linesOf, scriptOf, stepsOf } from './fixtures/lines.ts';
import { joinNamespaces, makeCgroupNamespace, makeTimeNamespace, type OpenNamespace } from './namespaces.ts';

const test = suite('init/namespaces');

const EPERM = 1;

const open = (types: NamespaceType[]): OpenNamespace[] =>
  types.map((type, index) => ({
    ...{ type, path: `/ns/${type}`, flag: NAMESPACE_FLAG[type] },
    ...{ pointer: `/linux/namespaces/${index}`, fd: 20 + index },
  }));

const orders: [name: string, types: NamespaceType[], order: string[]][] = [
  ['in the order given', ['network', 'ipc'], ['network', 'ipc']],
  ['the mount namespace last: it replaces the root', ['mount', 'network'], ['network', 'mount']],
  [
    'a user namespace in between: what was refused before is tried again behind it',
    ['user', 'mount', 'network', 'pid'],
    ['network', 'pid', 'user', 'network', 'pid', 'mount'],
  ],
];
for (const [name, types, order] of orders) {
  test(`namespaces are joined ${name}`, () => {
    const script = scriptOf((to) => joinNamespaces(to, open(types)));
    assert.equal(
      callsOf(script, 'setns').map((call) => argsOf(script, call)[1]),
      order.map((type) => NAMESPACE_FLAG[type as NamespaceType]),
    );
  });
}

test('a refusal counts only if a user namespace is still to come', () => {
  const ignored = (types: NamespaceType[]) =>
    callsOf(
      scriptOf((script) => joinNamespaces(script, open(types))),
      'setns',
    ).map(({ options }) => options.ignoreErrnos ?? []);
  assert.equal(ignored(['network']), [[]]);
  assert.equal(ignored(['network', 'user']), [[EPERM], [], []]);
});

test('the second attempt is skipped where the first has worked', () => {
  assert.equal(linesOf(scriptOf((script) => joinNamespaces(script, open(['network', 'user'])))).slice(1), [
    '/linux/namespaces/0: setns /ns/network',
    '/linux/namespaces/1: setns /ns/user',
    'ifZero L0',
    '/linux/namespaces/0: setns /ns/network',
    'L0:',
  ]);
});

test('a cgroup namespace is made only if the plan says so', () => {
  const calls = (newCgroup: boolean) => {
    const script = scriptOf((to) => makeCgroupNamespace(to, { ...planNamespaces({}), newCgroup }));
    return callsOf(script, 'unshare').map((call) => argsOf(script, call));
  };
  assert.equal([calls(true), calls(false)], [[[K.CLONE_NEWCGROUP]], []]);
});

test('the offsets of a time namespace are written before it is entered', () => {
  const timeOffsets = { monotonic: { secs: 5, nanosecs: 6 }, boottime: { secs: 7 } };
  const plan = samplePlan({ ociVersion: '1.3.0', linux: { namespaces: [{ type: 'time' }], timeOffsets } });
  const script = scriptOf((to) => makeTimeNamespace(to, plan));
  const doing = 'new time namespace';
  assert.equal(stepsOf(script), [
    `${doing}: unshare`,
    `${doing}: tell timeOffsets`,
    `${doing}: openat /proc/self/ns/time_for_children`,
    `${doing}: setns /proc/self/ns/time_for_children`,
  ]);
  assert.equal(stepsOf(scriptOf((to) => makeTimeNamespace(to, samplePlan({ ociVersion: '1.3.0' })))), []);
});

test.run();
