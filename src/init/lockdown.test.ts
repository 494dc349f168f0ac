import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { CLONE_NEWNS } from '../../bindings/constants.ts';
import { isolatedSuite, rootTest } from '../../bindings/root-suite.ts';
import { callError } from '../errors.ts';
import { makedev } from './devices.ts';
import { linesOf, rootScriptOf } from './fixtures/lines.ts';
import { mountsBelow, mountTmpfs, runInRoot, withRoot } from './fixtures/stage.ts';
import { makePathsReadonly, maskPaths } from './lockdown.ts';
import type { Root } from './paths.ts';

const test = isolatedSuite('init/lockdown', import.meta.path);
const LOOP = callError('openat2 /loop ELOOP', 'openat2', 'ELOOP').oneLine;

function fill(root: string): void {
  for (const folder of ['one', 'two', 'deep/er']) {
    mkdirSync(`${root}/${folder}`, { recursive: true });
    writeFileSync(`${root}/${folder}/secret`, 'x');
  }
  writeFileSync(`${root}/file`, 'x');
}

// What is found of the root, seen by a process that has locked it down in a mount namespace of its own.
function seen<T>(build: (root: Root) => void, look: (root: string, pid: number) => T, prepare = fill): T | string {
  return withRoot((folder) => {
    prepare(folder);
    let result: T | undefined;
    const options = {
      unshare: CLONE_NEWNS,
      look: (pid: number) => {
        result = look(`/proc/${pid}/root${folder}`, pid);
      },
    };
    const line = runInRoot(folder, build, options);
    return result ?? line;
  });
}

const errnoOf = (action: () => void): string => {
  try {
    action();
    return 'done';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
};

for (const isShared of [false, true]) {
  const place = isShared ? "in somebody else's mount namespace" : 'in its own mount namespace';
  const mask = (root: Root, ...paths: string[]) => maskPaths(root, paths, { isShared });

  rootTest(test, `${place}: folders are hidden by an empty one that cannot be written to`, () => {
    const found = seen(
      (root) => mask(root, '/one', '/two', '/deep'),
      (root) =>
        ['one', 'two', 'deep'].map((name) => [
          readdirSync(`${root}/${name}`).length,
          errnoOf(() => writeFileSync(`${root}/${name}/new`, '')),
        ]),
    );
    assert.equal(found, [
      [0, 'EROFS'],
      [0, 'EROFS'],
      [0, 'EROFS'],
    ]);
  });

  rootTest(test, `${place}: files are hidden by the null device`, () => {
    const found = seen(
      (root) => mask(root, '/file', '/one/secret'),
      (root) => ['file', 'one/secret'].map((name) => statSync(`${root}/${name}`).rdev),
    );
    assert.equal(found, [makedev(1, 3), makedev(1, 3)]);
  });

  rootTest(test, `${place}: a link is followed within the root, so that what it leads to is hidden`, () => {
    const found = seen(
      (root) => mask(root, '/link'),
      (root) => readdirSync(`${root}/one`).length,
      (root) => {
        fill(root);
        symlinkSync('/one', `${root}/link`);
      },
    );
    assert.is(found, 0);
  });

  rootTest(test, `${place}: a path that does not exist is passed over, and not made`, () => {
    const found = seen(
      (root) => mask(root, '/none', '/none/at/all'),
      (root) => readdirSync(root).sort().join(),
    );
    assert.is(found, 'deep,file,one,two');
  });
}

test('nothing is made for a path that does not exist: nobody would close it', () => {
  const script = rootScriptOf((root) => maskPaths(root, ['/x'], { isShared: true }));
  const calls = script.program.operations.flatMap((operation) => (operation.kind === 'call' ? [operation.name] : []));
  assert.equal(
    calls.filter((name) => name === 'openat2' || name === 'fsopen'),
    ['openat2', 'fsopen'],
  );
});

test('what hides folders has the mount label', () => {
  const options = { isShared: false, mountLabel: 'u:r:t:s0:c1,c2' };
  const lines = linesOf(rootScriptOf((root) => maskPaths(root, ['/x'], options)));
  assert.ok(lines.some((line) => line.endsWith('fsconfig context=u:r:t:s0:c1,c2')));
});

rootTest(test, 'nothing is mounted if nothing is to be hidden', () => {
  const found = seen(
    (root) => maskPaths(root, [], { isShared: false }),
    (_, pid) => mountsBelow('/proc', pid).length - mountsBelow('/proc').length,
  );
  assert.is(found, 0);
});

rootTest(test, 'read-only paths keep their content, and so do the mounts below', () => {
  const found = seen(
    (root) => makePathsReadonly(root, ['/deep', '/none', '/file']),
    (root) => [
      readFileSync(`${root}/deep/er/inner`, 'utf8'),
      ...['deep/new', 'deep/er/new', 'file', 'one/new'].map((path) =>
        errnoOf(() => writeFileSync(`${root}/${path}`, '')),
      ),
    ],
    (root) => {
      fill(root);
      mountTmpfs(`${root}/deep/er`);
      writeFileSync(`${root}/deep/er/inner`, 'x');
    },
  );
  assert.equal(found, ['x', 'EROFS', 'EROFS', 'EROFS', 'done']);
});

rootTest(test, 'a path that cannot be resolved is told by its place in the config', () => {
  const loop = (root: string) => symlinkSync('loop', `${root}/loop`);
  const masked = seen(
    (root) => maskPaths(root, ['/x', '/loop'], { isShared: true }),
    () => 'done',
    loop,
  );
  assert.is(masked, `/linux/maskedPaths/1 (/loop): ${LOOP}`);
  const readonly = seen(
    (root) => makePathsReadonly(root, ['/x', '/', '/loop']),
    () => 'done',
    loop,
  );
  assert.is(readonly, `/linux/readonlyPaths/2 (/loop): ${LOOP}`);
});

test.run();
