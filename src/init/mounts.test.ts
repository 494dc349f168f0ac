import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { isolatedSuite, rootTest } from '../../bindings/root-suite.ts';
import type { Mount } from '../bundle/config.ts';
import { makePath } from '../create/container-paths.ts';
import type { Event } from '../final/event.ts';
import { Script } from '../final/script.ts';
import { planMounts } from '../plan/mounts.ts';
import { argsOf, callsOf, rootScriptOf } from './fixtures/lines.ts';
import { type MountEntry, mountOn, mountsBelow, runInRoot, withFolder, withRoot } from './fixtures/stage.ts';
import { copyShared, type MountFacts, makeMount } from './mounts.ts';

const test = isolatedSuite('init/mounts', import.meta.path);

const bundle = mkdtempSync('/tmp/runts-mounts-');
mkdirSync(`${bundle}/folder/inner`, { recursive: true });
writeFileSync(`${bundle}/file`, 'hello');
test.after(() => rmSync(bundle, { recursive: true }));

const NO_FACTS: MountFacts = { isDirectory: true, coveredMode: undefined };

// Makes the mounts in a root, the runtime's part included. Returns what the user would be told.
function make(folder: string, mounts: Mount[], facts: Partial<MountFacts> = {}, asked: Event[] = []): string {
  const answer = (event: Event): void => {
    asked.push(event);
    if (event.type !== 'makePath') return;
    withFolder(folder, (fd) => makePath(fd, event.path, event.entry, { uid: 0, gid: 0 }));
  };
  const plans = planMounts(mounts, { bundle, isInUser: false });
  return runInRoot(
    folder,
    (root) => {
      const copies = copyShared(root.script, plans, new Map());
      plans.forEach(
        (plan, index) => void makeMount(root, plan, { ...NO_FACTS, ...facts }, { copy: copies.get(index) }),
      );
    },
    { answer },
  );
}

const tmpfs = (...options: string[]): Mount => ({ destination: '/x', type: 'tmpfs', source: 'mine', options });
const bind = (source: string, ...options: string[]): Mount => ({
  destination: '/x',
  source,
  options: ['bind', ...options],
});

// What mountinfo says about the mount on /x.
function found(mounts: Mount[], facts: Partial<MountFacts> = {}): MountEntry | string | undefined {
  return withRoot((root) => {
    const line = make(root, mounts, facts);
    return line === 'done' ? mountOn(`${root}/x`) : line;
  });
}

const optionsOf = (entry: MountEntry | string | undefined) =>
  typeof entry === 'object' ? entry.options.sort() : entry;

const attributes: [name: string, mount: Mount, options: string[]][] = [
  ['none', tmpfs(), ['relatime', 'rw']],
  ['several', tmpfs('nosuid', 'nodev', 'noexec', 'noatime'), ['noatime', 'nodev', 'noexec', 'nosuid', 'rw']],
  ['strictatime', tmpfs('strictatime', 'nodiratime'), ['nodiratime', 'rw']],
  ['nosymfollow', tmpfs('nosymfollow'), ['nosymfollow', 'relatime', 'rw']],
  ['recursive ones', tmpfs('rnosuid', 'rnoatime'), ['noatime', 'nosuid', 'rw']],
  ['of a bind mount', bind('folder', 'ro', 'nosuid'), ['nosuid', 'relatime', 'ro']],
  ['read-only proc', { destination: '/x', type: 'proc', source: 'proc', options: ['ro'] }, ['relatime', 'ro']],
  ['a tmpfs is made read-only later', tmpfs('ro'), ['relatime', 'rw']],
];
for (const [name, mount, options] of attributes) {
  rootTest(test, `attributes: ${name}`, () => assert.equal(optionsOf(found([mount])), options));
}

const superblocks: [name: string, mount: Mount, facts: Partial<MountFacts>, options: string[]][] = [
  ['options of the file system', tmpfs('size=64k', 'mode=750', 'sync'), {}, ['size=64k', 'mode=750', 'sync']],
  ['the mode of the folder that is covered', tmpfs(), { coveredMode: 0o1733 }, ['mode=1733']],
];
for (const [name, mount, facts, options] of superblocks) {
  rootTest(test, `a tmpfs has ${name}`, () => {
    const entry = found([mount], facts);
    if (typeof entry !== 'object') throw new Error(entry);
    assert.equal([entry.type, entry.source], ['tmpfs', 'mine']);
    assert.equal(
      options.filter((option) => !entry.superblock.includes(option)),
      [],
    );
  });
}

