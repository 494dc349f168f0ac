import { chmodSync, chownSync, mkdirSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { isolatedSuite, rootTest } from '../../bindings/root-suite.ts';
import { makePath } from '../create/container-paths.ts';
import { readHostFacts } from '../create/host.ts';
import { callError } from '../errors.ts';
import type { Event } from '../final/event.ts';
import type { Script } from '../final/script.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import type { ProcessPlan } from '../plan/process.ts';
import { runInRoot, withFolder, withRoot } from './fixtures/stage.ts';
import type { Root } from './paths.ts';
import { enterWorkingDirectory, openWorkingDirectory } from './working-directory.ts';

const test = isolatedSuite('init/working-directory', import.meta.path);

function processIn(cwd: string): ProcessPlan {
  const { process } = samplePlan({ ociVersion: '1.3.0', process: { cwd, user: { uid: 1000, gid: 1000 } } });
  if (process === undefined) throw new Error('no process');
  return process;
}

// Where a process ends up that opens the directory and enters it after its root has changed.
function placeIn(folder: string, cwd: string, before: (script: Script) => void = () => {}): string {
  let place = '';
  const answer = (event: Event): void => {
    if (event.type !== 'makePath') return;
    withFolder(folder, (fd) => makePath(fd, event.path, event.entry, { uid: 0, gid: 0 }));
  };
  const build = (root: Root) => {
    const { script } = root;
    const into = script.slot();
    before(script);
    openWorkingDirectory(root, processIn(cwd), into);
    script.call('fchdir', [root.fd]);
    script.call('chroot', [script.string('.')]);
    enterWorkingDirectory(script, processIn(cwd), into);
  };
  const look = (pid: number) => {
    place = readlinkSync(`/proc/${pid}/cwd`);
  };
  const line = runInRoot(folder, build, { answer, look });
  return line === 'done' ? place.replace(folder, '') || '/' : line;
}

rootTest(test, 'a directory is entered, through links within the root', () => {
  withRoot((root) => {
    mkdirSync(`${root}/srv`);
    symlinkSync('/srv', `${root}/link`);
    symlinkSync('../../../srv', `${root}/out`);
    const places = ['/', '/srv', '/link', '/out'].map((cwd) => placeIn(root, cwd));
    assert.equal(places, ['/', '/srv', '/srv', '/srv']);
  });
});

rootTest(test, 'a missing directory is made, with its parents', () => {
  withRoot((root) => {
    assert.is(placeIn(root, '/a/b'), '/a/b');
    assert.ok(statSync(`${root}/a/b`).isDirectory());
  });
});

rootTest(test, 'a file is refused', () => {
  withRoot((root) => {
    writeFileSync(`${root}/file`, '');
    assert.is(placeIn(root, '/file'), '/process/cwd /file: openat2 /file ENOTDIR');
  });
});

rootTest(test, "a descriptor of the process's is no way out of the container (CVE-2024-21626)", () => {
  const cwd = '/self/fd/100';
  const line = placeIn('/proc', cwd, (script) => {
    const outside = script.slot();
    script.call('openat', [K.AT_FDCWD, script.string('/'), K.O_PATH, 0], { save: outside });
    script.call('dup3', [outside, 100, 0]);
  });
  assert.is(line, `/process/cwd ${cwd}: ${callError(`openat2 ${cwd} ELOOP`, 'openat2', 'ELOOP').oneLine}`);
});

// capset(2) without CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: root's files are still its own, others' are not.
function dropFileCapabilities(script: Script): void {
  const header = script.program.bytes(new Uint8Array(Uint32Array.of(K.LINUX_CAPABILITY_VERSION_3, 0).buffer), 4);
  const kept = readHostFacts().grantableCapabilities & ~0b110n;
  const [low, high] = [Number(kept & 0xffffffffn), Number(kept >> 32n)];
  const data = new Uint8Array(Uint32Array.of(low, low, 0, high, high, 0).buffer);
  script.call('capset', [header, script.program.bytes(data, 4)]);
}

rootTest(test, 'where root is refused, as on a network file system, the rights of the user count', () => {
  withRoot((root) => {
    mkdirSync(`${root}/home/user/work`, { recursive: true });
    for (const folder of ['home/user', 'home/user/work']) {
      chownSync(`${root}/${folder}`, 1000, 1000);
      chmodSync(`${root}/${folder}`, 0o700);
    }
    assert.is(placeIn(root, '/home/user/work', dropFileCapabilities), '/home/user/work');
    chownSync(`${root}/home/user`, 1001, 1001);
    const line = placeIn(root, '/home/user/work', dropFileCapabilities);
    assert.is(line, '/process/cwd /home/user/work: openat2 /home/user/work EACCES');
  });
});

test.run();
