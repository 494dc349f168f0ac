import { spawn } from 'node:child_process';
import { mkdtempSync, rmdirSync, statSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { isolatedSuite, rootTest } from '../../bindings/root-suite.ts';
import { lineOf, mountOn, mountTmpfs } from '../init/fixtures/stage.ts';
import { unmountRootfs } from './rootfs-mount.ts';

const test = isolatedSuite('create/rootfs-mount', import.meta.path);

const path = mkdtempSync('/tmp/runts-rootfs-mount-');
test.after(() => rmdirSync(path));

rootTest(test, 'the root is taken away, with what is mounted in it', () => {
  mountTmpfs(path);
  unmountRootfs({ path });
  assert.is(mountOn(path), undefined);
});

rootTest(test, 'nothing mounted, or nothing there, is no error', () => {
  for (const place of [path, '/nowhere'])
    assert.is(
      lineOf(() => unmountRootfs({ path: place })),
      'done',
    );
});

const at = (path: string) => ({ path, inode: statSync(path).ino });

// A process that has a file system mounted at the path in a mount namespace of its own.
async function withProcess(action: (pid: number) => void): Promise<void> {
  const script = `mount -t tmpfs tmpfs ${path} && echo ready; exec sleep 60`;
  const child = spawn('unshare', ['--mount', 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  try {
    action(child.pid ?? 0);
  } finally {
    child.kill('SIGKILL');
  }
}

rootTest(test, "in somebody else's mount namespace it is taken away there, and only there", () =>
  withProcess((pid) => {
    mountTmpfs(path);
    const namespace = at(`/proc/${pid}/ns/mnt`);
    assert.is(mountOn(path, pid)?.type, 'tmpfs');
    unmountRootfs({ path, namespace });
    assert.equal([mountOn(path, pid), mountOn(path)?.type], [undefined, 'tmpfs']);
    // Once more there is nothing to do.
    unmountRootfs({ path, namespace });
    unmountRootfs({ path });
  }),
);

rootTest(test, 'a path that leads to another namespace by now, or to anything else, is left alone', () =>
  withProcess((pid) => {
    const { inode } = at('/proc/self/ns/mnt');
    for (const other of [`/proc/${pid}/ns/mnt`, '/etc/passwd', '/etc/passwd/x']) {
      unmountRootfs({ path, namespace: { path: other, inode } });
    }
    assert.is(mountOn(path, pid)?.type, 'tmpfs');
  }),
);

rootTest(test, 'a namespace that is gone has taken its mounts with it', () => {
  assert.is(
    lineOf(() => unmountRootfs({ path, namespace: { path: '/proc/4194305/ns/mnt', inode: 1 } })),
    'done',
  );
});

rootTest(test, 'what is no mount namespace is told', () => {
  const line = lineOf(() => unmountRootfs({ path, namespace: at('/proc/self/ns/uts') }));
  assert.is(line, 'setns /proc/self/ns/uts EINVAL');
});

test.run();
