// New file systems: fsopen(2), fsconfig(2), fsmount(2).
import * as K from '../../bindings/constants.ts';
import type { Address, Slot } from '../final/memory.ts';
import type { Script } from '../final/script.ts';

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
  script.call('fsopen', [script.string(type), K.FSOPEN_CLOEXEC], { path: type, save: context });
  configure(script, context, 'source', source);
  for (const option of options) {
    const equals = option.indexOf('=');
    if (equals < 0) configure(script, context, option, undefined);
    else configure(script, context, option.slice(0, equals), option.slice(equals + 1));
  }
  configureWith(script, context, [K.FSCONFIG_CMD_CREATE, 0, 0, 0], type);
  script.call('fsmount', [context, K.FSMOUNT_CLOEXEC, set], { path: type, save: into });
  script.release(context);
}

function configure(script: Script, context: Slot, key: string, value: string | undefined): void {
  const path = value === undefined ? key : `${key}=${value}`;
  const command = value === undefined ? K.FSCONFIG_SET_FLAG : K.FSCONFIG_SET_STRING;
  configureWith(
    script,
    context,
    [command, script.string(key), value === undefined ? 0 : script.string(value), 0],
    path,
  );
}

// A file system's own words on what is wrong can be read from its context ("e tmpfs: Bad value for 'size'"): they are
// sent ahead of the report.
function configureWith(script: Script, context: Slot, args: (number | Address)[], path: string): void {
  script.call('fsconfig', [context, ...args], { path, keepGoto: EXPLAIN });
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
