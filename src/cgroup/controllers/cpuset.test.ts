import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { linesOf, paperCgroup } from '../fixtures/files.ts';
import { cpuset } from './cpuset.ts';

const test = suite('cgroup/controllers/cpuset');

test('lists are written as they are', () => {
  assert.equal(linesOf(cpuset({ cpus: '0-3,7', mems: '0' }, paperCgroup())), [
    'cpuset.cpus=0-3,7 (cpu/cpus)',
    'cpuset.mems=0 (cpu/mems)',
  ]);
});

test('empty lists are not set', () => assert.equal(cpuset({ cpus: '', shares: 5 }, paperCgroup()), []));

test.run();
