// Which cgroup of each hierarchy a process of `exec` joins.
import { existsSync, readFileSync } from '../../bindings/file-system.ts';
import { directoryOf, type Hierarchy, readHierarchies } from '../cgroup/hierarchies.ts';
import { RuntimeError } from '../errors.ts';
import type { ContainerRecord } from '../state/store.ts';

/**
 * The container's own cgroups, or what `--cgroup` says below them: a path, or `controller[,controller]:path` for some of
 * the v1 hierarchies.
 * @throws RuntimeError for a path that leads out or doesn't exist, or a controller that no hierarchy has
 */
export function chosenCgroups(record: ContainerRecord, choices: string[]): string[] {
  const directories = record.cgroups.map(({ directory }) => directory);
  if (choices.length === 0) return directories;
  const hierarchies = readHierarchies();
  const below = new Map<string, string>();
  for (const choice of choices) {
    const colon = choice.indexOf(':');
    const path = choice.slice(colon + 1);
    if (path.split('/').includes('..'))
      throw new RuntimeError(`--cgroup ${choice}: leads out of the container's cgroup`);
    const chosen = colon < 0 ? directories : withControllers(choice.slice(0, colon), directories, hierarchies);
    for (const directory of chosen) below.set(directory, path);
  }
  return directories.map((directory) => join(directory, below.get(directory) ?? ''));
}

function withControllers(list: string, directories: string[], hierarchies: Hierarchy[]): string[] {
  return list.split(',').map((controller) => {
    const hierarchy = hierarchies.find(({ controllers }) => controllers.includes(controller));
    const found = directories.find((directory) => directory.startsWith(`${hierarchy?.mountPoint}/`));
    if (found !== undefined) return found;
    throw new RuntimeError(`--cgroup: there is no cgroup v1 hierarchy with ${JSON.stringify(controller)}`);
  });
}

function join(directory: string, path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const joined = [directory, ...parts].join('/');
  if (parts.length > 0 && !existsSync(joined)) throw new RuntimeError(`--cgroup: ${joined} does not exist`);
  return joined;
}

/**
 * The same with the v2 cgroup that the container process is in: where the container's own can't have processes
 * (cgroup-v2.rst, "No Internal Process Constraint").
 */
export function cgroupsOfInit({ pid }: ContainerRecord, directories: string[]): string[] {
  const v2 = readHierarchies().find(({ version }) => version === 2);
  const path = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1];
  if (v2 === undefined || path === undefined) return directories;
  return directories.map((directory) =>
    directory.startsWith(`${v2.mountPoint}/`) && !existsSync(`${directory}/tasks`) ? directoryOf(v2, path) : directory,
  );
}
