// The life of a container: create, run, start, state, kill, delete; and list and spec.
import type { CommandSpec } from './command-spec.ts';
import {
  bundle,
  consoleSocket,
  detach,
  listFormat,
  noArguments,
  noNewKeyring,
  noPivot,
  noSubreaper,
  oneContainer,
  pidFile,
  pidfdSocket,
  preserveFds,
} from './shared-options.ts';

export const containerCommands = {
  create: {
    summary: 'create a container, ready to be started',
    arguments: oneContainer,
    implemented: true,
    options: {
      bundle,
      'console-socket': consoleSocket,
      'pidfd-socket': pidfdSocket,
      'pid-file': pidFile,
      'no-pivot': noPivot,
      'no-new-keyring': noNewKeyring,
      'preserve-fds': preserveFds,
    },
  },
  run: {
    summary: 'create and start a container, wait for it and delete it',
    arguments: oneContainer,
    implemented: true,
    options: {
      bundle,
      'console-socket': consoleSocket,
      'pidfd-socket': pidfdSocket,
      detach,
      keep: { type: 'flag', help: 'do not delete the container when it has exited' },
      'pid-file': pidFile,
      'no-subreaper': noSubreaper,
      'no-pivot': noPivot,
      'no-new-keyring': noNewKeyring,
      'preserve-fds': preserveFds,
    },
  },
  start: {
    summary: "execute the user's process in a created container",
    arguments: oneContainer,
    implemented: true,
    options: {},
  },
  state: {
    summary: 'print the state of a container as JSON',
    arguments: oneContainer,
    implemented: true,
    options: {},
  },
  kill: {
    summary: "send a signal (default: SIGTERM) to the container's init process",
    arguments: { text: '<container-id> [signal]', min: 1, max: 2 },
    implemented: true,
    options: { all: { type: 'flag', alias: 'a', help: 'send the signal to all processes of the container' } },
  },
  delete: {
    summary: 'delete what a stopped container holds',
    arguments: oneContainer,
    implemented: true,
    options: { force: { type: 'flag', alias: 'f', help: 'kill the container first (SIGKILL) if it still runs' } },
  },
  list: {
    summary: 'list the containers under --root',
    arguments: noArguments,
    implemented: true,
    options: {
      format: listFormat,
      quiet: { type: 'flag', alias: 'q', help: 'print container ids only' },
    },
  },
  spec: {
    summary: 'write a config.json to start from',
    arguments: noArguments,
    implemented: true,
    options: { bundle, rootless: { type: 'flag', help: 'write it for a container without root privileges' } },
  },
} as const satisfies Record<string, CommandSpec>;
