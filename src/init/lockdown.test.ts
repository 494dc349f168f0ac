import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { makedev } from '../../bindings/files.ts';
import { mount } from '../../bindings/mount.ts';
import { rootTest, strictSuite } from '../../bindings/strict-suite.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { lineOf, mountsBelow, withRoot } from './fixtures/root.ts';
import { makePathsReadonly, maskPaths } from './lockdown.ts';

const test = strictSuite('init/lockdown', import.meta.path);

const masking = (...maskedPaths: string[]) => samplePlan({ ociVersion: '1.3.0', linux: { maskedPaths } }).rootfs;

function fill(root: string): void {
  for (const folder of ['one', 'two', 'deep/er']) {
    mkdirSync(`${root}/${folder}`, { recursive: true });
    writeFileSync(`${root}/${folder}/secret`, 'x');
  }
  writeFileSync(`${root}/file`, 'x');
}

rootTest(test, 'folders are hidden by an empty one that cannot be written to', () => {
  withRoot((root, rootFd) => {
    fill(root);
    maskPaths(rootFd, masking('/one', '/two', '/deep'));
    for (const folder of ['one', 'two', 'deep']) {
      assert.equal(readdirSync(`${root}/${folder}`), []);
      assert.throws(() => writeFileSync(`${root}/${folder}/new`, ''), /EROFS/);
    }
  });
});

rootTest(test, 'files are hidden by the null device', () => {
  withRoot((root, rootFd) => {
    fill(root);
    maskPaths(rootFd, masking('/file'));
    assert.is(statSync(`${root}/file`).rdev, makedev(1, 3));
    assert.is(readFileSync(`${root}/file`, 'utf8'), '');
  });
});

rootTest(test, 'a link is followed within the root, so that what it leads to is hidden', () => {
  withRoot((root, rootFd) => {
    fill(root);
    symlinkSync('/one', `${root}/link`);
    maskPaths(rootFd, masking('/link'));
    assert.equal(readdirSync(`${root}/one`), []);
  });
});

rootTest(test, 'a path that does not exist is passed over, and not made', () => {
  withRoot((root, rootFd) => {
    maskPaths(rootFd, masking('/none', '/none/at/all'));
    makePathsReadonly(rootFd, ['/none']);
    assert.equal(readdirSync(root), []);
  });
});

rootTest(test, 'read-only paths keep their content, and so do the mounts below', () => {
  withRoot((root, rootFd) => {
    fill(root);
    mount({ source: 'tmpfs', target: `${root}/deep/er`, type: 'tmpfs' });
    writeFileSync(`${root}/deep/er/inner`, 'x');
    makePathsReadonly(rootFd, ['/deep', '/file']);
    assert.is(readFileSync(`${root}/deep/er/inner`, 'utf8'), 'x');
    for (const path of ['deep/new', 'deep/er/new', 'file']) {
      assert.throws(() => writeFileSync(`${root}/${path}`, ''), /EROFS/);
    }
    writeFileSync(`${root}/one/new`, '');
  });
});

rootTest(test, 'each hidden or read-only path is one mount', () => {
  withRoot((root, rootFd) => {
    fill(root);
    maskPaths(rootFd, masking('/one', '/file'));
    makePathsReadonly(rootFd, ['/two']);
    const places = mountsBelow(root).map(({ mountPoint }) => mountPoint.slice(root.length));
    assert.equal(places.sort(), ['', '/file', '/one', '/two']);
  });
});

rootTest(test, 'a path that cannot be resolved is told by its place in the config', () => {
  withRoot((root, rootFd) => {
    symlinkSync('loop', `${root}/loop`);
    assert.is(lineOf(() => maskPaths(rootFd, masking('/x', '/loop'))), '/linux/maskedPaths/1 (/loop): openat2 /loop ELOOP');
    assert.is(lineOf(() => makePathsReadonly(rootFd, ['/loop'])), '/linux/readonlyPaths/0 (/loop): openat2 /loop ELOOP');
  });
});

test.run();