rootTest(test, 'an option that is too long for fsconfig is passed on by mount(2)', () => {
  const lowerdir = Array.from({ length: 20 }, (_, i) => `${bundle}/folder/inner/${'l'.repeat(10)}${i}`);
  for (const folder of lowerdir) mkdirSync(folder);
  const options = [`lowerdir=${lowerdir.join(':')}`, 'nosuid'];
  const entry = found([{ destination: '/x', type: 'overlay', source: 'o', options }]);
  if (typeof entry !== 'object') throw new Error(entry);
  assert.equal([entry.type, entry.source, entry.options.includes('nosuid')], ['overlay', 'o', true]);
});

const propagations: [options: string[], peers: RegExp][] = [
  [[], /^$/],
  [['shared'], /^shared:\d+$/],
  [['shared', 'slave'], /^$/],
  [['unbindable'], /^unbindable$/],
  [['rshared', 'rprivate'], /^$/],
];
for (const [options, peers] of propagations) {
  rootTest(test, `propagation of a new file system: ${options.join(', ') || 'unset'}`, () => {
    const entry = found([tmpfs(...options)]);
    assert.match(typeof entry === 'object' ? entry.peers : String(entry), peers);
  });
}

const targets: [name: string, prepare: (root: string) => void, destination: string, place: string][] = [
  ['a missing target', () => {}, '/a/b/file', '/a/b/file'],
  ['a link within the root', (root) => symlinkSync('/etc/../file', `${root}/link`), '/link', '/file'],
  ['a link that leads out', (root) => symlinkSync('../../../new', `${root}/link`), '/link', '/new'],
];
for (const [name, prepare, destination, place] of targets) {
  rootTest(test, `a file is bound to ${name}`, () => {
    withRoot((root) => {
      prepare(root);
      assert.is(make(root, [{ destination, source: 'file', options: ['bind'] }], { isDirectory: false }), 'done');
      assert.is(readFileSync(root + place, 'utf8'), 'hello');
      assert.ok(mountOn(root + place));
    });
  });
}

rootTest(test, 'rbind takes along what is mounted below the source, bind does not', () => {
  withRoot((root) => {
    make(root, [tmpfs(), { destination: '/x/y', type: 'tmpfs' }]);
    make(root, [{ destination: '/r', source: `${root}/x`, options: ['rbind', 'rro'] }]);
    make(root, [{ destination: '/b', source: `${root}/x`, options: ['bind'] }]);
    make(root, [{ destination: '/o', source: `${root}/x`, options: ['rbind', 'ro'] }]);
    const places = ['/r', '/r/y', '/b', '/b/y', '/o', '/o/y'];
    assert.equal(
      places.map((path) => mountOn(root + path)?.options[0]),
      ['ro', 'ro', 'rw', undefined, 'ro', 'rw'],
    );
  });
});

rootTest(test, 'in a tmpfs that is new, mount points are made without asking the runtime', () => {
  withRoot((root) => {
    const asked: Event[] = [];
    assert.is(make(root, [tmpfs(), { destination: '/x/pts', type: 'tmpfs' }], {}, asked), 'done');
    assert.equal(asked, [{ type: 'makePath', path: '/x', entry: 'directory' }]);
    assert.ok(mountOn(`${root}/x/pts`));
  });
});

rootTest(test, 'for tmpcopyup the runtime is asked before and after the tmpfs is attached', () => {
  withRoot((root) => {
    mkdirSync(`${root}/x`);
    const asked: Event[] = [];
    assert.is(make(root, [tmpfs('tmpcopyup')], {}, asked), 'done');
    assert.equal(asked, [
      { type: 'copyUpFrom', path: '/x' },
      { type: 'copyUpTo', path: '/x' },
    ]);
  });
});

rootTest(test, 'a remount changes attributes and options of what is mounted', () => {
  withRoot((root) => {
    assert.is(make(root, [tmpfs('size=64k'), tmpfs('remount', 'nosuid', 'size=128k')]), 'done');
    const [entry, ...others] = mountsBelow(`${root}/x`);
    assert.ok(entry?.options.includes('nosuid') && entry.superblock.includes('size=128k'));
    assert.equal(others, []);
  });
});

