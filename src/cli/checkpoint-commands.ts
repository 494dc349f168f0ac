// checkpoint and restore: described as runc has them, not implemented.
import type { CommandSpec, OptionSpec } from './command-spec.ts';
import { bundle, consoleSocket, detach, noPivot, noSubreaper, oneContainer, pidFile } from './shared-options.ts';

const criuOptions = {
  'image-path': { type: 'string', help: 'folder of the image files (default: checkpoint)' },
  'work-path': { type: 'string', help: 'folder of work files and logs' },
  'tcp-established': { type: 'flag', help: 'allow open TCP connections' },
  'ext-unix-sk': { type: 'flag', help: 'allow Unix sockets whose other end is outside' },
  'shell-job': { type: 'flag', help: 'allow a process that uses a terminal from outside' },
  'file-locks': { type: 'flag', help: 'keep file locks' },
  'manage-cgroups-mode': {
    type: 'string',
    choices: ['soft', 'full', 'strict', 'ignore'],
    default: 'soft',
    help: 'how to treat cgroups',
  },
  'empty-ns': { type: 'string-list', help: 'leave the contents of a namespace out' },
  'auto-dedup': { type: 'flag', help: 'deduplicate memory images' },
  'lazy-pages': { type: 'flag', help: 'move memory pages when they are used' },
} as const satisfies Record<string, OptionSpec>;

export const checkpointCommands = {
  checkpoint: {
    summary: 'save a running container to files',
    arguments: oneContainer,
    implemented: false,
    refusesHelp: true,
    options: {
      ...criuOptions,
      'parent-path': { type: 'string', help: 'image files of an earlier pre-dump' },
      'leave-running': { type: 'flag', help: 'do not stop the container' },
      'status-fd': {
        type: 'integer',
        default: -1,
        min: -1,
        max: 2 ** 31 - 1,
        help: 'descriptor told when lazy pages are ready',
      },
      'page-server': { type: 'string', help: 'send memory pages to this server: address:port' },
      'pre-dump': { type: 'flag', help: 'save the memory only and leave the container running' },
    },
  },
  restore: {
    summary: 'start a container from the files of a checkpoint',
    arguments: oneContainer,
    implemented: false,
    refusesHelp: true,
    options: {
      ...criuOptions,
      'console-socket': consoleSocket,
      bundle,
      detach,
      'pid-file': pidFile,
      'no-subreaper': noSubreaper,
      'no-pivot': noPivot,
      'lsm-profile': { type: 'string', help: 'AppArmor profile or SELinux label to use: type:label' },
      'lsm-mount-context': { type: 'string', help: 'SELinux context to use for mounts' },
    },
  },
} as const satisfies Record<string, CommandSpec>;
