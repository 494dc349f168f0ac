// For tests only: what needs root, and namespaces in which nothing that a test does reaches the host.
import { spawnSync } from 'node:child_process';
import { suite, type Test } from 'uvu';
import * as K from './constants.ts';
import { syscall } from './syscall.ts';

const isRoot = process.getuid?.() === 0;

/** A test for root; for others it's skipped, and that is said. */
export function rootTest(test: Test, name: string, action: () => void | Promise<void>): void {
  if (isRoot) {
    test(name, action);
    return;
  }
  console.log(`skipped: needs root: ${name}`);
  test.skip(name, action);
}

const MARK = 'RUNTS_ISOLATED_TEST';
const TIMEOUT_MS = 60_000;

/**
 * The suite of a test file. Root runs the file anew in mount, UTS and IPC namespaces of its own, by unshare(1); this
 * process ends with that one.
 * @param more options of unshare for further namespaces
 */
export function isolatedSuite(name: string, file: string, more: string[] = []): Test {
  if (isRoot && process.env[MARK] !== file) {
    const command = ['--mount', '--propagation', 'private', '--uts', '--ipc', ...more, process.execPath, file];
    const env = { ...process.env, [MARK]: file };
    const { status } = spawnSync('unshare', command, { env, stdio: 'inherit', timeout: TIMEOUT_MS });
    process.exit(status ?? 1);
  }
  delete process.env[MARK];
  return suite(name);
}

/** socket(2), bind(2), listen(2): a stream socket at a path. Returns a descriptor. */
export function listenUnix(path: string, backlog: number): number {
  const address = new Uint8Array(110);
  address[0] = K.AF_UNIX;
  address.set(Buffer.from(path), 2);
  const fd = syscall('socket', undefined, K.AF_UNIX, K.SOCK_STREAM | K.SOCK_CLOEXEC, 0);
  syscall('bind', path, fd, address, address.length);
  syscall('listen', path, fd, backlog);
  return fd;
}

/** What an action returns, as text; the message of its error if it fails. */
export function messageOf(action: () => unknown): string {
  try {
    return String(action());
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
