// New file systems: fsopen(2), fsconfig(2), fsmount(2).
import * as K from '../../bindings/constants.ts';
import type { Address, Slot } from '../final/memory.ts';
import type { Hints, Script } from '../final/script.ts';

export interface FileSystem {
  type: string;
  source: string;
  /** Flags and key=value. */
  options: string[];
  /** MOUNT_ATTR_* of the mount. */
  set: number;
}

/** fsopen(2), fsconfig(2), fsmount(2): a detached mount of a new file system. */
export function newFileSystem(
  script: Script,
  { context }: FileSystems,
  { type, source, options, set }: FileSystem,
  into: Slot,
): void {
  const hints = HINTS[type];
  script.call('fsopen', [script.string(type), K.FSOPEN_CLOEXEC], { path: type, save: context, hints });
  configure(script, context, { key: 'source', value: source });
  for (const option of options) {
    const equals = option.indexOf('=');
    if (equals < 0) configure(script, context, { key: option });
    else configure(script, context, { key: option.slice(0, equals), value: option.slice(equals + 1), hints });
  }
  configureWith(script, context, [K.FSCONFIG_CMD_CREATE, 0, 0, 0], { path: type, hints });
  script.call('fsmount', [context, K.FSMOUNT_CLOEXEC, set], { path: type, save: into, hints: MOUNT_HINTS[type] });
  script.release(context);
}

// user_namespaces(7): what one may mount shows namespaces that it owns.
const HINTS: Record<string, Hints> = {
  sysfs: { EPERM: "a user namespace needs a network namespace of its own for it, or bind the host's" },
  proc: { EPERM: "a user namespace needs a pid namespace of its own for it, or bind the host's" },
  mqueue: { EPERM: "a user namespace needs an ipc namespace of its own for it, or bind the host's" },
  overlay: { EACCES: "a user namespace's root must be able to enter the folders" },
};

// The kernel lets nobody see by a new mount what is covered in all that there are.
const COVERED = {
  EPERM: 'what the runtime itself sees of it has mounts over it, or is read-only: bind that one instead',
};
const MOUNT_HINTS: Record<string, Hints> = { sysfs: COVERED, proc: COVERED };

interface Setting {
  key: string;
  /** undefined: it's a flag. */
  value?: string;
  hints?: Hints | undefined;
}

function configure(script: Script, context: Slot, { key, value, hints }: Setting): void {
  const path = value === undefined ? key : `${key}=${value}`;
  const command = value === undefined ? K.FSCONFIG_SET_FLAG : K.FSCONFIG_SET_STRING;
  const args = [command, script.string(key), value === undefined ? 0 : script.string(value), 0];
  configureWith(script, context, args, { path, hints });
}

interface Told {
  path: string;
  hints: Hints | undefined;
}

// A file system's own words on what is wrong can be read from its context ("e tmpfs: Bad value for 'size'"): they are
// sent ahead of the report.
function configureWith(script: Script, context: Slot, args: (number | Address)[], told: Told): void {
  script.call('fsconfig', [context, ...args], { ...told, keepGoto: EXPLAIN });
}

const EXPLAIN = 'explain';
const EXPLANATION_SIZE = 256;

/** What newFileSystem needs once in each script. */
export class FileSystems {
  readonly context: Slot;
  constructor(script: Script) {
    this.context = script.slot();
    script.later(() => {
      script.label(EXPLAIN);
      script.program.keepResult();
      const text = script.program.reserve(EXPLANATION_SIZE);
      script.call('read', [this.context, text, EXPLANATION_SIZE], { ignore: true });
      script.call('write', [script.syncFd, text, EXPLANATION_SIZE], { ignore: true });
      script.program.reportKept();
    });
  }
}
