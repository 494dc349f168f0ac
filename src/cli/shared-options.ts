// Arguments and options that several commands have in common.
import type { ArgumentsSpec, OptionSpec } from './command-spec.ts';

export const noArguments = { text: '', min: 0, max: 0 } as const satisfies ArgumentsSpec;
export const oneContainer = { text: '<container-id>', min: 1, max: 1 } as const satisfies ArgumentsSpec;

export const bundle = {
  type: 'string',
  alias: 'b',
  help: 'folder that holds config.json (default: the current folder)',
} as const satisfies OptionSpec;

export const pidFile = {
  type: 'string',
  help: 'file to write the process id to',
} as const satisfies OptionSpec;

export const detach = {
  type: 'flag',
  alias: 'd',
  help: 'return as soon as the process runs',
} as const satisfies OptionSpec;

export const consoleSocket = {
  type: 'string',
  help: "AF_UNIX socket to send the terminal's master descriptor to",
} as const satisfies OptionSpec;

export const pidfdSocket = {
  type: 'string',
  help: 'AF_UNIX socket to send a pidfd of the process to',
  notYet: 'handing over a pidfd is not implemented; state prints the pid',
} as const satisfies OptionSpec;

export const preserveFds = {
  type: 'integer',
  default: 0,
  min: 0,
  max: 2 ** 31 - 1,
  help: 'pass N more descriptors on, counted from 3 (after $LISTEN_FDS)',
} as const satisfies OptionSpec;

export const noPivot = {
  type: 'flag',
  help: 'change the root without pivot_root, as a root file system on a ramdisk needs; less secure',
} as const satisfies OptionSpec;

export const noNewKeyring = {
  type: 'flag',
  help: "keep the caller's session keyring instead of a new one",
} as const satisfies OptionSpec;

export const noSubreaper = {
  type: 'flag',
  help: 'do not become the parent of orphaned processes',
} as const satisfies OptionSpec;

export const listFormat = {
  type: 'string',
  alias: 'f',
  choices: ['table', 'json'],
  default: 'table',
  help: 'format of the output',
} as const satisfies OptionSpec;
