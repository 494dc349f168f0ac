// node:fs, whose place it takes, says what is right.
import * as nodeFs from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { messageOf } from './root-suite.ts';
import * as S from './stat.ts';

const test = suite('bindings/stat');
const folder = nodeFs.mkdtempSync('/tmp/runts-stat-');
const path = (name: string): string => `${folder}/${name}`;
test.after(() => nodeFs.rmSync(folder, { recursive: true }));

nodeFs.writeFileSync(path('file'), 'hello', { mode: 0o640 });
nodeFs.symlinkSync('file', path('link'));
nodeFs.mkdirSync(path('folder'));

const failures: [line: string, action: () => unknown][] = [
  [`stat ${path('none')} ENOENT`, () => S.statSync(path('none'))],
  [`lstat ${path('none')} ENOENT`, () => S.lstatSync(path('none'))],
  [`statfs ${path('none')} ENOENT`, () => S.statfs(path('none'))],
  ['fstat EBADF', () => S.fstatSync(-1)],
  [`open ${path('none')} ENOENT`, () => S.readdirSync(path('none'))],
  [`open ${path('file')} ENOTDIR`, () => S.readdirSync(path('file'))],
];
for (const [line, action] of failures) test(line, () => assert.is(messageOf(action), line));

const NUMBERS = ['mode', 'uid', 'gid', 'ino', 'size', 'rdev', 'dev'] as const;
const KINDS = ['isDirectory', 'isFile', 'isSymbolicLink', 'isCharacterDevice', 'isFIFO'] as const;

test('knows when a file was changed, to the nanosecond', () => {
  const { ctimeNs } = nodeFs.statSync(path('file'), { bigint: true });
  const [seconds = '', nanoseconds = ''] = S.statSync(path('file')).ctime.split('.');
  assert.is(BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds), ctimeNs);
});

test('knows the flags of the mount that a path is on', () => {
  const names = ['ro', 'nosuid', 'nodev', 'noexec'];
  const lines = nodeFs.readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n');
  // A later mount may cover an earlier one.
  const mounts = new Map(lines.map((line) => [line.split(' ')[4] ?? '', (line.split(' ')[5] ?? '').split(',')]));
  for (const target of ['/', '/proc', '/sys', '/dev/pts', '/dev/shm']) {
    const options = mounts.get(target);
    if (options === undefined) continue;
    const expected = names.reduce((flags, name, bit) => flags | (options.includes(name) ? 1 << bit : 0), 0);
    assert.is(S.statfs(target).flags & 0xe, expected & 0xe, target);
  }
});

for (const file of [path('file'), path('folder'), path('link'), '/dev/null', '/dev/tty', '/proc/self/status', '/']) {
  test(`knows of ${file.replace(folder, '')} what node:fs knows`, () => {
    const both = [
      { stat: 'stat', ours: S.statSync(file), theirs: nodeFs.statSync(file) },
      { stat: 'lstat', ours: S.lstatSync(file), theirs: nodeFs.lstatSync(file) },
    ];
    for (const { stat, ours, theirs } of both) {
      for (const name of NUMBERS) {
        // The files of /proc/self are made anew for each look.
        if (name !== 'ino' || !file.startsWith('/proc')) assert.is(ours[name], theirs[name], `${stat} ${name}`);
      }
      for (const kind of KINDS) assert.is(ours[kind](), theirs[kind](), `${stat} ${kind}`);
    }
  });
}

test('knows of a descriptor', () => {
  const fd = nodeFs.openSync(path('file'), 'r');
  assert.is(S.fstatSync(fd).size, 5);
  nodeFs.closeSync(fd);
});

test('lists a folder, with types', () => {
  assert.equal(S.readdirSync(folder).sort(), ['file', 'folder', 'link']);
  const entries = S.readdirSync(folder, { withFileTypes: true });
  const types = entries.map((entry) => [entry.name, entry.isDirectory(), entry.isFile()]);
  assert.equal(types.sort(), [
    ['file', false, true],
    ['folder', true, false],
    ['link', false, false],
  ]);
});

test('lists more than one call returns', () => {
  for (let i = 0; i < 1500; i++) nodeFs.writeFileSync(path(`folder/a-name-of-some-length-${i}`), '');
  assert.is(S.readdirSync(path('folder')).length, 1500);
});

test.run();
