import { closeSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { mount } from '../../bindings/mount.ts';
import { inChild, rootTest, strictSuite } from '../../bindings/strict-suite.ts';
import type { Linux, Root } from '../bundle/config.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import type { RootfsPlan } from '../plan/rootfs.ts';
import { lineOf, mountOn, mountsBelow } from './fixtures/root.ts';
import { enterRootfs, finishRootfs, mountRootfs } from './rootfs.ts';

const test = strictSuite('init/rootfs', import.meta.path);

const folder = mkdtempSync('/tmp/runts-rootfs-');
mkdirSync(`${folder}/below`);
mkdirSync(`${folder}/elsewhere`);
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

// What an action finds in a child process with a mount namespace of its own, where it has mounted the root.
function mounted(rootfs: RootfsPlan, action: (rootFd: number) => unknown, mountPoint = folder): string {
  return inChild(() => action(mountRootfs(rootfs, mountPoint)), K.CLONE_NEWNS);
}

rootTest(test, 'the root is a mount of its own, together with what is mounted below it', () => {
  const answer = inChild(() => {
    mount({ source: 'mine', target: `${folder}/below`, type: 'tmpfs' });
    closeSync(mountRootfs(plan(), folder));
    return mountsBelow(folder).length;
  }, K.CLONE_NEWNS);
  assert.is(answer, '3');
});

rootTest(test, 'the host is not reached by mounts of the container', () => {
  const answer = inChild(() => {
    mount({ source: 'none', target: '/', flags: K.MS_SHARED | K.MS_REC });
    return mounted(plan(), () => mountOn('/')?.peers.replace(/\d+/, 'N'));
  }, K.CLONE_NEWNS);
  assert.is(answer, 'master:N');
});

const propagations: [rootfsPropagation: string, peers: RegExp][] = [
  ['', /^$/],
  ['private', /^$/],
  ['shared', /^shared:\d+$/],
  ['unbindable', /^unbindable$/],
];
for (const [rootfsPropagation, peers] of propagations) {
  rootTest(test, `rootfsPropagation "${rootfsPropagation}" is that of the root mount`, () => {
    const rootfs = plan({ linux: { rootfsPropagation } });
    const found = mounted(rootfs, (rootFd) => {
      finishRootfs(rootFd, rootfs);
      return mountOn(folder)?.peers;
    });
    assert.match(found, peers);
  });
}

rootTest(test, 'a shared root is in a group of its own, not in the one of the host', () => {
  const answer = inChild(() => {
    mount({ source: 'none', target: '/', flags: K.MS_SHARED | K.MS_REC });
    closeSync(mountRootfs(plan({ linux: { rootfsPropagation: 'shared' } }), folder));
    return mountOn(folder)?.peers.replace(/\d+/, 'N');
  }, K.CLONE_NEWNS);
  assert.is(answer, 'shared:N');
});

rootTest(test, 'a read-only root is so at the end, not before', () => {
  const rootfs = plan({ root: { readonly: true } });
  const answer = mounted(rootfs, (rootFd) => {
    writeFileSync(`/proc/self/fd/${rootFd}/made`, '');
    finishRootfs(rootFd, rootfs);
    return lineOf(() => writeFileSync(`/proc/self/fd/${rootFd}/later`, '')).split(' ').at(-1);
  });
  assert.equal([answer, existsSync(`${folder}/made`)], ['EROFS', true]);
});

const changes: [name: string, parts: Parts][] = [
  ['pivot_root', {}],
  ['--no-pivot', { noPivot: true }],
];
for (const [name, parts] of changes) {
  rootTest(test, `with ${name} the new root is all that there is`, () => {
    const answer = mounted(plan(parts), (rootFd) => {
      enterRootfs(rootFd, plan(parts));
      return [readFileSync('/file', 'utf8'), process.cwd(), existsSync('/tmp'), readdirSync('/').includes('below')].join();
    });
    assert.is(answer, 'hello,/,false,true');
  });
}

rootTest(test, "pivot_root leaves nothing of the host's mounts", () => {
  const answer = mounted(plan(), (rootFd) => {
    mkdirSync(`/proc/self/fd/${rootFd}/proc`);
    enterRootfs(rootFd, plan());
    mount({ source: 'proc', target: '/proc', type: 'proc' });
    return readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n').length;
  });
  assert.is(answer, '2');
});

rootTest(test, "without a mount namespace of its own the root is mounted elsewhere, and the others' mounts are left alone", () => {
  const rootfs = plan({ linux: { namespaces: [] } });
  assert.is(rootfs.change, 'chroot');
  const answer = inChild(() => {
    mount({ source: 'none', target: '/', flags: K.MS_SHARED | K.MS_REC });
    const rootFd = mountRootfs(rootfs, `${folder}/elsewhere`);
    const peers = mountOn('/')?.peers.replace(/\d+/, 'N');
    const own = mountOn(`${folder}/elsewhere`)?.peers;
    enterRootfs(rootFd, rootfs);
    return [peers, own, readFileSync('/file', 'utf8')].join();
  }, K.CLONE_NEWNS);
  assert.is(answer, 'shared:N,,hello');
});

rootTest(test, 'a root that does not exist is told by its place in the config', () => {
  const rootfs = plan({ root: { path: '/nowhere' } });
  const line = inChild(() => lineOf(() => mountRootfs(rootfs, '/nowhere')), K.CLONE_NEWNS);
  assert.is(line, '/root/path /nowhere: open_tree /nowhere ENOENT');
});

test('nothing of all this has reached this process', () => {
  assert.equal(mountsBelow(folder), []);
  assert.ok(statfsSync(folder).type > 0);
});

test.run();