rootTest(test, 'a remount of the attributes alone works on a bind mount', () => {
  const again: Mount = { destination: '/x', options: ['remount', 'ro', 'bind'] };
  assert.ok(optionsOf(found([bind('folder'), again]))?.includes('ro'));
});

rootTest(test, 'a remount that changes nothing needs a mount, too', () => {
  const again: Mount = { destination: '/x/inner', options: ['remount'] };
  assert.match(String(found([bind('folder'), again])), /: mount \/x\/inner EINVAL$/);
});

const failures: [mount: Mount, line: RegExp][] = [
  [tmpfs('size=64q'), /^mount \/mounts\/0 \(tmpfs on \/x\): fsconfig size=64q \(.*size.*\) EINVAL$/],
  [tmpfs('nonsense=1'), /^mount \/mounts\/0 \(tmpfs on \/x\): fsconfig nonsense=1 \(.*\) EINVAL$/],
  [{ destination: '/x', type: 'nofs' }, /^mount \/mounts\/0 \(nofs on \/x\): fsopen nofs ENODEV$/],
  [bind('none'), /^mount \/mounts\/0 \(bind of \S+\/none on \/x\): open_tree \S+\/none ENOENT$/],
  [{ destination: '/none', options: ['remount', 'ro'] }, /^mount .*: openat2 \/none ENOENT$/],
];
for (const [mount, line] of failures) {
  rootTest(test, `told to the user: ${line}`, () => assert.match(String(found([mount])), line));
}

test('a mount label is in quotation marks where options are separated by commas', () => {
  const options = { bundle, isInUser: false, mountLabel: 'u:r:t:s0:c1,c2' };
  const written = (...more: string[]): (string | number | bigint)[] => {
    const script = rootScriptOf((root) => {
      for (const plan of planMounts([tmpfs(...more)], options)) makeMount(root, plan, NO_FACTS, {});
    });
    return callsOf(script, 'mount', 'fsconfig').flatMap((call) => argsOf(script, call));
  };
  assert.ok(written('size=1m').includes('u:r:t:s0:c1,c2'));
  assert.ok(written('size=1m', 'iversion').includes('size=1m,context="u:r:t:s0:c1,c2"'));
});

test('only the bind mounts that share with the host are copied early', () => {
  const plans = planMounts([bind('a'), bind('b', 'rshared'), tmpfs('shared'), bind('c', 'shared')], {
    bundle,
    isInUser: false,
  });
  assert.equal([...copyShared(new Script(3), plans, new Map()).keys()], [1, 3]);
});

rootTest(test, 'what is mounted on a shared bind mount later reaches the host', () => {
  withRoot((root) => {
    make(root, [{ destination: '/host', type: 'tmpfs', options: ['shared'] }]);
    make(root, [{ destination: '/x', source: `${root}/host`, options: ['rbind', 'rshared'] }]);
    make(root, [{ destination: '/x/inner', type: 'tmpfs' }]);
    assert.ok(mountOn(`${root}/host/inner`));
    assert.ok(statSync(`${root}/host/inner`).isDirectory());
  });
});

rootTest(
  test,
  'a shared bind mount is listed behind the mounts before it, and has not touched the mounts of the host',
  () => {
    withRoot((root) => {
      make(root, [{ destination: '/host', type: 'tmpfs', options: ['shared'] }]);
      make(root, [{ destination: '/host/below', type: 'tmpfs', options: ['shared'] }]);
      make(root, [
        { destination: '/first', type: 'tmpfs' },
        { destination: '/x', source: `${root}/host`, options: ['rbind', 'rshared'] },
      ]);
      const places = ['/host', '/host/below', '/first', '/x', '/x/below'];
      assert.equal(
        mountsBelow(root).map(({ mountPoint }) => mountPoint),
        [root, ...places.map((place) => root + place)],
      );
      for (const place of ['', '/below']) {
        const [host, copy] = [mountOn(`${root}/host${place}`), mountOn(`${root}/x${place}`)];
        assert.match(host?.peers ?? '', /^shared:\d+$/);
        assert.is(copy?.peers, host?.peers);
      }
    });
  },
);

test.run();
