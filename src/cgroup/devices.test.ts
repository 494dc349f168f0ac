import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rootTest } from '../../bindings/root-suite.ts';
import { toRuntimeError } from '../errors.ts';
import { planCgroup } from '../plan/cgroup.ts';
import { makeCgroup, type PlacedCgroup, placeCgroup, removeCgroup } from './cgroup.ts';
import { prepareDevices } from './devices.ts';
import { assertRefused } from './fixtures/files.ts';

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

test('v1: update writes what is different only', async () => {
  for (const file of ['devices.allow', 'devices.deny']) writeFileSync(`${directory}/${file}`, '');
  writeFileSync(`${directory}/devices.list`, 'c *:* m\nb *:* m\nc 1:3 rwm\nc 10:229 rw\n');
  const rules = [{ allow: false }, { allow: true, type: 'c', major: 10, minor: 229, access: 'r' }];
  (await prepareDevices([place(['devices'])], rules, { ...OPTIONS, setsBack: true }))();
  assert.is(readFileSync(`${directory}/devices.deny`, 'utf8'), 'c 10:229 w');
  assert.match(readFileSync(`${directory}/devices.allow`, 'utf8'), /^c 1:5 rwm.*c 136:\* rwm$/);
});

test('v1: a rule that the kernel refuses is named', async () => {
  rmSync(`${directory}/devices.deny`);
  const unwritable = { ...place(['devices']), directory: `${directory}/none` };
  const set = await prepareDevices([unwritable], DENY_ALL, OPTIONS);
  assert.throws(set, (error: unknown) => /^\/r\/devices\/0: /.test(toRuntimeError(error)?.oneLine ?? ''));
});

rootTest(test, 'v1: a line that the kernel does not take is shown, with the reason', async () => {
  const placed = placeCgroup(planCgroup({ ociVersion: '1.3.0' }, `runts-devices-${process.pid}`));
  const own = placed.find(({ hierarchy }) => hierarchy.controllers.includes('devices'));
  if (own === undefined) return;
  makeCgroup([own]);
  try {
    mkdirSync(`${own.directory}/below`);
    const set = await prepareDevices([own], DENY_ALL, OPTIONS);
    assertRefused(set, /^\/r\/devices\/0: write "a" to \S+\/devices\.deny: EINVAL — a cgroup with others below it/);
  } finally {
    removeCgroup([own]);
  }
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
