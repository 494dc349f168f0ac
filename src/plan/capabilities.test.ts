import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CAPABILITY_NAMES, namesOf, planCapabilities } from './capabilities.ts';

const test = suite('plan/capabilities');

const ALL = (1n << BigInt(CAPABILITY_NAMES.length)) - 1n;
const bit = (name: string): bigint => 1n << BigInt(CAPABILITY_NAMES.indexOf(name));

const numbers: [name: string, number: number][] = [
  ['CAP_CHOWN', 0],
  ['CAP_KILL', 5],
  ['CAP_SYS_ADMIN', 21],
  ['CAP_MKNOD', 27],
  ['CAP_AUDIT_READ', 37],
  ['CAP_CHECKPOINT_RESTORE', 40],
];
for (const [name, number] of numbers) {
  test(`${name} has the kernel's number`, () => assert.is(CAPABILITY_NAMES.indexOf(name), number));
}

test('no capabilities in the config means none in any set', () => {
  const none = { bounding: 0n, effective: 0n, inheritable: 0n, permitted: 0n, ambient: 0n };
  assert.equal(planCapabilities(undefined, ALL), { masks: none, warnings: [] });
});

test('each set becomes a mask of its own', () => {
  const { masks, warnings } = planCapabilities(
    {
      bounding: ['CAP_CHOWN', 'CAP_BPF'],
      permitted: ['CAP_CHOWN', 'CAP_KILL'],
      effective: ['CAP_KILL'],
      inheritable: ['CAP_CHOWN'],
      ambient: ['CAP_CHOWN'],
    },
    ALL,
  );
  assert.equal(masks, {
    bounding: bit('CAP_CHOWN') | bit('CAP_BPF'),
    permitted: bit('CAP_CHOWN') | bit('CAP_KILL'),
    effective: bit('CAP_KILL'),
    inheritable: bit('CAP_CHOWN'),
    ambient: bit('CAP_CHOWN'),
  });
  assert.equal(warnings, []);
});

test('names may be written in lower case', () => {
  assert.is(planCapabilities({ bounding: ['cap_kill'] }, ALL).masks.bounding, bit('CAP_KILL'));
});

const refused = [
  {
    name: 'an unknown capability is left out with a warning',
    sets: { bounding: ['CAP_FLY', 'CAP_KILL'] },
    masks: { bounding: bit('CAP_KILL') },
    warning: '/process/capabilities: CAP_FLY cannot be granted, ignored',
  },
  {
    name: 'what the runtime does not have itself is left out with a warning',
    sets: { bounding: ['CAP_SYS_BOOT'] },
    masks: { bounding: 0n },
    warning: '/process/capabilities: CAP_SYS_BOOT cannot be granted, ignored',
  },
  {
    name: 'the same warning is given once for all sets',
    sets: { bounding: ['CAP_SYS_BOOT'], permitted: ['CAP_SYS_BOOT'] },
    masks: { bounding: 0n, permitted: 0n },
    warning: '/process/capabilities: CAP_SYS_BOOT cannot be granted, ignored',
  },
  {
    name: 'an ambient capability needs to be inheritable',
    sets: { permitted: ['CAP_KILL'], ambient: ['CAP_KILL'] },
    masks: { permitted: bit('CAP_KILL'), ambient: 0n },
    warning: '/process/capabilities/ambient: CAP_KILL: not in permitted and inheritable too, ignored',
  },
  {
    name: 'an effective capability needs to be permitted',
    sets: { effective: ['CAP_KILL'], permitted: ['CAP_CHOWN'] },
    masks: { effective: 0n, permitted: bit('CAP_CHOWN') },
    warning: '/process/capabilities/effective: CAP_KILL: not in permitted too, ignored',
  },
];
for (const { name, sets, masks, warning } of refused) {
  test(name, () => {
    const plan = planCapabilities(sets, ALL & ~bit('CAP_SYS_BOOT'));
    assert.equal({ ...plan.masks, ...masks }, plan.masks);
    assert.equal(plan.warnings, [warning]);
  });
}

test('a mask has its names in the order of their numbers', () => {
  assert.equal(namesOf(bit('CAP_BPF') | bit('CAP_CHOWN')), ['CAP_CHOWN', 'CAP_BPF']);
});

test.run();
