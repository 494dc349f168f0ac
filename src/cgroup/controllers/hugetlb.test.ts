import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { assertRefused, linesOf, paperCgroup } from '../fixtures/files.ts';
import { hugetlbV1, hugetlbV2 } from './hugetlb.ts';

const test = suite('cgroup/controllers/hugetlb');

const LIMITS = [{ pageSize: '2MB', limit: 18_446_744_073_709_551_615n }];
const at = '(hugepageLimits/0/limit)';

test('v1: reservations and page faults', () => {
  const cgroup = paperCgroup({ 'hugetlb.2MB.limit_in_bytes': '0', 'hugetlb.2MB.rsvd.limit_in_bytes': '0' });
  assert.equal(linesOf(hugetlbV1(LIMITS, cgroup)), [
    `hugetlb.2MB.limit_in_bytes=18446744073709551615 ${at}`,
    `hugetlb.2MB.rsvd.limit_in_bytes=18446744073709551615 ${at}`,
  ]);
});

test('v1: page faults alone on a kernel that has no limit for reservations', () => {
  const cgroup = paperCgroup({ 'hugetlb.2MB.limit_in_bytes': '0' });
  assert.equal(linesOf(hugetlbV1(LIMITS, cgroup)), [`hugetlb.2MB.limit_in_bytes=18446744073709551615 ${at}`]);
});

test('v2', () => {
  const cgroup = paperCgroup({ 'hugetlb.1GB.max': 'max', 'hugetlb.1GB.rsvd.max': 'max' });
  assert.equal(linesOf(hugetlbV2([{ pageSize: '1GB', limit: 0 }], cgroup)), [
    `hugetlb.1GB.max=0 ${at}`,
    `hugetlb.1GB.rsvd.max=0 ${at}`,
  ]);
});

test('a size that the host does not have is refused', () => {
  const line = /^\/r\/hugepageLimits\/0\/pageSize: the host limits no huge pages of 2MB$/;
  for (const writes of [hugetlbV1, hugetlbV2]) assertRefused(() => writes(LIMITS, paperCgroup()), line);
});

test.run();
