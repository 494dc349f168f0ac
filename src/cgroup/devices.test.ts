import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toRuntimeError } from '../errors.ts';
import type { PlacedCgroup } from './cgroup.ts';
import { prepareDevices } from './devices.ts';

// The program for cgroup v2: attach-devices.test.ts.
const test = suite('cgroup/devices');

const directory = mkdtempSync('/tmp/runts-devices-');
test.after(() => rmSync(directory, { recursive: true }));

function place(controllers: string[]): PlacedCgroup {
  const hierarchy = { version: 1 as const, controllers, mountPoint: '/m', root: '/', own: '/' };
  return { hierarchy, directory, isOwn: true };
}

const DENY_ALL = [{ allow: false }];

test('v1: rules are written to the devices hierarchy when they are to be set', async () => {
  for (const file of ['devices.allow', 'devices.deny']) writeFileSync(`${directory}/${file}`, '');
  const set = await prepareDevices([place(['cpu']), place(['devices'])], DENY_ALL, '/r');
  assert.is(readFileSync(`${directory}/devices.deny`, 'utf8'), '');
  set();
  assert.is(readFileSync(`${directory}/devices.deny`, 'utf8'), 'a');
  assert.is(readFileSync(`${directory}/devices.allow`, 'utf8'), 'c 136:* rwm');
});

test('v1: a rule that the kernel refuses is named', async () => {
  rmSync(`${directory}/devices.deny`);
  const unwritable = { ...place(['devices']), directory: `${directory}/none` };
  const set = await prepareDevices([unwritable], DENY_ALL, '/r');
  assert.throws(set, (error: unknown) => /^\/r\/devices\/0: /.test(toRuntimeError(error)?.oneLine ?? ''));
});

test('rules without a way to set them are an error, no rules are none', async () => {
  (await prepareDevices([place(['cpu'])], [], '/r'))();
  try {
    await prepareDevices([place(['cpu'])], DENY_ALL, '/r');
    assert.unreachable();
  } catch (error) {
    assert.match(toRuntimeError(error)?.oneLine ?? String(error), /^\/r\/devices: the host has neither/);
  }
});

test.run();
