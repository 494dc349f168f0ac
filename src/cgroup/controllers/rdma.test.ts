import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { linesOf, paperCgroup } from '../fixtures/files.ts';
import { rdma } from './rdma.ts';

const test = suite('cgroup/controllers/rdma');

test('one line for each device', () => {
  const limits = { mlx5_1: { hcaHandles: 3, hcaObjects: 10_000 }, rxe3: { hcaObjects: 0 } };
  assert.equal(linesOf(rdma(limits, paperCgroup())), [
    'rdma.max=mlx5_1 hca_handle=3 hca_object=10000 (rdma/mlx5_1)',
    'rdma.max=rxe3 hca_object=0 (rdma/rxe3)',
  ]);
});

test.run();
