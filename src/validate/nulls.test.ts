import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withoutNulls } from './nulls.ts';

const test = suite('validate/nulls');

test('properties that are null are left out at all levels', () => {
  const config = { process: null, linux: { devices: null, resources: { memory: null, cpu: { shares: null } } } };
  assert.equal(withoutNulls(config), { linux: { resources: { cpu: {} } } });
});

test('entries of arrays stay, and objects in them are cleaned', () => {
  assert.equal(withoutNulls({ args: ['a', null], mounts: [{ type: null, source: 'x' }] }), {
    args: ['a', null],
    mounts: [{ source: 'x' }],
  });
});

test('values of maps stay, but not below', () => {
  const config = {
    annotations: { a: null },
    linux: {
      sysctl: { b: null },
      netDevices: { eth0: null, eth1: { name: null } },
      resources: { rdma: { x: { hcaHandles: null } } },
    },
  };
  assert.equal(withoutNulls(config), {
    annotations: { a: null },
    linux: { sysctl: { b: null }, netDevices: { eth0: null, eth1: {} }, resources: { rdma: { x: {} } } },
  });
});

test('the value itself is not changed', () => {
  const config = { process: null };
  withoutNulls(config);
  assert.equal(config, { process: null });
});

test.run();
