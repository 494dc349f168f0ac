import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { homeDirectory, homeOf } from './home.ts';

const test = suite('create/home');

const PASSWD =
  'root:x:0:0:root:/root:/bin/sh\n# a comment\nshort:x:7\nempty:x:8:8:::\nuser:x:1000:1000::/home/user:/bin/sh';

const homes: [name: string, uid: number, home: string][] = [
  ['the first line', 0, '/root'],
  ['the last line, without a line break', 1000, '/home/user'],
  ['a uid that is not there', 5, '/'],
  ['a line without enough fields', 7, '/'],
  ['a line with an empty home', 8, '/'],
];
for (const [name, uid, home] of homes) test(`home: ${name}`, () => assert.is(homeOf(PASSWD, uid), home));

test('an empty file has no homes', () => assert.is(homeOf('', 0), '/'));

// The home in a root whose /etc is prepared by `prepare`.
function homeIn(prepare: (etc: string) => void): string {
  const root = mkdtempSync('/tmp/runts-home-');
  mkdirSync(`${root}/etc`);
  prepare(`${root}/etc`);
  const rootFd = openSync(root, 'r');
  const home = homeDirectory(rootFd, 1000);
  closeSync(rootFd);
  rmSync(root, { recursive: true });
  return home;
}

const roots: [name: string, prepare: (etc: string) => void, home: string][] = [
  ["the container's passwd is read", (etc) => writeFileSync(`${etc}/passwd`, PASSWD), '/home/user'],
  ['without a passwd it is /', () => {}, '/'],
  [
    'a link is followed within the root only',
    (etc) => {
      writeFileSync(`${etc}/other`, PASSWD);
      symlinkSync('/etc/other', `${etc}/passwd`);
    },
    '/home/user',
  ],
  [
    'a line that is cut off, because more than a megabyte is not read, is none',
    (etc) => writeFileSync(`${etc}/passwd`, `${'#'.repeat(2 ** 20 - 30)}\nuser:x:1000:1000::/home/user:/bin/sh\n`),
    '/',
  ],
  ['a folder is not read', (etc) => mkdirSync(`${etc}/passwd`), '/'],
  ['a FIFO is not waited for', (etc) => void spawnSync('mkfifo', [`${etc}/passwd`]), '/'],
];
for (const [name, prepare, home] of roots) test(name, () => assert.is(homeIn(prepare), home));

test.run();
