import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { isolatedSuite, rootTest } from '../../bindings/root-suite.ts';
import { mountOn, mountTmpfs, runInRoot, withRoot } from './fixtures/stage.ts';
import { attach, copyTree, copyTreeOf, setAttributes } from './mount-calls.ts';

const test = isolatedSuite('init/mount-calls', import.meta.path);

// A root with a file system on /tree that has another one below it.
function withTree(action: (root: string) => void): void {
  withRoot((root) => {
    for (const name of ['tree', 'copy']) mkdirSync(`${root}/${name}`);
    mountTmpfs(`${root}/tree`);
    mkdirSync(`${root}/tree/inner`);
    mountTmpfs(`${root}/tree/inner`);
    writeFileSync(`${root}/tree/inner/file`, 'hello');
    action(root);
  });
}

for (const recursive of [true, false]) {
  rootTest(test, `a copy of a tree ${recursive ? 'has' : 'lacks'} what is mounted below it`, () => {
    withTree((root) => {
      const line = runInRoot(root, ({ script }) => {
        const [copy, target] = [script.slot(), script.slot()];
        copyTree(script, `${root}/tree`, copy, { recursive });
        script.call('openat', [K.AT_FDCWD, script.string(`${root}/copy`), K.O_PATH, 0], { save: target });
        attach(script, copy, target, '/copy');
      });
      assert.equal([line, readdirSync(`${root}/copy/inner`)], ['done', recursive ? ['file'] : []]);
    });
  });
}

rootTest(test, 'a tree is copied by its descriptor', () => {
  withTree((root) => {
    const line = runInRoot(root, (at) => {
      const { script } = at;
      const [tree, copy, target] = [script.slot(), script.slot(), script.slot()];
      at.open('/tree/inner', tree);
      copyTreeOf(script, tree, copy, true, '/tree/inner');
      at.open('/copy', target);
      attach(script, copy, target, '/copy');
    });
    assert.equal([line, readFileSync(`${root}/copy/file`, 'utf8')], ['done', 'hello']);
  });
});

rootTest(test, 'attributes and propagation are those of one mount, or of all below', () => {
  withTree((root) => {
    const change = (attributes: Parameters<typeof setAttributes>[2]) =>
      runInRoot(root, (at) => {
        const tree = at.script.slot();
        at.open('/tree', tree);
        setAttributes(at.script, tree, attributes, '/tree');
      });
    assert.is(change({ set: K.MOUNT_ATTR_RDONLY | K.MOUNT_ATTR_NOSUID }), 'done');
    assert.is(change({ clear: K.MOUNT_ATTR_NOSUID, propagation: K.MS_SHARED }), 'done');
    assert.is(change({ set: K.MOUNT_ATTR_NODEV, recursive: true }), 'done');
    assert.equal(mountOn(`${root}/tree`)?.options, ['ro', 'nodev', 'relatime']);
    assert.equal(mountOn(`${root}/tree/inner`)?.options, ['rw', 'nodev', 'relatime']);
    assert.match(mountOn(`${root}/tree`)?.peers ?? '', /^shared:/);
    assert.is(mountOn(`${root}/tree/inner`)?.peers, '');
  });
});

const failures: [line: string, build: Parameters<typeof runInRoot>[1]][] = [
  ['open_tree /nowhere ENOENT', ({ script }) => copyTree(script, '/nowhere', script.slot(), { recursive: false })],
  ['mount_setattr /x EINVAL', ({ script, fd }) => setAttributes(script, fd, { set: 0x40000000 }, '/x')],
  ['move_mount /x ELOOP', ({ script, fd }) => attach(script, fd, fd, '/x')],
];
for (const [line, build] of failures) {
  rootTest(test, `fails with: ${line}`, () => withRoot((root) => assert.is(runInRoot(root, build), line)));
}

test.run();
