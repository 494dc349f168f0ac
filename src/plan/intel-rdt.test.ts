import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { IntelRdt } from '../bundle/config.ts';
import { hasSchema, type IntelRdtPlan, isCompared, planIntelRdt } from './intel-rdt.ts';

const test = suite('plan/intel-rdt');

const P = '/linux/intelRdt';
const OWN = { group: 'web1', isContainers: true, mayMake: true, schemata: [], monitoringGroup: undefined };
const GOLD = { ...OWN, group: 'gold', isContainers: false };

const cases: [name: string, intelRdt: IntelRdt, plan: IntelRdtPlan][] = [
  ['an empty object: a group of its own', {}, OWN],
  ['closID alone: a group that has to be there', { closID: 'gold' }, { ...GOLD, mayMake: false }],
  ['closID /: the default group', { closID: '/' }, { ...GOLD, group: '', mayMake: false }],
  [
    'schemas: L3 first, then MB, then the others',
    { closID: 'gold', schemata: ['L2:0=f', 'MB:0=30'], memBwSchema: 'MB:0=20', l3CacheSchema: 'L3:0=f' },
    {
      ...GOLD,
      schemata: [
        { pointer: `${P}/l3CacheSchema`, line: 'L3:0=f' },
        { pointer: `${P}/memBwSchema`, line: 'MB:0=20' },
        { pointer: `${P}/schemata/0`, line: 'L2:0=f' },
        { pointer: `${P}/schemata/1`, line: 'MB:0=30' },
      ],
    },
  ],
  [
    'monitoring: in the group, called after the container',
    { closID: 'gold', enableMonitoring: true },
    { ...GOLD, mayMake: false, monitoringGroup: 'gold/mon_groups/web1' },
  ],
  ['monitoring in a group of its own', { enableMonitoring: true }, { ...OWN, monitoringGroup: 'web1/mon_groups/web1' }],
  [
    'monitoring in the default group',
    { closID: '/', enableMonitoring: true },
    { ...GOLD, group: '', mayMake: false, monitoringGroup: 'mon_groups/web1' },
  ],
];
for (const [name, intelRdt, plan] of cases) test(name, () => assert.equal(planIntelRdt(intelRdt, 'web1'), plan));

test('without intelRdt nothing is touched', () => assert.is(planIntelRdt(undefined, 'web1'), undefined));

test('l3CacheSchema and memBwSchema are compared with a group that is there, schemata is not', () => {
  assert.equal([`${P}/l3CacheSchema`, `${P}/memBwSchema`, `${P}/schemata/0`].map(isCompared), [true, true, false]);
});

const SCHEMATA = '    MB:0=100;1= 70\n    L3:0=07f0;1=001f\n';
const comparisons: [line: string, isThere: boolean][] = [
  ['L3:0=7f0;1=1f', true],
  ['L3:0=7F0', true],
  ['L3:0=0x7f0', true],
  ['L3:00=7f0', true],
  ['L3:0=7f', false],
  ['L3:2=7f0', false],
  ['MB:0=100;1=70', true],
  ['MB:1=7', false],
  ['L2:0=f', false],
];
for (const [line, isThere] of comparisons) {
  test(`a group ${isThere ? 'has' : 'does not have'} ${line}`, () => assert.is(hasSchema(SCHEMATA, line), isThere));
}

test.run();
