import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type UnitProperty, unitProperties } from './systemd-annotations.ts';

const test = suite('plan/systemd-annotations');

const good: [name: string, text: string, property: UnitProperty][] = [
  ['TimeoutStopUSec', 'uint64 10000000', ['TimeoutStopUSec', ['t', 10_000_000n]]],
  ['KillSignal', '15', ['KillSignal', ['i', 15n]]],
  ['CollectMode', "'inactive-or-failed'", ['CollectMode', ['s', 'inactive-or-failed']]],
  ['SendSIGHUP', 'true', ['SendSIGHUP', ['b', true]]],
  ['TimeoutStopSec', '2', ['TimeoutStopUSec', ['t', 2_000_000n]]],
  ['TimeoutStopSec', '1.5', ['TimeoutStopUSec', ['t', 1_500_000n]]],
  ['Wants', "['a.service', \"b's\"]", ['Wants', ['as', ['a.service', "b's"]]]],
  ['Numbers', '[uint32 1, uint32 0x10]', ['Numbers', ['au', [1n, 16n]]]],
  ['Share', '0.5', ['Share', ['d', 0.5]]],
];
for (const [name, text, property] of good) {
  test(`${name} = ${text}`, () => {
    assert.equal(unitProperties({ [`org.systemd.property.${name}`]: text, other: 'x' }), [property]);
  });
}

for (const [name, text] of [
  ['KillSignal', 'SIGTERM'],
  ['KillSignal', ''],
  ['KillSignal', 'uint128 5'],
  ['Wants', '[]'],
  ['Wants', "['a', b]"],
  ['x', '1'],
  ['A.B', '1'],
] as const) {
  test(`${name} = ${JSON.stringify(text)} is refused`, () => {
    const key = `org.systemd.property.${name}`;
    assert.throws(() => unitProperties({ [key]: text }), new RegExp(`/annotations/${key}: .* must be`));
  });
}

test.run();
