import { mkdirSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { MOUNT_ATTR_NOSUID } from '../../bindings/constants.ts';
import { isolatedSuite, rootTest } from '../../bindings/root-suite.ts';
import { type FileSystem, newFileSystem } from './file-systems.ts';
import { type MountEntry, mountOn, runInRoot, withRoot } from './fixtures/stage.ts';
import { attach } from './mount-calls.ts';
import type { Root } from './paths.ts';

const test = isolatedSuite('init/file-systems', import.meta.path);

const TMPFS: FileSystem = { type: 'tmpfs', source: 'mine', options: [], set: 0 };

const withFolderX = (action: (folder: string) => void): void =>
  withRoot((folder) => {
    mkdirSync(`${folder}/x`);
    action(folder);
  });

function make(root: Root, ...fileSystems: FileSystem[]): void {
  for (const fileSystem of fileSystems) {
    const [mount, target] = [root.script.slot(), root.script.slot()];
    newFileSystem(root.script, root.fileSystems, fileSystem, mount);
    root.open('/x', target);
    attach(root.script, mount, target, '/x');
  }
}

rootTest(test, 'a file system has the options, the source and the attributes that it was made with', () => {
  withFolderX((folder) => {
    const options = ['size=64k', 'mode=750', 'ro'];
    assert.is(
      runInRoot(folder, (root) => make(root, { ...TMPFS, options, set: MOUNT_ATTR_NOSUID })),
      'done',
    );
    const mount: Partial<MountEntry> = mountOn(`${folder}/x`) ?? {};
    assert.equal([mount.type, mount.source, mount.options], ['tmpfs', 'mine', ['rw', 'nosuid', 'relatime']]);
    for (const option of options) assert.ok(mount.superblock?.includes(option), option);
  });
});

rootTest(test, "what is behind an option's first equals sign is its value", () => {
  withFolderX((folder) => {
    const options = ['lowerdir=/tmp', 'upperdir=/a=b'];
    const line = runInRoot(folder, (root) => make(root, { type: 'overlay', source: 'o', options, set: 0 }));
    assert.match(line, /^fsconfig (upperdir=\/a=b|overlay) .*(ENOENT|EINVAL)$/);
  });
});

const failures: [name: string, fileSystem: FileSystem, line: RegExp][] = [
  ['a type that the kernel does not have', { ...TMPFS, type: 'nofs' }, /^fsopen nofs ENODEV$/],
  [
    'a bad value, in the words of the file system',
    { ...TMPFS, options: ['size=64q'] },
    /^fsconfig size=64q \(tmpfs: Bad value for 'size'\) EINVAL$/,
  ],
  ['an unknown option', { ...TMPFS, options: ['nonsense'] }, /^fsconfig nonsense \(.*nonsense.*\) EINVAL$/],
  ['a source that is no device', { ...TMPFS, type: 'ext4', source: '/nowhere' }, /^fsconfig ext4 .*(ENOENT|ENOTBLK)$/],
];
for (const [name, fileSystem, line] of failures) {
  rootTest(test, `told to the user: ${name}`, () => {
    withFolderX((folder) => {
      assert.match(
        runInRoot(folder, (root) => make(root, TMPFS, fileSystem)),
        line,
      );
    });
  });
}

test.run();
