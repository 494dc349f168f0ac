// The long texts of `--help`; only help.ts loads them.
import type { CommandName } from './commands.ts';

export interface Description {
  /** What the summary and the options leave open; may be empty. */
  text: string;
  /** Command lines and what they do. */
  examples: Record<string, string>;
}

export const programDescription: Description = {
  text: `
Runs containers that follow the OCI runtime specification. A container comes from a bundle: a folder with a
config.json and, usually, the root file system that it names.
`,
  examples: {
    '$0 spec': 'write a config.json to start from',
    '$0 run web1': 'run the bundle in the current folder as container "web1"',
    '$0 list': 'show the containers of this host',
  },
};

const newContainer = `
<container-id> is the name by which the other commands know the container. It must not be in use under the
same --root. The program to run is process.args in the bundle's config.json.
`;

export const descriptions: Record<CommandName, Description> = {
  create: {
    text: `
Sets up namespaces, cgroups, mounts and all else that config.json asks for, and stops just before the user's
process would run. "runts start" lets it run.
${newContainer}`,
    examples: { '$0 create --bundle /srv/web web1': 'create "web1" from the bundle /srv/web' },
  },
  run: {
    text: `
Does what "runts create" and "runts start" do. Without --detach it waits, hands signals on, deletes the
container and exits with the status of the process.
${newContainer}`,
    examples: { '$0 run --bundle /srv/web web1': 'run the bundle /srv/web as "web1"' },
  },
  start: {
    text: "Succeeds when the user's process has been executed. When that fails, the error says why.",
    examples: {},
  },
  state: {
    text: `
Prints what the OCI runtime specification calls the state: id, status, pid, bundle, annotations. The status is
found out anew from the kernel each time.
`,
    examples: {},
  },
  kill: {
    text: `
[signal] is a name or a number: KILL, SIGKILL, kill, 9, RTMIN+3. Signal 0 only tells whether the process exists.
Without [signal] the annotation org.opencontainers.image.stopSignal counts, if there is one.
`,
    examples: { '$0 kill web1 KILL': 'send SIGKILL to the init process of "web1"' },
  },
  delete: {
    text: `
Removes the cgroups and the state of a container that has stopped. With --force it may still run, and it is no
error when there is no such container.
`,
    examples: {},
  },
  list: {
    text: '',
    examples: { '$0 --root /run/containerd/runc/k8s.io list': 'show the containers that Kubernetes made' },
  },
  spec: {
    text: `
The file asks for "sh" on a terminal. Change it to what you need. A file that exists is not overwritten.
`,
    examples: {
      'mkdir -p web/rootfs && cd web': 'make the folder of a bundle,',
      'tar -C rootfs -xf ../image.tar': 'fill its root file system,',
      '$0 spec': 'describe it,',
      '$0 run web1': 'run it',
    },
  },
  exec: {
    text: 'The options of runts stand before <container-id>; all that follows it belongs to <command>.',
    examples: { '$0 exec web1 ps -ef': 'list the processes that "web1" sees' },
  },
  events: { text: 'Prints one JSON object per line until the container stops.', examples: {} },
  pause: { text: 'Freezes the cgroup of the container. "runts resume" lets the processes go on.', examples: {} },
  resume: { text: 'Undoes "runts pause".', examples: {} },
  ps: {
    text: 'Options that are not listed here are handed to ps(1).',
    examples: { '$0 ps web1 -o pid,args': 'show process ids and command lines' },
  },
  update: {
    text: `
Limits that are not given stay as they are. With --resources all other options are ignored; the file holds
linux.resources as in config.json.
`,
    examples: { '$0 update --memory 67108864 web1': 'limit the memory of "web1" to 64 MiB' },
  },
  checkpoint: { text: 'Needs the program criu.', examples: {} },
  restore: { text: 'Needs the program criu.', examples: {} },
  features: { text: 'Prints the features structure of the OCI runtime specification.', examples: {} },
  help: { text: '', examples: { '$0 help create': 'explain "create"' } },
  completion: {
    text: 'The script is for the shell that $SHELL names.',
    examples: { 'source <(runts completion)': 'for ~/.bashrc' },
  },
};
