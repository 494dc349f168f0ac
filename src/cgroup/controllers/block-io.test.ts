import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BlockIo } from '../../bundle/config.ts';
import { assertRefused, linesOf, paperCgroup } from '../fixtures/files.ts';
import { blockIoV1, blockIoV2, ioWeightOf } from './block-io.ts';

const test = suite('cgroup/controllers/block-io');

const BFQ = { 'blkio.bfq.weight': '100', 'blkio.bfq.weight_device': '' };
const CFQ = { 'blkio.weight': '', 'blkio.weight_device': '', 'blkio.leaf_weight': '', 'blkio.leaf_weight_device': '' };
const WEIGHTS: BlockIo = { weight: 200, weightDevice: [{ major: 8, minor: 16, weight: 300 }] };
const LEAVES: BlockIo = { leafWeight: 10, weightDevice: [{ major: 8, minor: 0, leafWeight: 20 }] };
const THROTTLES: BlockIo = {
  throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 18_446_744_073_709_551_615n }],
  throttleWriteBpsDevice: [
    { major: 8, minor: 0, rate: 600 },
    { major: 8, minor: 16, rate: 0 },
  ],
  throttleReadIOPSDevice: [{ major: 259, minor: 0, rate: 5 }],
  throttleWriteIOPSDevice: [{ major: 259, minor: 0, rate: 6 }],
};

const v1: { name: string; blockIo: BlockIo; files?: Record<string, string>; lines: string[] }[] = [
  { name: 'nothing set, nothing written', blockIo: { weight: 0, leafWeight: 0 }, lines: [] },
  {
    name: "weights are BFQ's",
    blockIo: WEIGHTS,
    files: { ...CFQ, ...BFQ },
    lines: [
      'blkio.bfq.weight=200 (blockIO/weight)',
      'blkio.bfq.weight_device=8:16 300 (blockIO/weightDevice/0/weight)',
    ],
  },
  {
    name: "or CFQ's",
    blockIo: { ...LEAVES, weight: 500 },
    files: CFQ,
    lines: [
      'blkio.weight=500 (blockIO/weight)',
      'blkio.leaf_weight=10 (blockIO/leafWeight)',
      'blkio.leaf_weight_device=8:0 20 (blockIO/weightDevice/0/leafWeight)',
    ],
  },
  {
    name: 'throttles, a line for each device',
    blockIo: THROTTLES,
    lines: [
      'blkio.throttle.read_bps_device=8:0 18446744073709551615 (blockIO/throttleReadBpsDevice/0)',
      'blkio.throttle.write_bps_device=8:0 600 (blockIO/throttleWriteBpsDevice/0)',
      'blkio.throttle.write_bps_device=8:16 0 (blockIO/throttleWriteBpsDevice/1)',
      'blkio.throttle.read_iops_device=259:0 5 (blockIO/throttleReadIOPSDevice/0)',
      'blkio.throttle.write_iops_device=259:0 6 (blockIO/throttleWriteIOPSDevice/0)',
    ],
  },
];
for (const { name, blockIo, files, lines } of v1) {
  test(`v1: ${name}`, () => assert.equal(linesOf(blockIoV1(blockIo, paperCgroup(files))), lines));
}

const v2: typeof v1 = [
  { name: 'nothing set, nothing written', blockIo: { weight: 0, leafWeight: 0 }, lines: [] },
  {
    name: "BFQ's weights have v1's range, io.cost's are converted",
    blockIo: WEIGHTS,
    files: { 'io.weight': 'default 100', 'io.bfq.weight': 'default 100' },
    lines: [
      'io.bfq.weight=200 (blockIO/weight)',
      'io.weight=default 1920 (blockIO/weight)',
      'io.bfq.weight=8:16 300 (blockIO/weightDevice/0/weight)',
      'io.weight=8:16 2930 (blockIO/weightDevice/0/weight)',
    ],
  },
  {
    name: 'a file that is not there is not written',
    blockIo: { weight: 10 },
    files: { 'io.weight': 'default 100' },
    lines: ['io.weight=default 1 (blockIO/weight)'],
  },
  {
    name: 'throttles',
    blockIo: THROTTLES,
    lines: [
      'io.max=8:0 rbps=18446744073709551615 (blockIO/throttleReadBpsDevice/0)',
      'io.max=8:0 wbps=600 (blockIO/throttleWriteBpsDevice/0)',
      'io.max=8:16 wbps=max (blockIO/throttleWriteBpsDevice/1)',
      'io.max=259:0 riops=5 (blockIO/throttleReadIOPSDevice/0)',
      'io.max=259:0 wiops=6 (blockIO/throttleWriteIOPSDevice/0)',
    ],
  },
];
for (const { name, blockIo, files, lines } of v2) {
  test(`v2: ${name}`, () => assert.equal(linesOf(blockIoV2(blockIo, paperCgroup(files))), lines));
}

test('v2: of two weights one may be refused by the device, the only one may not', () => {
  const both = blockIoV2({ weight: 5 }, paperCgroup({ 'io.weight': '', 'io.bfq.weight': '' }));
  const one = blockIoV2({ weight: 5 }, paperCgroup({ 'io.weight': '' }));
  assert.equal(
    [...both, ...one].map(({ harmless }) => harmless),
    [['EOPNOTSUPP'], ['EOPNOTSUPP'], undefined],
  );
});

const refused: { writes: typeof blockIoV1; blockIo: BlockIo; line: RegExp }[] = [
  { writes: blockIoV1, blockIo: { weight: 100 }, line: /^\/r\/blockIO\/weight: the kernel has no I\/O scheduler/ },
  { writes: blockIoV1, blockIo: LEAVES, line: /^\/r\/blockIO\/leafWeight: / },
  {
    writes: blockIoV1,
    blockIo: { weightDevice: [{ major: 8, minor: 0, leafWeight: 20 }] },
    line: /^\/r\/blockIO\/weightDevice\/0\/leafWeight: /,
  },
  { writes: blockIoV2, blockIo: { weight: 100 }, line: /^\/r\/blockIO\/weight: .*no io\.cost$/ },
  { writes: blockIoV2, blockIo: LEAVES, line: /^\/r\/blockIO\/leafWeight: cgroup v2/ },
  {
    writes: blockIoV2,
    blockIo: { weightDevice: [{ major: 8, minor: 0, leafWeight: 20 }] },
    line: /^\/r\/blockIO\/weightDevice\/0\/leafWeight: cgroup v2/,
  },
];
for (const { writes, blockIo, line } of refused) {
  test(`${writes.name}: ${JSON.stringify(blockIo)} is refused`, () => {
    assertRefused(() => writes(blockIo, paperCgroup()), line);
  });
}

test('the ends of both scales meet', () => assert.equal([10, 1000].map(ioWeightOf), [1, 10_000]));

test.run();
