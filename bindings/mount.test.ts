import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import * as assert from 'uvu/assert';
import { MNT_DETACH, UMOUNT_NOFOLLOW } from './constants.ts';
import { SyscallError } from './errno.ts';
import { umount2 } from './mount.ts';
import { isolatedSuite, rootTest } from './root-suite.ts';

const test = isolatedSuite('bindings/mount', import.meta.path);

const folder = mkdtempSync('/tmp/runts-mount-');
test.after(() => rmdirSync(folder));

const saysSo = (message: string) => (error: unknown) => error instanceof SyscallError && error.message === message;

function mountTmpfs(): void {
  assert.is(spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', folder]).status, 0);
  writeFileSync(`${folder}/inside`, '');
}

rootTest(test, 'a mount is taken away', () => {
  mountTmpfs();
  umount2(folder, 0);
  assert.not.ok(existsSync(`${folder}/inside`));
});

rootTest(test, 'a mount that is in use is refused, or detached', () => {
  mountTmpfs();
  const fd = openSync(`${folder}/inside`, 'r');
  assert.throws(() => umount2(folder, 0), saysSo(`umount2 ${folder} EBUSY`));
  umount2(folder, MNT_DETACH);
  assert.not.ok(existsSync(`${folder}/inside`));
  closeSync(fd);
});

rootTest(test, 'a link is not followed if that is asked for', () => {
  mountTmpfs();
  symlinkSync(folder, `${folder}-link`);
  assert.throws(() => umount2(`${folder}-link`, UMOUNT_NOFOLLOW), saysSo(`umount2 ${folder}-link EINVAL`));
  unlinkSync(`${folder}-link`);
  umount2(folder, 0);
});

rootTest(test, 'what is not mounted is refused', () => {
  assert.throws(() => umount2(folder, 0), saysSo(`umount2 ${folder} EINVAL`));
  assert.throws(() => umount2('/nowhere', 0), saysSo('umount2 /nowhere ENOENT'));
});

test.run();
