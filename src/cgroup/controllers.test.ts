import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Resources } from '../bundle/config.ts';
import { CONTROLLERS } from './controllers.ts';
import { paperCgroup } from './fixtures/files.ts';

const test = suite('cgroup/controllers');

const EVERYTHING: Resources = {
  memory: { limit: 4096 },
  cpu: { shares: 2, cpus: '0' },
  pids: { limit: 1 },
  blockIO: { throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1 }] },
  hugepageLimits: [{ pageSize: '2MB', limit: 0 }],
  network: { classID: 1, priorities: [{ name: 'lo', priority: 1 }] },
  rdma: { mlx: { hcaHandles: 1 } },
};
const FILES = { 'hugetlb.2MB.limit_in_bytes': '', 'hugetlb.2MB.max': '' };

for (const controller of CONTROLLERS) {
  const { v1Name, v2Name, part } = controller;
  test(`v1: ${v1Name} takes its part of ${part}`, () => {
    const files = controller.v1(EVERYTHING, paperCgroup(FILES)).map(({ file }) => file);
    const [only = ''] = files;
    assert.is(files.length, 1);
    assert.is(only.split('.')[0], v1Name);
  });
  if (v2Name === undefined) continue;
  test(`v2: ${v2Name} takes its part of ${part}`, () => {
    const files = controller.v2(EVERYTHING, paperCgroup(FILES)).map(({ file }) => file);
    assert.equal(
      files.map((file) => file.split('.')[0]),
      [v2Name],
    );
  });
}

test('what is not asked for is not written', () => {
  for (const { v1, v2 } of CONTROLLERS) for (const writes of [v1, v2]) assert.equal(writes({}, paperCgroup()), []);
});

test('memory is the last', () => assert.is(CONTROLLERS.at(-1)?.part, 'memory'));

test.run();
