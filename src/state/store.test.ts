import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errnoOf, RuntimeError, StateError } from '../errors.ts';
import { sampleRecord } from './fixtures/record.ts';
import {
  DamagedRecordError,
  folderOf,
  isCreated,
  listIds,
  loadRecord,
  makeFolder,
  markCreated,
  openFolder,
  PLAN_FILE,
  RESULT_FIFO,
  ROOTFS_FOLDER,
  removeFolder,
  START_FIFO,
  saveRecord,
} from './store.ts';

const test = suite('state/store');

let root = '';
test.before.each(() => {
  root = mkdtempSync('/tmp/runts-store-');
});
test.after.each(() => rmSync(root, { recursive: true }));

const RECORD = sampleRecord({
  annotations: { key: 'ä' },
  cgroups: [{ directory: '/sys/fs/cgroup/web1', isOwn: true }],
  hooks: { poststop: [{ path: '/bin/true', timeout: 5 }] },
});

test('a record is read as it was written', () => {
  makeFolder(root, 'web1');
  saveRecord(root, RECORD);
  const { rootfsMount: _, ...rest } = RECORD;
  assert.equal(loadRecord(root, 'web1'), rest);
});

test('a new record replaces the old one, and nothing else is left in the folder', () => {
  makeFolder(root, 'web1');
  saveRecord(root, RECORD);
  saveRecord(root, { ...RECORD, pid: 8 });
  assert.is(loadRecord(root, 'web1').pid, 8);
  assert.equal(readdirSync(folderOf(root, 'web1')), ['state.json']);
});

test('a reader of the old record is not disturbed by a new one', () => {
  makeFolder(root, 'web1');
  saveRecord(root, RECORD);
  const { ino } = statSync(`${root}/web1/state.json`);
  saveRecord(root, RECORD);
  assert.is.not(statSync(`${root}/web1/state.json`).ino, ino);
});

test('that `create` is done is known from then on', () => {
  makeFolder(root, 'web1');
  assert.not.ok(isCreated(root, 'web1'));
  markCreated(root, 'web1');
  assert.ok(isCreated(root, 'web1'));
});

test('only the owner can read the state', () => {
  closeSync(makeFolder(`${root}/deep/er`, 'web1'));
  saveRecord(`${root}/deep/er`, RECORD);
  const modes = ['deep/er', 'deep/er/web1', 'deep/er/web1/state.json'].map((path) => statSync(`${root}/${path}`).mode);
  assert.equal(
    modes.map((mode) => mode & 0o777),
    [0o700, 0o700, 0o600],
  );
});

test('a record that cannot be saved names the step', () => {
  const namesStep = (error: unknown) =>
    error instanceof RuntimeError && /^save state \/\S+: .*ENOENT/.test(error.oneLine);
  assert.throws(() => saveRecord(root, RECORD), namesStep);
});

test('neither a link nor a file is taken for a folder, nor a link for a record', () => {
  makeFolder(root, 'web1');
  symlinkSync(`${root}/web1`, `${root}/link`);
  writeFileSync(`${root}/file`, '');
  for (const id of ['link', 'file']) {
    assert.throws(() => openFolder(root, id), new RegExp(`${id} is no container's folder`));
  }
  writeFileSync(`${root}/record`, JSON.stringify(RECORD));
  symlinkSync(`${root}/record`, `${root}/web1/state.json`);
  const isDamaged = (error: unknown) => error instanceof DamagedRecordError;
  assert.throws(() => loadRecord(root, 'web1'), isDamaged);
});

const isMissing = (error: unknown) => error instanceof StateError && error.reason === 'container does not exist';

test('a container that does not exist is told by the kind of error', () => {
  assert.throws(() => loadRecord(root, 'web1'), isMissing);
  assert.throws(() => openFolder(root, 'web1'), isMissing);
  assert.throws(() => openFolder(`${root}/none`, 'web1'), isMissing);
});

test('a file among the folders is not a container', () => {
  writeFileSync(`${root}/web1`, '');
  assert.throws(() => loadRecord(root, 'web1'), isMissing);
  assert.equal(listIds(root), []);
});

for (const text of ['', '{"ociVersion":"1.', 'null null']) {
  test(`a damaged state.json (${JSON.stringify(text)}) is named, with the cure`, () => {
    makeFolder(root, 'web1');
    writeFileSync(`${root}/web1/state.json`, text);
    const namesIt = (error: unknown) =>
      error instanceof RuntimeError && /web1\/state\.json is damaged — .*delete --force/.test(error.oneLine);
    assert.throws(() => loadRecord(root, 'web1'), namesIt);
  });
}

test('an id that is taken is refused, and the folder left alone', () => {
  makeFolder(root, 'web1');
  saveRecord(root, RECORD);
  assert.throws(
    () => makeFolder(root, 'web1'),
    (error: unknown) => error instanceof StateError && /exists already/.test(error.reason),
  );
  assert.is(loadRecord(root, 'web1').pid, 7);
});

test('a folder is removed with everything that the runtime puts there', () => {
  const fd = makeFolder(root, 'web1');
  saveRecord(root, RECORD);
  markCreated(root, 'web1');
  for (const name of [START_FIFO, RESULT_FIFO, PLAN_FILE, 'state.json.new']) writeFileSync(`${root}/web1/${name}`, '');
  mkdirSync(`${root}/web1/${ROOTFS_FOLDER}`);
  removeFolder(root, 'web1', fd);
  assert.equal(readdirSync(root), []);
  assert.throws(() => fstatSync(fd), /EBADF/);
});

test('a folder that is half made, or gone, is removed too', () => {
  removeFolder(root, 'web1', makeFolder(root, 'web1'));
  const fd = makeFolder(root, 'web1');
  rmSync(`${root}/web1`, { recursive: true });
  assert.not.throws(() => removeFolder(root, 'web1', fd));
});

test('what the runtime does not know is never removed', () => {
  const fd = makeFolder(root, 'web1');
  writeFileSync(`${root}/web1/precious`, 'x');
  assert.throws(
    () => removeFolder(root, 'web1', fd),
    (error: unknown) => errnoOf(error) === 'ENOTEMPTY',
  );
  assert.ok(existsSync(`${root}/web1/precious`));
});

test('what is in the rootfs folder is never removed: a mount may be left there', () => {
  const fd = makeFolder(root, 'web1');
  mkdirSync(`${root}/web1/${ROOTFS_FOLDER}/etc`, { recursive: true });
  assert.throws(
    () => removeFolder(root, 'web1', fd),
    (error: unknown) => errnoOf(error) === 'ENOTEMPTY',
  );
  assert.ok(existsSync(`${root}/web1/${ROOTFS_FOLDER}/etc`));
});

test('containers are listed; a root that does not exist has none', () => {
  for (const id of ['b', 'a']) makeFolder(root, id);
  assert.equal(listIds(root).sort(), ['a', 'b']);
  assert.equal(listIds(`${root}/none`), []);
});

test.run();
