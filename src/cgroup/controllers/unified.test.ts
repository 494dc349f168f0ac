import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { assertRefused, linesOf, paperCgroup } from '../fixtures/files.ts';
import { unified } from './unified.ts';

const test = suite('cgroup/controllers/unified');

const FILES = { 'memory.high': 'max', 'io.max': '', 'cgroup.max.depth': 'max' };

test('values are written verbatim, several lines one by one', () => {
  const wanted = { 'memory.high': '12345', 'io.max': '259:0 rbps=1\n253:0 wiops=2\n', 'cgroup.max.depth': '3' };
  assert.equal(linesOf(unified(wanted, paperCgroup(FILES))), [
    'memory.high=12345 (unified/memory.high)',
    'io.max=259:0 rbps=1 (unified/io.max)',
    'io.max=253:0 wiops=2 (unified/io.max)',
    'cgroup.max.depth=3 (unified/cgroup.max.depth)',
  ]);
});

test('a file that is not there is refused', () => {
  const line = /^\/r\/unified\/memory\.none: the kernel has no such file$/;
  assertRefused(() => unified({ 'memory.none': '1' }, paperCgroup(FILES)), line);
});

test.run();
