import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Resources } from '../bundle/config.ts';
import { toRuntimeError } from '../errors.ts';
import type { PlacedCgroup } from './cgroup.ts';
import { setLimits } from './limits.ts';

const test = suite('cgroup/limits');

let folder = '';
test.before.each(() => {
  folder = mkdtempSync('/tmp/runts-limits-');
});
test.after.each(() => rmSync(folder, { recursive: true }));

// A cgroup of plain files in a hierarchy.
function place(version: 1 | 2, controllers: string[], files: Record<string, string>): PlacedCgroup {
  const directory = `${folder}/${controllers.join(',')}${version}`;
  mkdirSync(directory);
  for (const [name, text] of Object.entries(files)) writeFileSync(`${directory}/${name}`, text);
  const hierarchy = { version, controllers, mountPoint: folder, root: '/', own: '/' };
  return { hierarchy, directory, isOwn: true };
}

function set(placed: PlacedCgroup[], resources: Resources, warnings: string[] = []): Promise<void> {
  return setLimits(placed, resources, { pointer: '/r', warn: (message) => warnings.push(message), setsBack: true });
}

async function assertRefused(setting: Promise<void>, line: RegExp): Promise<void> {
  const error = await setting.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.match(toRuntimeError(error)?.oneLine ?? String(error), line);
}

const read = ({ directory }: PlacedCgroup, file: string): string => readFileSync(`${directory}/${file}`, 'utf8');

test('each controller is written where it is: cgroup v1 for one, v2 for another', async () => {
  const pids = place(1, ['pids'], { 'pids.max': '' });
  const unified = place(2, [], { 'cgroup.controllers': 'hugetlb cpu\n', 'hugetlb.2MB.max': '', 'cpu.weight': '' });
  writeFileSync(`${folder}/cgroup.controllers`, 'hugetlb cpu\n');
  await set([pids, unified], {
    pids: { limit: 5 },
    hugepageLimits: [{ pageSize: '2MB', limit: 0 }],
    cpu: { shares: 1024 },
    unified: { 'cpu.weight': '77' },
  });
  assert.is(read(pids, 'pids.max'), '5');
  assert.is(read(unified, 'hugetlb.2MB.max'), '0');
  // unified comes last: it's the more exact wish. (A plain file keeps the end of the longer value.)
  assert.is(read(unified, 'cpu.weight'), '770');
});

test('a controller that no hierarchy has is refused by the name of the property', async () => {
  const pids = place(1, ['pids'], { 'pids.max': '' });
  const unified = place(2, [], { 'cgroup.controllers': 'hugetlb\n' });
  writeFileSync(`${folder}/cgroup.controllers`, 'hugetlb\n');
  const line = /^\/r\/cpu\/shares: the host has no cgroup controller cpu$/;
  await assertRefused(set([pids], { cpu: { shares: 5 } }), line);
  await assertRefused(set([pids, unified], { cpu: { shares: 5 } }), line);
  await assertRefused(set([pids], { unified: { 'a.b': '' } }), /^\/r\/unified\/a\.b: the host has no cgroup v2 hier/);
});

test('parts without a value need no controller', async () => {
  await set([place(1, ['freezer'], {})], { cpu: {}, memory: {}, network: {}, unified: {} });
});

test('a file that the kernel does not have is named with its value', async () => {
  const memory = place(1, ['memory'], {});
  const line = /^\/r\/memory\/limit: write "4096" to \S+\/memory1\/memory\.limit_in_bytes: ENOENT — the kernel has no/;
  await assertRefused(set([memory], { memory: { limit: 4096 } }), line);
});

test('when one is refused, those before it are set back', async () => {
  const pids = place(1, ['pids'], { 'pids.max': '10\n' });
  const memory = place(1, ['memory'], {});
  await assertRefused(set([pids, memory], { pids: { limit: 20 }, memory: { limit: 4096 } }), /ENOENT/);
  assert.is(read(pids, 'pids.max'), '10\n');
});

test('device rules are set too', async () => {
  const devices = place(1, ['devices'], { 'devices.list': 'a *:* rwm\n', 'devices.allow': '', 'devices.deny': '' });
  await set([devices], { devices: [{ allow: false }] });
  assert.is(read(devices, 'devices.deny'), 'a');
});

test('warnings are passed on', async () => {
  const warnings: string[] = [];
  await set([place(1, ['memory'], {})], { memory: { kernel: 5 } }, warnings);
  assert.is(warnings.length, 1);
});

test.run();
