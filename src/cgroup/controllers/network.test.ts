import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { assertRefused, linesOf, paperCgroup } from '../fixtures/files.ts';
import { netClsV1, netClsV2, netPrioV1, netPrioV2 } from './network.ts';

const test = suite('cgroup/controllers/network');

const NETWORK = { classID: 1_048_577, priorities: [{ name: 'lo', priority: 4_294_967_295 }] };

test('v1', () => {
  assert.equal(linesOf(netClsV1(NETWORK, paperCgroup())), ['net_cls.classid=1048577 (network/classID)']);
  assert.equal(linesOf(netPrioV1(NETWORK, paperCgroup())), ['net_prio.ifpriomap=lo 4294967295 (network/priorities/0)']);
});

test('v2 has neither', () => {
  assertRefused(() => netClsV2(NETWORK, paperCgroup()), /^\/r\/network\/classID: cgroup v2 has no network classes$/);
  assertRefused(() => netPrioV2(NETWORK, paperCgroup()), /^\/r\/network\/priorities\/0: cgroup v2 has no network pri/);
});

test('what is not set is not written, and not refused', () => {
  for (const writes of [netClsV1, netClsV2, netPrioV1, netPrioV2]) {
    assert.equal(writes({ classID: 0, priorities: [] }, paperCgroup()), []);
  }
});

test.run();
