// What the host looks like from outside: mounts, cgroups and processes, read from /proc and /sys/fs/cgroup.
import { type Dirent, existsSync, readdirSync, readFileSync, readlinkSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

const CGROUP_ROOT = '/sys/fs/cgroup';

/** Whether there is cgroup v2 alone. */
export const isCgroupV2: boolean = existsSync(`${CGROUP_ROOT}/cgroup.controllers`);

/** One line of mountinfo, proc_pid_mountinfo(5). */
export interface MountLine {
  root: string;
  target: string;
  options: string[];
  /** "shared:1", "master:2", "unbindable", ... */
  propagation: string[];
  type: string;
  source: string;
  superOptions: string[];
}

export function parseMountinfo(text: string): MountLine[] {
  return text
    .split('\n')
    .filter((line) => / - /.test(line))
    .map((line) => {
      const [front = '', back = ''] = line.split(' - ');
      const [, , , root = '', target = '', options = '', ...propagation] = front.split(' ');
      const [type = '', source = '', superOptions = ''] = back.split(' ');
      return {
        root,
        target: unescapePath(target),
        options: options.split(','),
        propagation,
        type,
        source,
        superOptions: superOptions.split(','),
      };
    });
}

// proc_pid_mountinfo(5): space, tab, line feed and backslash are octal.
function unescapePath(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Mount points of this mount namespace, in the order of mounting. */
export function hostMounts(): string[] {
  return parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8')).map(({ target }) => target);
}

/** All cgroup directories of all hierarchies, parents first. */
export function cgroups(): string[] {
  return [CGROUP_ROOT, ...foldersBelow(CGROUP_ROOT)];
}

/** Where a cgroup is or would be, in each hierarchy that processes can be in. */
export function placesOf(cgroup: string): string[] {
  if (isCgroupV2) return [`${CGROUP_ROOT}${cgroup}`];
  return readdirSync(CGROUP_ROOT).map((hierarchy) => `${CGROUP_ROOT}/${hierarchy}${cgroup}`);
}

/** The file of a cgroup that lists its processes. */
export function procsOf(cgroup: string): string {
  const places = placesOf(cgroup);
  return `${places.find((place) => place.startsWith(`${CGROUP_ROOT}/pids/`)) ?? places[0]}/cgroup.procs`;
}

export function cgroupsOf(tag: string): string[] {
  return foldersBelow(CGROUP_ROOT).filter((directory) => directory.includes(tag));
}

function foldersBelow(directory: string): string[] {
  return entries(directory)
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => [join(directory, name), ...foldersBelow(join(directory, name))]);
}

// Another container's cgroup may go away while it is being read.
function entries(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Last resort of a test's cleanup: ends what runs in a cgroup that the test made, and removes it. */
export function removeCgroup(directory: string): void {
  for (const pid of readText(join(directory, 'cgroup.procs')).split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  const end = performance.now() + 2000;
  while (performance.now() < end) {
    for (const child of foldersBelow(directory).reverse()) removeFolder(child);
    if (removeFolder(directory)) return;
    Bun.sleepSync(20);
  }
}

function removeFolder(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}

/** A file's text, or nothing when it cannot be read (a process that has ended). */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

export function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The fields of /proc/<pid>/status, from a process or from a text. */
export function parseStatus(text: string): Map<string, string> {
  const fields = text.matchAll(/^(\w+):\t*(.*?) *$/gm);
  return new Map([...fields].map(([, key = '', value = '']) => [key, value]));
}

/** Whether a process has to do with a test: by environment, cgroup, open files, or the root of its mounts. */
export function belongsTo(pid: number, tag: string): boolean {
  const folder = `/proc/${pid}`;
  if (['environ', 'cgroup', 'mountinfo'].some((file) => readText(`${folder}/${file}`).includes(tag))) return true;
  return entries(`${folder}/fd`).some(({ name }) => readLink(`${folder}/fd/${name}`).includes(tag));
}
