import {
  chmodSync,
  chownSync,
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { mknodat } from '../../bindings/files.ts';
import { isolatedSuite, rootTest } from '../../bindings/root-suite.ts';
import { makedev } from '../init/devices.ts';
import { mountTmpfs, withFolder, withRoot } from '../init/fixtures/stage.ts';
import { ROOT } from './as-owner.ts';
import { copyTree } from './copy-up.ts';

const test = isolatedSuite('create/copy-up', import.meta.path);

// Copies a folder that `fill` has filled onto a new tmpfs.
function copied(fill: (source: string) => void, check: (target: string, source: string) => void): void {
  const source = mkdtempSync('/tmp/runts-copy-up-');
  fill(source);
  withRoot((target) => {
    withFolder(source, (from) => withFolder(target, (to) => copyTree(from, to, ROOT)));
    check(target, source);
  });
  rmSync(source, { recursive: true });
}

const properties = (path: string): [mode: number, uid: number, gid: number, rdev: number] => {
  const { mode, uid, gid, rdev } = lstatSync(path);
  return [mode, uid, gid, rdev];
};

rootTest(test, 'names and links that are not UTF-8 stay as they are', () => {
  const inFolder = (folder: string, name: Buffer) => Buffer.concat([Buffer.from(`${folder}/`), name]);
  const [name, link] = [Buffer.from([0x6e, 0xff]), Buffer.from([0xfc])];
  copied(
    (source) => {
      writeFileSync(inFolder(source, name), 'hello');
      symlinkSync(name, inFolder(source, link));
    },
    (target) => {
      assert.is(readFileSync(inFolder(target, name), 'utf8'), 'hello');
      assert.equal(readlinkSync(inFolder(target, link), 'buffer'), name);
    },
  );
});

rootTest(test, 'folders, files and their contents are copied', () => {
  const large = 'x'.repeat(200_000);
  copied(
    (source) => {
      mkdirSync(`${source}/a/b`, { recursive: true });
      writeFileSync(`${source}/a/b/large`, large);
      writeFileSync(`${source}/a/empty`, '');
    },
    (target) => {
      assert.is(readFileSync(`${target}/a/b/large`, 'utf8'), large);
      assert.is(readFileSync(`${target}/a/empty`, 'utf8'), '');
    },
  );
});

rootTest(test, 'modes, owners and kinds stay, whatever the umask', () => {
  const names = ['folder', 'file', 'fifo', 'device', 'link'];
  const before = process.umask(0o077);
  copied(
    (source) => {
      mkdirSync(`${source}/folder`);
      writeFileSync(`${source}/file`, '');
      const fd = openSync(source, 'r');
      mknodat(fd, 'fifo', K.S_IFIFO | 0o600);
      mknodat(fd, 'device', K.S_IFCHR | 0o600, makedev(1, 3));
      closeSync(fd);
      for (const [i, name] of names.slice(0, 4).entries()) {
        chownSync(`${source}/${name}`, 1000 + i, 2000 + i);
        chmodSync(`${source}/${name}`, 0o6755 + i);
      }
      symlinkSync('file', `${source}/link`);
    },
    (target, source) => {
      for (const name of names) assert.equal(properties(`${target}/${name}`), properties(`${source}/${name}`), name);
    },
  );
  process.umask(before);
});

rootTest(test, 'links are copied as they are: what they lead to is not', () => {
  copied(
    (source) => {
      symlinkSync('/etc/passwd', `${source}/file`);
      symlinkSync('/etc', `${source}/folder`);
      symlinkSync('nowhere', `${source}/broken`);
    },
    (target) => {
      const links = readdirSync(target)
        .sort()
        .map((name) => [name, readlinkSync(`${target}/${name}`)]);
      assert.equal(Object.fromEntries(links), { broken: 'nowhere', file: '/etc/passwd', folder: '/etc' });
    },
  );
});

rootTest(test, 'a mount within the folder is an error: it is never crossed', () => {
  withRoot((source) => {
    mkdirSync(`${source}/mounted`);
    mountTmpfs(`${source}/mounted`);
    withRoot((target) => {
      const copy = () => withFolder(source, (from) => withFolder(target, (to) => copyTree(from, to, ROOT)));
      assert.throws(copy, /openat2 mounted EXDEV/);
    });
  });
});

test.run();
