import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { CLONE_NEWNS } from '../../bindings/constants.ts';
import { isolatedSuite, rootTest } from '../../bindings/root-suite.ts';
import type { Linux, Root } from '../bundle/config.ts';
import type { Slot } from '../final/memory.ts';
import type { Script } from '../final/script.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import type { RootfsPlan } from '../plan/rootfs.ts';
import { mountOn, mountsBelow, mountTmpfs, runScript } from './fixtures/stage.ts';
import { enterRootfs, finishRootfs, mountRootfs } from './rootfs.ts';

const test = isolatedSuite('init/rootfs', import.meta.path);

const folder = mkdtempSync('/tmp/runts-rootfs-');
for (const name of ['below', 'elsewhere', 'proc']) mkdirSync(`${folder}/${name}`);
writeFileSync(`${folder}/file`, 'hello');
test.after(() => rmSync(folder, { recursive: true }));

interface Parts {
  root?: Partial<Root>;
  linux?: Linux;
  noPivot?: boolean;
}

function plan({ root = {}, linux = {}, noPivot = false }: Parts = {}): RootfsPlan {
  const own: Linux = { namespaces: [{ type: 'mount' }], ...linux };
  return samplePlan({ ociVersion: '1.3.0', root: { path: folder, ...root }, linux: own }, { noPivot }).rootfs;
}

// What is found of a process that has mounted the root in a mount namespace of its own, and gone on.
function found<T>(
  rootfs: RootfsPlan,
  look: (pid: number) => T,
  goOn: (script: Script, root: Slot) => void = () => {},
  mountPoint = folder,
): T | string {
  let result: T | undefined;
  const build = (script: Script) => {
    const root = script.slot();
    script.call('unshare', [CLONE_NEWNS]);
    mountRootfs(script, rootfs, { path: mountPoint, opened: undefined }, root);
    goOn(script, root);
  };
  const line = runScript(build, {
    look: (pid) => {
      result = look(pid);
    },
  });
  return result ?? line;
}

const shared = <T>(action: () => T): T => {
  spawnSync('mount', ['--make-rshared', '/']);
  const result = action();
  spawnSync('mount', ['--make-rprivate', '/']);
  return result;
};
const peersOf = (path: string) => (pid: number) => mountOn(path, pid)?.peers.replace(/\d+/, 'N');

rootTest(test, 'the root is a mount of its own, together with what is mounted below it', () => {
  mountTmpfs(`${folder}/below`);
  const count = found(plan(), (pid) => mountsBelow(folder, pid).length);
  spawnSync('umount', [`${folder}/below`]);
  // Those of this process, the root, and the copy of what is below it.
  assert.is(count, 3);
});

rootTest(test, 'the host is not reached by mounts of the container, but the other way round', () => {
  assert.is(
    shared(() => found(plan(), peersOf('/'))),
    'master:N',
  );
});

const propagations: [rootfsPropagation: string, peers: RegExp][] = [
  ['', /^$/],
  ['private', /^$/],
  ['shared', /^shared:\d+$/],
  ['rslave', /^$/],
  ['unbindable', /^unbindable$/],
];
for (const [rootfsPropagation, peers] of propagations) {
  rootTest(test, `rootfsPropagation "${rootfsPropagation}" is that of the root mount`, () => {
    const rootfs = plan({ linux: { rootfsPropagation } });
    const peersFound = found(
      rootfs,
      (pid) => mountOn(folder, pid)?.peers,
      (script, root) => finishRootfs(script, root, rootfs),
    );
    assert.match(peersFound ?? 'none', peers);
  });
}

rootTest(test, 'a shared root is in a group of its own, not in the one of the host', () => {
  const rootfs = plan({ linux: { rootfsPropagation: 'rshared' } });
  const peers = shared(() => found(rootfs, peersOf(folder), (script, root) => finishRootfs(script, root, rootfs)));
  assert.is(peers, 'shared:N');
});

rootTest(test, 'a read-only root is so at the end, not before', () => {
  const rootfs = plan({ root: { readonly: true } });
  const options = (goOn?: (script: Script, root: Slot) => void) =>
    found(rootfs, (pid) => mountOn(folder, pid)?.options[0], goOn);
  assert.is(options(), 'rw');
  assert.is(
    options((script, root) => finishRootfs(script, root, rootfs)),
    'ro',
  );
});

const changes: [name: string, parts: Parts][] = [
  ['pivot_root', {}],
  ['--no-pivot', { noPivot: true }],
  ['chroot', { linux: { namespaces: [] } }],
];
for (const [name, parts] of changes) {
  rootTest(test, `with ${name} the new root is the root directory`, () => {
    const rootfs = plan(parts);
    const mountPoint = rootfs.change === 'chroot' ? `${folder}/elsewhere` : folder;
    const look = (pid: number) => [
      readFileSync(`/proc/${pid}/root/file`, 'utf8'),
      existsSync(`/proc/${pid}/root/tmp`),
      readdirSync(`/proc/${pid}/cwd`).includes('below'),
    ];
    const goOn = (script: Script, root: Slot) => enterRootfs(script, root, rootfs);
    assert.equal(found(rootfs, look, goOn, mountPoint), ['hello', false, true]);
  });
}

rootTest(test, "pivot_root leaves nothing of the host's mounts", () => {
  const look = (pid: number) => readFileSync(`/proc/${pid}/mountinfo`, 'utf8').trim().split('\n').length;
  assert.is(
    found(plan(), look, (script, root) => enterRootfs(script, root, plan())),
    1,
  );
});

rootTest(test, 'a shared root can be pivoted: its propagation comes after that', () => {
  const rootfs = plan({ linux: { rootfsPropagation: 'rshared' } });
  const goOn = (script: Script, root: Slot) => {
    enterRootfs(script, root, rootfs);
    finishRootfs(script, root, rootfs);
  };
  assert.is(
    shared(() => found(rootfs, peersOf('/'), goOn)),
    'shared:N',
  );
});

rootTest(test, "in the host's mount namespace the root is private, and the host's own mounts are left alone", () => {
  const rootfs = plan({ linux: { namespaces: [] } });
  const look = (pid: number) => [peersOf('/')(pid), peersOf(`${folder}/elsewhere`)(pid)];
  const peers = shared(() => found(rootfs, look, undefined, `${folder}/elsewhere`));
  // This process shared its mounts with the other, so it has got that one too.
  spawnSync('umount', ['-l', `${folder}/elsewhere`]);
  assert.equal(peers, ['shared:N', '']);
});

rootTest(test, 'a root that does not exist is told by its place in the config', () => {
  const line = found(plan({ root: { path: '/nowhere' } }), () => 'found');
  assert.is(line, '/root/path /nowhere: open_tree /nowhere ENOENT');
});

test.run();
