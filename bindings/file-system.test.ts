// node:fs, whose place it takes, says what is right.
import * as nodeFs from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from './constants.ts';
import * as F from './file-system.ts';
import { messageOf } from './root-suite.ts';

const test = suite('bindings/file-system');
const folder = nodeFs.mkdtempSync('/tmp/runts-file-system-');
const path = (name: string): string => `${folder}/${name}`;
test.after(() => nodeFs.rmSync(folder, { recursive: true }));

nodeFs.writeFileSync(path('text'), 'Grüße\n');
nodeFs.writeFileSync(path('bytes'), Uint8Array.of(0, 0x80, 0xff, 0xfe));
nodeFs.writeFileSync(path('large'), 'x'.repeat(100_001));
nodeFs.symlinkSync('text', path('link'));
nodeFs.symlinkSync('none', path('dangling'));
nodeFs.mkdirSync(path('folder'));
nodeFs.mkdirSync(path('full/below'), { recursive: true });

const failures: [line: string, action: () => unknown][] = [
  [`open ${path('none')} ENOENT`, () => F.openSync(path('none'), 'r')],
  [`open ${path('text')} EEXIST`, () => F.openSync(path('text'), 'wx')],
  [`open ${path('none')} ENOENT`, () => F.readFileSync(path('none'))],
  [`read ${path('folder')} EISDIR`, () => F.readFileSync(path('folder'), 'utf8')],
  [`open ${path('none/file')} ENOENT`, () => F.writeFileSync(path('none/file'), 'x')],
  ['write /dev/full ENOSPC', () => F.writeFileSync('/dev/full', 'x')],
  ['read EBADF', () => F.readSync(-1, new Uint8Array(1))],
  ['write EBADF', () => F.writeSync(-1, new Uint8Array(1))],
  [`readlink ${path('text')} EINVAL`, () => F.readlinkSync(path('text'))],
  [`open ${path('dangling')} ENOENT`, () => F.realpathSync(path('dangling'))],
  [`mkdir ${path('folder')} EEXIST`, () => F.mkdirSync(path('folder'))],
  [`mkdir ${path('text')} EEXIST`, () => F.mkdirSync(path('text'), { recursive: true })],
  [`mkdir ${path('text/a')} ENOTDIR`, () => F.mkdirSync(path('text/a'), { recursive: true })],
  ['mkdir /proc/none ENOENT', () => F.mkdirSync('/proc/none/a', { recursive: true })],
  ['mkdir relative-none/a ENOENT', () => F.mkdirSync('relative-none/a')],
  [`unlink ${path('none')} ENOENT`, () => F.unlinkSync(path('none'))],
  [`rmdir ${path('full')} ENOTEMPTY`, () => F.rmdirSync(path('full'))],
  [`rename ${path('none')} ENOENT`, () => F.renameSync(path('none'), path('other'))],
  ['fchmod EBADF', () => F.fchmodSync(-1, 0)],
  ['fchown EBADF', () => F.fchownSync(-1, 0, 0)],
];
for (const [line, action] of failures) test(line, () => assert.is(messageOf(action), line));

test('reads whole files as text, as single characters, as bytes, also what has no size', () => {
  assert.is(F.readFileSync(path('text'), 'utf8'), 'Grüße\n');
  assert.is(F.readFileSync(path('bytes'), 'latin1'), '\x00\x80\xff\xfe');
  assert.equal([...F.readFileSync(path('bytes'))], [0, 0x80, 0xff, 0xfe]);
  assert.is(F.readFileSync(path('large'), 'latin1').length, 100_001);
  const fd = F.openSync(path('large'), 'r');
  for (const size of [0, 5, 50_000, 45_000, 4996, 0]) assert.is(F.readUpTo(fd, size).length, size);
  F.closeSync(fd);
  assert.is(F.readFileSync('/proc/version', 'utf8'), nodeFs.readFileSync('/proc/version', 'utf8'));
});

test('reads the rest of a descriptor', () => {
  const fd = F.openSync(path('text'), 'r');
  const start = new Uint8Array(2);
  assert.is(F.readSync(fd, start), 2);
  assert.is(F.readFileSync(fd, 'utf8'), 'üße\n');
  assert.is(F.readSync(fd, start, 0, 1, 1), 1);
  assert.equal([...start], [0x72, 0x72]);
  F.closeSync(fd);
});

test('writes files: anew, only if new, at the end, at a place', () => {
  F.writeFileSync(path('written'), 'long text', { mode: 0o600 });
  F.writeFileSync(path('written'), 'ab');
  F.writeFileSync(path('written'), Uint8Array.of(0x63), { flag: 'a' });
  assert.is(nodeFs.readFileSync(path('written'), 'utf8'), 'abc');
  assert.is(nodeFs.statSync(path('written')).mode & 0o777, 0o600);
  const fd = F.openSync(path('written'), 'r+');
  assert.is(F.writeSync(fd, Uint8Array.of(0x78, 0x79, 0x7a), 1, 1, 2), 1);
  F.closeSync(fd);
  assert.is(nodeFs.readFileSync(path('written'), 'utf8'), 'aby');
  F.writeFileSync(path('empty'), '');
  assert.is(nodeFs.statSync(path('empty')).size, 0);
});

test('descriptors are closed on exec', () => {
  const fd = F.openSync(path('text'), K.O_RDONLY);
  assert.match(nodeFs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'), /^flags:\s*02\d*$/m);
  F.closeSync(fd);
  assert.not.ok(nodeFs.existsSync(`/proc/self/fd/${fd}`));
});

test('what is there, and where links lead', () => {
  assert.equal(
    ['text', 'none', 'link', 'dangling', 'folder'].map((name) => F.existsSync(path(name))),
    [true, false, true, false, true],
  );
  assert.is(F.readlinkSync(path('link')), 'text');
  assert.is(F.realpathSync(`${folder}/./folder/../link`), nodeFs.realpathSync(path('text')));
});

test('folders with what is missing above them, with a mode', () => {
  F.mkdirSync(path('new/deep/er/'), { recursive: true, mode: 0o700 });
  F.mkdirSync(path('new/deep/er'), { recursive: true });
  assert.is(nodeFs.statSync(path('new/deep')).mode & 0o777, 0o700);
  F.mkdirSync(path('single'), { mode: 0o711 });
  assert.is(nodeFs.statSync(path('single')).mode & 0o777, 0o711);
});

test('removes and renames', () => {
  nodeFs.writeFileSync(path('old'), 'x');
  F.renameSync(path('old'), path('young'));
  F.unlinkSync(path('young'));
  F.rmdirSync(path('full/below'));
  assert.equal(
    ['old', 'young', 'full/below', 'full'].map((name) => nodeFs.existsSync(path(name))),
    [false, false, false, true],
  );
});

test('modes and owners of open files', () => {
  const fd = F.openSync(path('text'), 'r+');
  F.fchmodSync(fd, 0o640);
  F.fchownSync(fd, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
  F.closeSync(fd);
  assert.is(nodeFs.statSync(path('text')).mode & 0o777, 0o640);
});

test.run();
