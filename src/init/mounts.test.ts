import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { MOUNT_ATTR_RDONLY } from '../../bindings/constants.ts';
import { mountSetattr } from '../../bindings/mount.ts';
import { rootTest, strictSuite } from '../../bindings/strict-suite.ts';
import type { Mount } from '../bundle/config.ts';
import { planMounts } from '../plan/mounts.ts';
import { lineOf, type MountEntry, mountOn, mountsBelow, withRoot } from './fixtures/root.ts';
import { makeMount } from './mounts.ts';

const test = strictSuite('init/mounts', import.meta.path);

const bundle = mkdtempSync('/tmp/runts-mounts-');
mkdirSync(`${bundle}/folder/inner`, { recursive: true });
writeFileSync(`${bundle}/file`, 'hello');
test.after(() => rmSync(bundle, { recursive: true }));

function make(rootFd: number, ...mounts: Mount[]): (number | undefined)[] {
  return planMounts(mounts, bundle).map((plan) => makeMount(rootFd, plan));
}

const tmpfs = (...options: string[]): Mount => ({ destination: '/x', type: 'tmpfs', source: 'mine', options });
const bind = (source: string, ...options: string[]): Mount => ({ destination: '/x', source, options: ['bind', ...options] });

// What mountinfo says about the mount on /x.
function found(mounts: Mount[]): MountEntry | undefined {
  return withRoot((root, rootFd) => {
    make(rootFd, ...mounts);
    return mountOn(`${root}/x`);
  });
}

const attributes: [name: string, mount: Mount, options: string[]][] = [
  ['none', tmpfs(), ['relatime', 'rw']],
  ['several', tmpfs('nosuid', 'nodev', 'noexec', 'noatime'), ['noatime', 'nodev', 'noexec', 'nosuid', 'rw']],
  ['strictatime', tmpfs('strictatime', 'nodiratime'), ['nodiratime', 'rw']],
  ['nosymfollow', tmpfs('nosymfollow'), ['nosymfollow', 'relatime', 'rw']],
  ['recursive ones', tmpfs('rnosuid', 'rnoatime'), ['noatime', 'nosuid', 'rw']],
  ['of a bind mount', bind('folder', 'ro', 'nosuid'), ['nosuid', 'relatime', 'ro']],
  ['read-only proc', { destination: '/x', type: 'proc', source: 'proc', options: ['ro'] }, ['relatime', 'ro']],
];
for (const [name, mount, options] of attributes) {
  rootTest(test, `attributes: ${name}`, () => assert.equal(found([mount])?.options.sort(), options));
}

rootTest(test, 'source and options of the file system are passed on', () => {
  const entry = found([tmpfs('size=64k', 'mode=750', 'sync')]);
  assert.equal([entry?.type, entry?.source], ['tmpfs', 'mine']);
  for (const option of ['size=64k', 'mode=750', 'sync']) assert.ok(entry?.superblock.includes(option), option);
});

rootTest(test, 'an option that is too long for fsconfig is passed on by mount(2)', () => {
  const lowerdir = Array.from({ length: 20 }, (_, i) => `${bundle}/folder/inner/${'l'.repeat(10)}${i}`);
  for (const folder of lowerdir) mkdirSync(folder);
  const overlay = { destination: '/x', type: 'overlay', source: 'o', options: [`lowerdir=${lowerdir.join(':')}`, 'nosuid'] };
  const entry = found([overlay]);
  assert.equal([entry?.type, entry?.source, entry?.options.includes('nosuid')], ['overlay', 'o', true]);
});

const propagations: [options: string[], peers: RegExp][] = [
  [[], /^$/],
  [['shared'], /^shared:\d+$/],
  [['shared', 'slave'], /^$/],
  [['unbindable'], /^unbindable$/],
  [['rshared', 'rprivate'], /^$/],
];
for (const [options, peers] of propagations) {
  rootTest(test, `propagation ${options.join(', ') || 'unset'}`, () => {
    assert.match(found([tmpfs(...options)])?.peers ?? 'none', peers);
  });
}

const FILE_TARGETS: [name: string, prepare: (root: string) => void, destination: string][] = [
  ['a missing target', () => {}, '/a/b/file'],
  ['a link within the root', (root) => symlinkSync('/etc/../elsewhere', `${root}/link`), '/link'],
  ['a link that leads out', (root) => symlinkSync(`${bundle}/new`, `${root}/link`), '/link'],
];
for (const [name, prepare, destination] of FILE_TARGETS) {
  rootTest(test, `a file is bound to ${name}`, () => {
    withRoot((root, rootFd) => {
      prepare(root);
      make(rootFd, { destination, source: 'file', options: ['bind'] });
      const inside = mountsBelow(root).filter(({ mountPoint }) => mountPoint !== root);
      assert.is(readFileSync(inside[0]?.mountPoint ?? '', 'utf8'), 'hello');
      assert.not.ok(statSync(`${bundle}/new`, { throwIfNoEntry: false }));
    });
  });
}

