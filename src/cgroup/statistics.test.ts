import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rootTest } from '../../bindings/root-suite.ts';
import { planCgroup } from '../plan/cgroup.ts';
import { makeCgroup, placeCgroup, removeCgroup } from './cgroup.ts';
import { readStatistics } from './statistics.ts';

const test = suite('cgroup/statistics');

test('a container without cgroups has the shape all the same', () => {
  assert.equal(Object.keys(readStatistics([])), [
    ...['cpu', 'cpuset', 'memory', 'pids', 'blkio', 'hugetlb', 'intel_rdt', 'network_interfaces'],
  ]);
});

rootTest(test, "a new cgroup of this host's can be read", () => {
  const placed = placeCgroup(planCgroup({ ociVersion: '1.3.0' }, `runts-statistics-${process.pid}`));
  makeCgroup(placed);
  try {
    const { pids, memory } = JSON.parse(JSON.stringify(readStatistics(placed)));
    assert.equal(pids, {});
    assert.type(memory.usage.failcnt, 'number');
  } finally {
    removeCgroup(placed);
  }
});

test.run();
