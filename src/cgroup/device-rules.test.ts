import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DeviceRule } from '../bundle/config.ts';
import { orderRules, v1Line } from './device-rules.ts';

const test = suite('cgroup/device-rules');

const lines: { name: string; rule: DeviceRule; line: string }[] = [
  { name: 'a rule without a type is for all', rule: { allow: false, access: 'rwm' }, line: 'a' },
  { name: 'an empty type is for all', rule: { allow: false, type: '' }, line: 'a' },
  { name: 'type a is for all', rule: { allow: true, type: 'a', major: 1 }, line: 'a' },
  { name: 'numbers that are left out are wildcards', rule: { allow: true, type: 'c' }, line: 'c *:* rwm' },
  {
    name: 'negative numbers are wildcards',
    rule: { allow: true, type: 'b', major: 8, minor: -1, access: 'r' },
    line: 'b 8:* r',
  },
  {
    name: 'exact numbers are written out',
    rule: { allow: false, type: 'c', major: 10, minor: 229, access: 'rw' },
    line: 'c 10:229 rw',
  },
  {
    name: 'an empty access is every access',
    rule: { allow: true, type: 'c', major: 10n, minor: 0, access: '' },
    line: 'c 10:0 rwm',
  },
];
for (const { name, rule, line } of lines) {
  test(name, () => {
    const one = orderRules([rule], '/r').find(({ label }) => label === '/r/devices/0');
    assert.equal(one && [v1Line(one), one.allow], [line, rule.allow]);
  });
}

test('what no rule names is denied', () => {
  const kmsg: DeviceRule = { allow: true, type: 'c', major: 1, minor: 11 };
  const firstOf = (rules: DeviceRule[]) =>
    orderRules(rules, '/r')
      .slice(0, 1)
      .map((rule) => [v1Line(rule), rule.allow, rule.label]);
  assert.equal(firstOf([kmsg, { allow: false }]), [['a', false, '/r/devices']]);
  assert.equal(firstOf([{ allow: true }, kmsg]), [['a', true, '/r/devices/0']]);
});

test('the default devices come after the rules of the config, so that they stay usable', () => {
  const rules = orderRules([{ allow: false }, { allow: true, type: 'c' }], '/r');
  assert.equal(
    rules.map(({ label }) => label).filter((label, i, all) => label !== all[i - 1]),
    ['/r/devices/0', '/r/devices/1', 'default devices'],
  );
  const defaults = rules.filter(({ label }) => label === 'default devices');
  assert.ok(defaults.every(({ allow }) => allow));
  for (const line of ['c *:* m', 'b *:* m', 'c 1:3 rwm', 'c 5:0 rwm', 'c 136:* rwm']) {
    assert.ok(defaults.map(v1Line).includes(line), line);
  }
});

test.run();
