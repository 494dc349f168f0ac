// A process that only keeps namespaces, as a pod's sandbox does, and whose namespaces are whose.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

const TYPES = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'] as const;
export type LinkName = (typeof TYPES)[number];

export interface Sandbox {
  path(type: LinkName): string;
  /** Links of the sandbox's and of the host's namespaces, with names for them. */
  names: Map<string, string>;
  close(): void;
}

/** Starts the process; resolves when it's there. A second one has the user namespace, with its own network. */
export async function openSandbox(): Promise<Sandbox> {
  const plain = await keep(['--cgroup', '--ipc', '--mount', '--net', '--pid', '--time', '--uts', '--fork']);
  const user = await keep(['--user', '--map-root-user', '--net', '--fork']);
  const path = (type: LinkName): string => `/proc/${(type === 'user' ? user : plain).pid}/ns/${type}`;
  const names = new Map<string, string>();
  for (const type of TYPES) {
    names.set(readlinkSync(path(type)), "the sandbox's");
    names.set(readlinkSync(`/proc/self/ns/${type}`), "the host's");
  }
  const close = (): void => {
    for (const { child } of [plain, user]) child.kill('SIGKILL');
  };
  return { path, names, close };
}

/** `unshare` and its child, which lives in the new namespaces and ends with it. */
async function keep(options: string[]): Promise<{ child: ChildProcess; pid: number }> {
  const child = spawn('unshare', [...options, '--kill-child', 'sleep', '3600'], { stdio: 'ignore' });
  const end = performance.now() + 10_000;
  while (performance.now() < end) {
    const [pid] = children(child.pid ?? 0);
    // Before execve the child may still be on its way into its namespaces.
    if (pid !== undefined && readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n') return { child, pid };
    await Bun.sleep(5);
  }
  throw new Error(`unshare ${options.join(' ')} has not started its program`);
}

function children(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
