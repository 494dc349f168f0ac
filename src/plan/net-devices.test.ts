import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planNetDevices } from './net-devices.ts';

const test = suite('plan/net-devices');

test('without netDevices there are none', () => assert.equal(planNetDevices(undefined), []));

test('an interface keeps its name unless it gets one', () => {
  const device = (hostName: string, containerName: string) => ({
    ...{ label: `/linux/netDevices/${hostName}`, hostName, containerName },
  });
  assert.equal(planNetDevices({ eth0: {}, eth1: { name: '' }, eth2: { name: 'net%d' } }), [
    device('eth0', 'eth0'),
    device('eth1', 'eth1'),
    device('eth2', 'net%d'),
  ]);
});

test.run();
