import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DeviceRule } from '../bundle/config.ts';
import { toRuntimeError } from '../errors.ts';
import { changes, listOf } from './device-list.ts';
import { orderRules, v1Line } from './device-rules.ts';

const test = suite('cgroup/device-list');

const DENY = { allow: false };
const ALL_C = { allow: true, type: 'c' };
const KMSG = { type: 'c', major: 1, minor: 11 };

const possible: { name: string; rules: DeviceRule[] }[] = [
  { name: 'allowing one by one', rules: [DENY, { allow: true, ...KMSG }, { allow: true, type: 'c', major: 10 }] },
  { name: 'taking back a whole rule', rules: [DENY, { allow: true, ...KMSG }, { allow: false, ...KMSG }] },
  {
    name: 'denying some of all',
    rules: [{ allow: true }, { allow: false, ...KMSG }, { allow: false, type: 'b', major: 8 }],
  },
  { name: 'denying what is denied', rules: [DENY, { allow: true, type: 'b' }, { allow: false, ...KMSG }] },
  // As old versions of Docker write it.
  {
    name: 'denying what only making was allowed of',
    rules: [DENY, { ...ALL_C, access: 'm' }, { allow: false, ...KMSG }],
  },
  { name: 'starting anew', rules: [DENY, ALL_C, DENY, { allow: false, ...KMSG }] },
];
for (const { name, rules } of possible) {
  test(`v1 can do: ${name}`, () => assert.not.throws(() => listOf(orderRules(rules, '/r'))));
}

test('v1: a rule that the kernel would pass over is refused by its name', () => {
  const line = (rules: DeviceRule[]) => {
    try {
      listOf(orderRules(rules, '/r'));
      return '';
    } catch (error) {
      return toRuntimeError(error)?.oneLine ?? String(error);
    }
  };
  const hole = 'cgroup v1 cannot deny part of what an earlier rule, /r/devices/1, allows';
  assert.is(line([DENY, ALL_C, { allow: false, ...KMSG }]), `/r/devices/2: ${hole}`);
  assert.is(line([DENY, { ...ALL_C, major: 1 }, { allow: false, ...KMSG, access: 'w' }]), `/r/devices/2: ${hole}`);
  const island = 'cgroup v1 cannot allow part of what an earlier rule, /r/devices/1, denies';
  assert.is(
    line([{ allow: true }, { allow: false, type: 'c', major: 1 }, { allow: true, ...KMSG }]),
    `/r/devices/2: ${island}`,
  );
});

const shownBy = (rules: DeviceRule[]): string[] =>
  [...listOf(configured(rules)).exceptions.values()].map((rule) => v1Line(rule));
const configured = (rules: DeviceRule[]) => orderRules(rules, '/r').filter(({ label }) => label !== 'default devices');

test('rules for the same numbers are one exception, which goes when nothing is left of it', () => {
  const kmsg = (allow: boolean, access: string) => ({ ...KMSG, allow, access });
  assert.equal(shownBy([DENY, kmsg(true, 'r'), kmsg(true, 'wr')]), ['c 1:11 rw']);
  assert.equal(shownBy([DENY, kmsg(true, 'rwm'), kmsg(false, 'w')]), ['c 1:11 rm']);
  assert.equal(shownBy([DENY, kmsg(true, 'rw'), kmsg(false, 'rwm'), kmsg(false, 'r')]), []);
  assert.equal(shownBy([kmsg(false, 'w'), { allow: true }]), []);
});

test("what was taken back as a whole stands in no rule's way", () => {
  const rules = [DENY, { ...ALL_C, major: 1 }, { allow: false, type: 'c', major: 1 }, { allow: false, ...KMSG }];
  assert.equal(shownBy(rules), []);
});

const between = (shown: string, rules: DeviceRule[]) =>
  changes(shown, listOf(configured(rules)))?.map((rule) => `${rule.allow ? '+' : '-'}${v1Line(rule)}`);

test('only differences are written, what is allowed first', () => {
  const shown = 'c *:* m\nc 1:11 rw\nb 8:* rwm\n';
  const allow = (type: string, access: string, numbers = {}) => ({ allow: true, type, access, ...numbers });
  assert.equal(between(shown, [DENY]), ['-c *:* m', '-c 1:11 rw', '-b 8:* rwm']);
  assert.equal(between(shown, [DENY, allow('c', 'm'), allow('c', 'rw', KMSG), allow('b', 'mrw', { major: 8 })]), []);
  assert.equal(between(shown, [DENY, allow('c', 'mr', KMSG)]), ['+c 1:11 m', '-c *:* m', '-c 1:11 w', '-b 8:* rwm']);
  assert.equal(between('', [DENY, allow('c', 'r', KMSG)]), ['+c 1:11 r']);
});

test('where not all is shown, nothing can be compared', () => {
  assert.is(between('a *:* rwm\n', [DENY]), undefined);
  assert.is(between('c 1:3 rwm\n', [{ allow: true }]), undefined);
});

test('ten thousand rules take no time to speak of', () => {
  const rules = Array.from({ length: 10_000 }, (_, minor) => ({ allow: minor % 2 === 0, type: 'c', major: 9, minor }));
  const start = performance.now();
  assert.is(listOf(configured([DENY, ...rules])).exceptions.size, 5000);
  assert.ok(performance.now() - start < 5000);
});

test.run();
