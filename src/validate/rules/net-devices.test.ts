import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testRules, withoutNamespace } from '../fixtures/cases.ts';
import { isInterfaceName, netDeviceRules } from './net-devices.ts';

const test = suite('validate/rules/net-devices');
const D = '/linux/netDevices';
const N = '/linux/namespaces';
const nameRule = 'must be an interface name: 1 to 15 bytes without blanks, "/" and ":"';
const templateRule = 'must have no "%" but one "%d", for a free number';

testRules(test, netDeviceRules, [
  { name: 'no devices are good', set: { [D]: {} }, problems: [] },
  {
    name: 'devices with and without new names are good',
    set: { [D]: { eth0: { name: 'net0' }, eth1: {}, eth2: { name: '' } } },
    problems: [],
  },
  {
    name: 'a template may be there twice',
    set: { [D]: { eth0: { name: 'net%d' }, eth1: { name: 'net%d' } } },
    problems: [],
  },
  {
    name: 'names must be those of interfaces',
    set: { [D]: { 'a b': { name: 'c' }, eth0: { name: 'x'.repeat(16) } } },
    problems: [`${D}/a b ${nameRule}`, `${D}/eth0/name ${nameRule}`],
  },
  {
    name: 'a template has one number to fill in, and nothing else',
    set: { [D]: { eth0: { name: 'a%s' }, eth1: { name: '%d%d' }, eth2: { name: '%' } } },
    problems: ['eth0', 'eth1', 'eth2'].map((name) => `${D}/${name}/name ${templateRule}`),
  },
  {
    name: 'names in the container must differ',
    set: { [D]: { eth0: { name: 'eth1' }, eth1: {} } },
    problems: [`${D}/eth1/name is the name of eth0 in the container already`],
  },
  {
    name: 'devices need a network namespace',
    set: { [D]: { eth0: {} }, [N]: withoutNamespace('network') },
    problems: [`${D} needs a namespace of type network in ${N}`],
  },
]);

test('interface names are those that the kernel accepts', () => {
  const good = ['eth0', 'a', 'x'.repeat(15), 'wlp3s0.100', 'é'.repeat(7)];
  const bad = ['', '.', '..', 'x'.repeat(16), 'é'.repeat(8), 'a/b', 'a:b', 'a b', 'a\n', 'a\0'];
  assert.equal(good.filter(isInterfaceName), good);
  assert.equal(bad.filter(isInterfaceName), []);
});

test.run();
