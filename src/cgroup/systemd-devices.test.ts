import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DeviceRule } from '../bundle/config.ts';
import { deviceProperties } from './systemd-devices.ts';

const test = suite('cgroup/systemd-devices');

const DENY: DeviceRule = { allow: false, access: 'rwm' };
const DEFAULTS = [
  ['char-*', 'm'],
  ['block-*', 'm'],
  ['/dev/char/1:3', 'rwm'],
  ['/dev/char/1:5', 'rwm'],
  ['/dev/char/1:7', 'rwm'],
  ['/dev/char/1:8', 'rwm'],
  ['/dev/char/1:9', 'rwm'],
  ['/dev/char/5:0', 'rwm'],
  ['/dev/char/5:1', 'rwm'],
  ['/dev/char/5:2', 'rwm'],
  ['char-136', 'rwm'],
];

test('what is allowed after everything was denied, and the default devices', () => {
  const rules: DeviceRule[] = [
    { allow: true, type: 'c', major: 9, minor: 9 },
    DENY,
    { allow: true, type: 'c', major: 10, minor: 229, access: 'rw' },
    { allow: true, type: 'b', major: 8, access: 'r' },
    { allow: false, type: 'b', major: 8, minor: 1, access: 'r' },
  ];
  const list = [['/dev/char/10:229', 'rw'], ['block-8', 'r'], ...DEFAULTS];
  assert.equal(deviceProperties(rules), [
    ['DevicePolicy', ['s', 'strict']],
    ['DeviceAllow', ['a(ss)', []]],
    ['DeviceAllow', ['a(ss)', list]],
  ]);
});

for (const rules of [
  [{ allow: true }, { allow: false, type: 'c', major: 1 }],
  [DENY, { allow: true, access: 'rwm' }],
] satisfies DeviceRule[][]) {
  test(`${JSON.stringify(rules)} leaves systemd without a list`, () => {
    assert.equal(deviceProperties(rules), [
      ['DevicePolicy', ['s', 'auto']],
      ['DeviceAllow', ['a(ss)', []]],
    ]);
  });
}

test.run();
