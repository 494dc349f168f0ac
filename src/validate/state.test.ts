import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stateProblems } from './state.ts';

const test = suite('validate/state');
const running = { ociVersion: '1.3.0', id: 'web1', status: 'running', pid: 4422, bundle: '/containers/redis' };
const statuses = 'creating, created, running, stopped, paused';

const cases: { name: string; state: unknown; problems: string[] }[] = [
  { name: 'the specification has a good one', state: { ...running, annotations: { myKey: 'myValue' } }, problems: [] },
  { name: 'a stopped container needs no pid', state: { ...running, status: 'stopped', pid: undefined }, problems: [] },
  { name: 'a state may have more properties', state: { ...running, rootfs: '/x', created: 1 }, problems: [] },
  { name: 'paused is an additional status', state: { ...running, status: 'paused' }, problems: [] },
  { name: 'a running container needs a pid', state: { ...running, pid: undefined }, problems: ['/pid is missing'] },
  { name: 'null is no pid', state: { ...running, pid: null }, problems: ['/pid is missing'] },
  {
    name: 'other statuses are refused',
    state: { ...running, status: 'x' },
    problems: [`/status must be one of: ${statuses}`],
  },
  {
    name: 'bundle must be absolute',
    state: { ...running, bundle: 'redis' },
    problems: ['/bundle must be an absolute path'],
  },
  { name: 'id must not be empty', state: { ...running, id: '' }, problems: ['/id must not be empty'] },
  { name: 'pid must be one', state: { ...running, pid: -1 }, problems: ['/pid must be an integer from 0 to 4194304'] },
  {
    name: 'annotations must be strings',
    state: { ...running, annotations: { a: 1 } },
    problems: ['/annotations/a must be a string'],
  },
  {
    name: 'all is checked',
    state: {},
    problems: ['ociVersion', 'id', 'status', 'bundle'].map((name) => `/${name} is missing`),
  },
  { name: 'a state is an object', state: [], problems: [' must be an object'] },
];
for (const { name, state, problems } of cases) {
  test(name, () =>
    assert.equal(
      stateProblems(state).map(({ pointer, rule }) => `${pointer} ${rule}`),
      problems,
    ),
  );
}

test.run();
