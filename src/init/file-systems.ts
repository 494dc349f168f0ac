// New file systems: fsopen(2), fsconfig(2), fsmount(2).
import * as K from '../../bindings/constants.ts';
import type { Address, Operand, Slot } from '../final/memory.ts';
import type { Script } from '../final/script.ts';
import type { Hints, Words } from '../final/steps.ts';

export interface FileSystem {
  type: string;
  source: string;
  /** Flags and key=value. */
  options: readonly (string | RowOption)[];
  /** MOUNT_ATTR_* of the mount. */
  set: number;
}

/** In a loop: an option that is another for each row. */
export interface RowOption {
  /** fsconfig(2): the command, the key and the value. */
  args: readonly [Operand, Operand, Operand];
  path: Words;
}

/** The words that a row has for an option: the args of RowOption. */
export function optionWords(script: Script, option: string): [number, Address, Address | 0] {
  const equals = option.indexOf('=');
  if (equals < 0) return [K.FSCONFIG_SET_FLAG, script.string(option), 0];
  return [K.FSCONFIG_SET_STRING, script.string(option.slice(0, equals)), script.string(option.slice(equals + 1))];
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
  const name = [context, K.FSCONFIG_SET_STRING, script.string('source'), script.string(source), 0];
  script.call('fsconfig', name, { path: `source=${source}`, keepGoto: EXPLAIN });
  for (const option of options) {
    const isOfRow = typeof option !== 'string';
    const [command, key, value] = isOfRow ? option.args : optionWords(script, option);
    const path = isOfRow ? option.path : option;
    const told = { path, hints: value === 0 ? undefined : hints, keepGoto: EXPLAIN };
    script.call('fsconfig', [context, command, key, value, 0], told);
  }
  const created = { path: type, hints, keepGoto: EXPLAIN };
  script.call('fsconfig', [context, K.FSCONFIG_CMD_CREATE, 0, 0, 0], created);
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

// A file system's own words on what is wrong can be read from its context ("e tmpfs: Bad value for 'size'"): they are
// sent ahead of the report.
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
