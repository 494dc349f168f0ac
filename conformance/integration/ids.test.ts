// Container ids: runc's rule, checked before anything is touched.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { cgroupsOf } from './host.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('ids');
const bundle = runtime.bundle();

for (const suffix of ['', 'abc', 'ABC', '0', '_', '+', '-', '.', '..', 'a.b-c_d+e', 'x'.repeat(150)]) {
  test(`an id that ends in "${suffix.slice(0, 20)}" is accepted`, () => {
    const id = `${runtime.id()}${suffix}`;
    runtime.ok(['create', '--bundle', bundle.directory, id]);
    assert.is(runtime.state(id).id, id);
    runtime.remove(id);
  });
}

const BAD = [
  '',
  '.',
  '..',
  '/',
  'a/b',
  '../a',
  '/etc',
  'a b',
  ' ',
  'a\n',
  'a:b',
  'a*',
  'a$b',
  'ä',
  '☃',
  'a\\b',
  'a@b',
  'a=b',
];
for (const command of ['create', 'run', 'start', 'state', 'delete', 'kill']) {
  test(`${command} refuses ids with other characters before anything is touched`, () => {
    const before = snapshot(runtime);
    for (const id of BAD) {
      const flags = command === 'create' || command === 'run' ? ['--bundle', bundle.directory] : [];
      runtime.fails([command, ...flags, id]);
    }
    assert.equal(cgroupsOf(runtime.tag), []);
    assert.equal(leftovers(before), []);
  });
}

test('delete --force refuses a bad id and removes nothing', () => {
  const victim = join(runtime.folder, 'victim');
  runtime.ok(['create', '--bundle', bundle.directory, runtime.id()]);
  Bun.spawnSync(['mkdir', '-p', victim]);
  for (const id of ['../victim', '..', '.', '']) runtime.fails(['delete', '--force', id]);
  assert.ok(existsSync(victim));
  assert.ok(existsSync(runtime.root));
});

test('an id longer than a file name is refused with one line', () => {
  runtime.fails(['create', '--bundle', bundle.directory, 'x'.repeat(1025)]);
});

test('more than one id is refused', () => {
  assert.is.not(runtime.command(['create', '--bundle', bundle.directory, runtime.id(), runtime.id()]).exit, 0);
});

test.run();
