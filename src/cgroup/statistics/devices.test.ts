import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { blkioV1, hugetlb, ioV2 } from './devices.ts';

const test = suite('cgroup/statistics/devices');

const reader = (files: Record<string, string>) => (file: string) => files[file];

test('v1: the first I/O scheduler that has numbers is asked, the total is left out', () => {
  const files = {
    'blkio.bfq.io_service_bytes_recursive': 'Total 0',
    'blkio.throttle.io_service_bytes_recursive': '8:16 Read 4096\n8:16 Write 0\nTotal 4096',
    'blkio.bfq.sectors_recursive': '8:16 8',
  };
  assert.equal(blkioV1(reader(files)), {
    ioServiceBytesRecursive: [
      { major: 8, minor: 16, op: 'Read', value: 4096 },
      { major: 8, minor: 16, op: 'Write' },
    ],
    sectorsRecursive: [{ major: 8, minor: 16, value: 8 }],
  });
});

test('v2', () => {
  const line = '259:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6';
  const of = (op: string, value: number) => ({ major: 259, op, value });
  assert.equal(ioV2(reader({ 'io.stat': line })), {
    ioServiceBytesRecursive: [of('Read', 1), of('Write', 2), of('Discard', 5)],
    ioServicedRecursive: [of('Read', 3), of('Write', 4), of('Discard', 6)],
  });
});

test('no I/O, nothing to tell', () => assert.equal([blkioV1(reader({})), ioV2(reader({}))], [{}, {}]));

test('huge pages: an entry for each size, reservations are left out', () => {
  const folder = mkdtempSync('/tmp/runts-huge-');
  for (const file of ['hugetlb.2MB.current', 'hugetlb.2MB.rsvd.current', 'hugetlb.1GB.usage_in_bytes', 'other']) {
    writeFileSync(`${folder}/${file}`, '');
  }
  const files = {
    'hugetlb.2MB.current': '4096',
    'hugetlb.2MB.events': 'max 3',
    'hugetlb.1GB.usage_in_bytes': '0',
    'hugetlb.1GB.max_usage_in_bytes': '7',
    'hugetlb.1GB.failcnt': '1',
  };
  assert.equal(hugetlb(folder, reader(files)), {
    '2MB': { usage: 4096, failcnt: 3 },
    '1GB': { max: 7, failcnt: 1 },
  });
  rmSync(folder, { recursive: true });
  // The cgroup may be gone.
  assert.equal(hugetlb(folder, reader({})), {});
});

test.run();
