import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { linesOf, paperCgroup } from '../fixtures/files.ts';
import { pids } from './pids.ts';

const test = suite('cgroup/controllers/pids');

const limits: [limit: number, value: string][] = [
  [-1, 'max'],
  [0, '0'],
  [32_771, '32771'],
];
for (const [limit, value] of limits) {
  test(`${limit} is ${value}`, () => {
    assert.equal(linesOf(pids({ limit }, paperCgroup())), [`pids.max=${value} (pids/limit)`]);
  });
}

test('no limit is not set', () => assert.equal(pids({}, paperCgroup()), []));

test.run();
