import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rootTest } from '../../bindings/root-suite.ts';
import { planCgroup } from '../plan/cgroup.ts';
import { makeCgroup, placeCgroup, removeCgroup } from './cgroup.ts';
import { assertRefused } from './fixtures/files.ts';
import { FormerValues, makeRoom, readIfThere, writeFiles } from './write-files.ts';

const test = suite('cgroup/write-files');

const folder = mkdtempSync('/tmp/runts-write-');
test.after(() => rmSync(folder, { recursive: true }));

const read = (file: string): string => readFileSync(`${folder}/${file}`, 'utf8');
const write = (file: string, value: string) => ({ file, value, pointer: `/r/${file}` });

test('a file is read without its last line feed, one that is not there is told apart', () => {
  writeFileSync(`${folder}/text`, 'a\nb\n');
  mkdirSync(`${folder}/unreadable`);
  assert.equal(
    [readIfThere(`${folder}/text`), readIfThere(`${folder}/none`), readIfThere(`${folder}/unreadable`)],
    ['a\nb', undefined, ''],
  );
});

test('values are written; what is not there is not made', () => {
  writeFileSync(`${folder}/a`, '');
  writeFiles(folder, [write('a', '5')]);
  assert.is(read('a'), '5');
  assertRefused(() => writeFiles(folder, [write('new', '5')]), /^\/r\/new: write "5" to \S+\/new: ENOENT — the kernel/);
  assert.is(readIfThere(`${folder}/new`), undefined);
});

test('an errno that does not matter is passed over', () => {
  assert.not.throws(() => writeFiles(folder, [{ ...write('none', '5'), harmless: ['ENOENT'] }]));
});

test('former values come back, as far as they can be written', () => {
  const files: [name: string, text: string][] = [
    ['one', '7\n'],
    ['two', 'max 100000\n'],
    ['table', '8:0 5\n8:16 6\n'],
  ];
  for (const [name, text] of files) writeFileSync(`${folder}/${name}`, text);
  const former = new FormerValues();
  writeFiles(
    folder,
    files.map(([name]) => write(name, '9')),
    former,
  );
  former.setBack();
  assert.equal([read('one'), read('two'), read('table').slice(0, 2)], ['7\n', 'max 100000\n', '9:']);
});

test('whether the OOM killer is disabled comes back, too', () => {
  writeFileSync(`${folder}/memory.oom_control`, 'oom_kill_disable 1\nunder_oom 0\noom_kill 3\n');
  const former = new FormerValues();
  former.remember(`${folder}/memory.oom_control`);
  writeFileSync(`${folder}/memory.oom_control`, '');
  former.setBack();
  assert.is(read('memory.oom_control'), '1');
});

const roomFor = (value: string): void => makeRoom(folder, { file: 'memory.max', value, pointer: '/r/memory/limit' });

test('v2: a limit above the usage needs no room to be made', () => {
  writeFileSync(`${folder}/memory.current`, '4096\n');
  assert.not.throws(() => roomFor('4096'));
  assert.not.throws(() => roomFor('max'));
});

test('v2: a usage that stays above the limit is an error, and memory.high is as before', () => {
  writeFileSync(`${folder}/memory.high`, 'max\n');
  assertRefused(() => roomFor('100'), /^\/r\/memory\/limit: 100 is below what the container uses already, 4096$/);
  assert.is(read('memory.high').slice(0, 3), 'max');
});

// Limits that the kernel takes in one order only: v1's memory and memory+swap, or period and quota on both.
rootTest(test, 'limits that have to fit each other are set, whichever comes first', () => {
  const placed = placeCgroup(planCgroup({ ociVersion: '1.3.0' }, `runts-write-${process.pid}`));
  makeCgroup(placed);
  try {
    const cpu = placed.find(({ directory }) => readIfThere(`${directory}/cpu.cfs_burst_us`) !== undefined);
    if (cpu === undefined) return;
    for (const [quota, burst] of [
      ['5000', '5000'],
      ['2000', '1000'],
      ['9000', '9000'],
    ] as const) {
      writeFiles(cpu.directory, [write('cpu.cfs_quota_us', quota), write('cpu.cfs_burst_us', burst)]);
      assert.is(readIfThere(`${cpu.directory}/cpu.cfs_quota_us`), quota);
      assert.is(readIfThere(`${cpu.directory}/cpu.cfs_burst_us`), burst);
    }
    assertRefused(
      () => writeFiles(cpu.directory, [write('cpu.cfs_burst_us', '10000'), write('cpu.cfs_quota_us', '9500')]),
      /^\/r\/cpu\.cfs_burst_us: write "10000" to \S+: EINVAL — the kernel does not take this value, or not with/,
    );
  } finally {
    removeCgroup(placed);
  }
});

test.run();
