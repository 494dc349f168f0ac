import { chmodSync, chownSync, closeSync, mkdirSync, openSync, readdirSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { chroot } from '../../bindings/files.ts';
import { LINUX_CAPABILITY_VERSION_3 } from '../../bindings/constants.ts';
import { capget } from '../../bindings/process.ts';
import { inChild, messageOf, rootTest, strictSuite } from '../../bindings/strict-suite.ts';
import { syscall } from '../../bindings/syscall.ts';
import { SAMPLE_HOST } from '../plan/fixtures/plan.ts';
import { type ProcessPlan, planProcess } from '../plan/process.ts';
import { lineOf, withRoot } from './fixtures/root.ts';
import { enterWorkingDirectory, openWorkingDirectory } from './working-directory.ts';

const test = strictSuite('init/working-directory', import.meta.path);

function processIn(cwd: string): ProcessPlan {
  const plan = planProcess({ ociVersion: '1.3.0', process: { cwd, user: { uid: 1000, gid: 1000 } } }, SAMPLE_HOST, []);
  if (plan === undefined) throw new Error('no plan');
  return plan;
}

// Where a process ends up that opens the directory and enters it after its root has changed.
function placeIn(root: string, rootFd: number, cwd: string): string {
  return inChild(() => {
    const plan = processIn(cwd);
    const fd = openWorkingDirectory(rootFd, plan);
    chroot(root);
    enterWorkingDirectory(fd, plan);
    return process.cwd();
  });
}

rootTest(test, 'a directory is entered, through links within the root', () => {
  withRoot((root, rootFd) => {
    mkdirSync(`${root}/srv`);
    symlinkSync('/srv', `${root}/link`);
    symlinkSync('../../../srv', `${root}/out`);
    assert.equal(['/', '/srv', '/link', '/out'].map((cwd) => placeIn(root, rootFd, cwd)), ['/', '/srv', '/srv', '/srv']);
  });
});

rootTest(test, 'a missing directory is made, with its parents', () => {
  withRoot((root, rootFd) => {
    assert.is(placeIn(root, rootFd, '/a/b'), '/a/b');
    assert.ok(statSync(`${root}/a/b`).isDirectory());
  });
});

rootTest(test, 'a file is refused', () => {
  withRoot((root, rootFd) => {
    writeFileSync(`${root}/file`, '');
    assert.is(lineOf(() => openWorkingDirectory(rootFd, processIn('/file'))), '/process/cwd /file: openat2 /file ENOTDIR');
  });
});

rootTest(test, "a descriptor of the runtime's is no way out of the container (CVE-2024-21626)", () => {
  const outside = openSync('/', 'r');
  const procFd = openSync('/proc', 'r');
  const cwd = `/self/fd/${outside}`;
  assert.is(readlinkSync(`/proc/self/fd/${outside}`), '/');
  assert.is(lineOf(() => openWorkingDirectory(procFd, processIn(cwd))), `/process/cwd ${cwd}: openat2 ${cwd} ELOOP`);
  closeSync(outside);
  closeSync(procFd);
});

rootTest(test, 'where root is refused, as on a network file system, the rights of the user count', () => {
  withRoot((root, rootFd) => {
    mkdirSync(`${root}/home/user/work`, { recursive: true });
    for (const folder of ['home/user', 'home/user/work']) {
      chownSync(`${root}/${folder}`, 1000, 1000);
      chmodSync(`${root}/${folder}`, 0o700);
    }
    const answer = inChild(() => {
      dropFileCapabilities();
      const refused = messageOf(() => readdirSync(`${root}/home/user`));
      const plan = processIn('/home/user/work');
      enterWorkingDirectory(openWorkingDirectory(rootFd, plan), plan);
      return [refused.split(':')[0], readlinkSync('/proc/self/cwd').slice(root.length)].join();
    });
    assert.is(answer, 'EACCES,/home/user/work');
  });
});

// capset(2) without CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: root's files are still its own, others' are not.
function dropFileCapabilities(): void {
  const { permitted } = capget();
  const kept = permitted & ~0b110n;
  const [low, high] = [Number(kept & 0xffffffffn), Number(kept >> 32n)];
  const header = new Uint8Array(Uint32Array.of(LINUX_CAPABILITY_VERSION_3, 0).buffer);
  const data = new Uint8Array(Uint32Array.of(low, low, 0, high, high, 0).buffer);
  syscall('capset', undefined, header, data);
}

test.run();
