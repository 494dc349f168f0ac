// For tests only: a uvu suite in a process like the runtime's own, with one thread (src/strict-mode.ts), and in mount,
// UTS and IPC namespaces of its own, so that nothing that a test does reaches the host.
import { spawnSync } from 'node:child_process';
import { type Context, suite, type Test } from 'uvu';
import * as K from './constants.ts';
import { close, openat2, read, socketpair, write } from './files.ts';
import { mountSetattr } from './mount.ts';
import { clone, exitNow, unshare, wait } from './process.ts';

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

/** What an action returns in a child process, which keeps to itself what the action changes; or its error's message. */
export function inChild(action: () => unknown, cloneFlags = 0): string {
  const [parentFd, childFd] = socketpair();
  const pid = clone(cloneFlags);
  if (pid === 0) {
    try {
      write(childFd, new TextEncoder().encode(`${messageOf(action)}`));
    } finally {
      exitNow(0);
    }
  }
  close(childFd);
  const buffer = new Uint8Array(65536);
  const length = read(parentFd, buffer);
  close(parentFd);
  wait(pid, { block: true });
  return new TextDecoder().decode(buffer.subarray(0, length));
}

/** What an action returns, as text; the message of its error if it fails. */
export function messageOf(action: () => unknown): string {
  try {
    return String(action());
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