rootTest(test, 'rbind takes along what is mounted below the source, bind does not', () => {
  withRoot((root, rootFd) => {
    make(rootFd, tmpfs());
    make(rootFd, { destination: '/x/y', type: 'tmpfs' });
    make(rootFd, { destination: '/r', source: `${root}/x`, options: ['rbind'] });
    make(rootFd, { destination: '/b', source: `${root}/x`, options: ['bind'] });
    assert.ok(mountOn(`${root}/r/y`) !== undefined && mountOn(`${root}/b/y`) === undefined);
  });
});

rootTest(test, 'rro makes all below read-only, ro only the mount itself', () => {
  withRoot((root, rootFd) => {
    make(rootFd, tmpfs(), { destination: '/x/y', type: 'tmpfs' });
    make(rootFd, { destination: '/r', source: `${root}/x`, options: ['rbind', 'rro'] });
    make(rootFd, { destination: '/b', source: `${root}/x`, options: ['rbind', 'ro'] });
    const isReadonly = (path: string) => mountOn(root + path)?.options.includes('ro');
    assert.equal(['/r', '/r/y', '/b', '/b/y'].map(isReadonly), [true, true, true, false]);
  });
});

rootTest(test, 'a tmpfs over a folder has its mode, unless the config sets another', () => {
  withRoot((root, rootFd) => {
    for (const name of ['like', 'other']) {
      mkdirSync(`${root}/${name}`);
      chmodSync(`${root}/${name}`, 0o1733);
    }
    make(rootFd, { destination: '/like', type: 'tmpfs' }, { destination: '/other', type: 'tmpfs', options: ['mode=0700'] });
    const modes = ['like', 'other', 'new'].map((name) => {
      if (name === 'new') make(rootFd, { destination: '/new', type: 'tmpfs' });
      return statSync(`${root}/${name}`).mode & 0o7777;
    });
    assert.equal(modes, [0o1733, 0o700, 0o1777]);
  });
});

rootTest(test, 'tmpcopyup fills the tmpfs with what was in the folder', () => {
  withRoot((root, rootFd) => {
    mkdirSync(`${root}/x/sub`, { recursive: true });
    writeFileSync(`${root}/x/sub/file`, 'kept');
    make(rootFd, tmpfs('tmpcopyup'));
    assert.is(readFileSync(`${root}/x/sub/file`, 'utf8'), 'kept');
    assert.is(mountOn(`${root}/x`)?.type, 'tmpfs');
  });
});

rootTest(test, 'a read-only tmpfs can be written to until its descriptor is used to seal it', () => {
  withRoot((root, rootFd) => {
    const [fd] = make(rootFd, tmpfs('ro'));
    writeFileSync(`${root}/x/made`, '');
    mountSetattr(fd ?? -1, { set: MOUNT_ATTR_RDONLY });
    assert.throws(() => writeFileSync(`${root}/x/later`, ''), /EROFS/);
  });
});

rootTest(test, 'a remount changes attributes and options of what is mounted', () => {
  withRoot((root, rootFd) => {
    make(rootFd, tmpfs('size=64k'), tmpfs('remount', 'nosuid', 'size=128k'));
    const [entry, ...others] = mountsBelow(`${root}/x`);
    assert.equal([entry?.options.includes('nosuid'), entry?.superblock.includes('size=128k'), others], [true, true, []]);
  });
});

rootTest(test, 'a remount of the attributes alone works on a bind mount', () => {
  withRoot((root, rootFd) => {
    make(rootFd, bind('folder'), { destination: '/x', options: ['remount', 'ro', 'bind'] });
    assert.ok(mountOn(`${root}/x`)?.options.includes('ro'));
  });
});

const failures: [mount: Mount, line: RegExp][] = [
  [tmpfs('size=64q'), /^mount \/mounts\/0 \(tmpfs on \/x\): fsconfig size=64q \(.*\) EINVAL$/],
  [tmpfs('nonsense=1'), /^mount \/mounts\/0 \(tmpfs on \/x\): fsconfig nonsense=1 \(.*\) EINVAL$/],
  [{ destination: '/x', type: 'nofs' }, /^mount \/mounts\/0 \(nofs on \/x\): fsopen nofs ENODEV$/],
  [bind('none'), /^mount \/mounts\/0 \(bind of \S+\/none on \/x\): open_tree \S+\/none ENOENT$/],
  [{ destination: '/x', type: 'proc', options: ['tmpcopyup'] }, /^mount .*: tmpcopyup is for tmpfs only$/],
  [{ destination: '/none', options: ['remount', 'ro'] }, /^mount .*: \/none does not exist$/],
];
for (const [mount, line] of failures) {
  rootTest(test, `told to the user: ${line}`, () => {
    withRoot((_, rootFd) => assert.match(lineOf(() => make(rootFd, mount)), line));
  });
}

test.run();
