// For tests only: a uvu suite in a process like the runtime's own, with one thread (src/strict-mode.ts), and in mount,
// UTS, IPC and cgroup namespaces of its own, so that nothing that a test does reaches the host.
import { spawnSync } from 'node:child_process';
import { type Context, suite, type Test } from 'uvu';
import * as K from './constants.ts';
import { openat2 } from './files.ts';
import { mountSetattr } from './mount.ts';
import { unshare } from './process.ts';

// The last one is for who runs from sources: several modules are transpiled by a pool of threads otherwise.
const STRICT = {
  BUN_JSC_useJIT: '0',
  BUN_JSC_useConcurrentGC: '0',
  BUN_JSC_numberOfGCMarkers: '1',
  BUN_FEATURE_FLAG_DISABLE_ASYNC_TRANSPILER: '1',
};
const MARK = 'RUNTS_STRICT_TEST';

const isRoot = process.getuid?.() === 0;

/** The suite of a test file. Runs the file anew in a child process and ends this one, unless this one is the child. */
export function strictSuite<T = Context>(name: string, file: string): Test<T> {
  if (process.env[MARK] !== file) {
    const env = { ...process.env, ...STRICT, [MARK]: file };
    const { status } = spawnSync(process.execPath, [file], { env, stdio: 'inherit' });
    process.exit(status ?? 1);
  }
  delete process.env[MARK];
  if (isRoot) leaveNamespaces();
  return suite<T>(name);
}

function leaveNamespaces(): void {
  unshare(K.CLONE_NEWNS | K.CLONE_NEWUTS | K.CLONE_NEWIPC);
  mountSetattr(openat2(K.AT_FDCWD, '/', { flags: K.O_PATH }), { propagation: K.MS_PRIVATE, recursive: true });
}

/** Defines a test that needs root; others see it skipped. */
export function rootTest<T>(test: Test<T>, name: string, action: () => void): void {
  if (isRoot) {
    test(name, action);
    return;
  }
  console.log(`skipped: needs root: ${name}`);
  test.skip(name);
}
