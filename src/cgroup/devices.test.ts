import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DeviceRule } from '../bundle/config.ts';
import { toRuntimeError } from '../errors.ts';
import type { PlacedCgroup } from './cgroup.ts';
import { orderRules } from './device-rules.ts';
import { checkV1, prepareDevices } from './devices.ts';

// The program for cgroup v2: attach-devices.test.ts.
const test = suite('cgroup/devices');

const directory = mkdtempSync('/tmp/runts-devices-');
test.after(() => rmSync(directory, { recursive: true }));

function place(controllers: string[]): PlacedCgroup {
  const hierarchy = { version: 1 as const, controllers, mountPoint: '/m', root: '/', own: '/' };
  return { hierarchy, directory, isOwn: true };
}

const OPTIONS = { pointer: '/r', warn: () => {} };
const DENY_ALL = [{ allow: false }];

test('v1: rules are written to the devices hierarchy when they are to be set', async () => {
  for (const file of ['devices.allow', 'devices.deny']) writeFileSync(`${directory}/${file}`, '');
  const set = await prepareDevices([place(['cpu']), place(['devices'])], DENY_ALL, OPTIONS);
  assert.is(readFileSync(`${directory}/devices.deny`, 'utf8'), '');
  set();
  assert.is(readFileSync(`${directory}/devices.deny`, 'utf8'), 'a');
  // Each line is one write; a plain file takes them one behind the other.
  assert.match(readFileSync(`${directory}/devices.allow`, 'utf8'), /^c \*:\* mb \*:\* mc 1:3 rwm.*c 136:\* rwm$/);
});

test('v1: a rule that the kernel refuses is named', async () => {
  rmSync(`${directory}/devices.deny`);
  const unwritable = { ...place(['devices']), directory: `${directory}/none` };
  const set = await prepareDevices([unwritable], DENY_ALL, OPTIONS);
  assert.throws(set, (error: unknown) => /^\/r\/devices\/0: /.test(toRuntimeError(error)?.oneLine ?? ''));
});

const DENY = { allow: false };
const ALL_C = { allow: true, type: 'c' };
const KMSG = { type: 'c', major: 1, minor: 11 };

const possible: { name: string; rules: DeviceRule[] }[] = [
  { name: 'allowing one by one', rules: [DENY, { allow: true, ...KMSG }, { allow: true, type: 'c', major: 10 }] },
  { name: 'taking back a whole rule', rules: [DENY, { allow: true, ...KMSG }, { allow: false, ...KMSG }] },
  {
    name: 'denying some of all',
    rules: [
      { allow: false, ...KMSG },
      { allow: false, type: 'b', major: 8 },
    ],
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
  test(`v1 can do: ${name}`, () => assert.not.throws(() => checkV1(orderRules(rules, '/r'))));
}

test('v1: a rule that the kernel would pass over is refused by its name', () => {
  const line = (rules: DeviceRule[]) => {
    try {
      checkV1(orderRules(rules, '/r'));
      return '';
    } catch (error) {
      return toRuntimeError(error)?.oneLine ?? String(error);
    }
  };
  const hole = 'cgroup v1 cannot deny part of what an earlier rule, /r/devices/1, allows';
  assert.is(line([DENY, ALL_C, { allow: false, ...KMSG }]), `/r/devices/2: ${hole}`);
  assert.is(line([DENY, { ...ALL_C, major: 1 }, { allow: false, ...KMSG, access: 'w' }]), `/r/devices/2: ${hole}`);
  const island = 'cgroup v1 cannot allow part of what an earlier rule, /r/devices/0, denies';
  assert.is(
    line([
      { allow: false, type: 'c', major: 1 },
      { allow: true, ...KMSG },
    ]),
    `/r/devices/1: ${island}`,
  );
});

test('rules without a way to set them are an error, no rules are none', async () => {
  (await prepareDevices([place(['cpu'])], [], OPTIONS))();
  try {
    await prepareDevices([place(['cpu'])], DENY_ALL, OPTIONS);
    assert.unreachable();
  } catch (error) {
    assert.match(toRuntimeError(error)?.oneLine ?? String(error), /^\/r\/devices: the host has neither/);
  }
});

test.run();
