// The one table of the command line: parse.ts reads it in every start, help.ts gives it to yargs.
// Names, aliases and meanings are runc's. Long texts are in descriptions.ts, which only help.ts loads.
import { checkpointCommands } from './checkpoint-commands.ts';
import type { ArgumentValues, CommandSpec, OptionSpec, OptionValues } from './command-spec.ts';
import { containerCommands } from './container-commands.ts';
import { runningCommands } from './running-commands.ts';
import { noArguments } from './shared-options.ts';

/** Every command has it, and so has the command line as a whole. */
export const helpOption = { type: 'flag', alias: 'h', help: 'show help' } as const satisfies OptionSpec;

/** What stands before the command. */
export const globals = {
  summary: 'Open Container Initiative runtime',
  arguments: { text: '<command> [options] [arguments]', min: 0 },
  implemented: true,
  stopsAtFirstArgument: true,
  options: {
    root: {
      type: 'string',
      refusesEmpty: true,
      help: 'folder for the state of containers (default: /run/runts; without root $XDG_RUNTIME_DIR/runts)',
    },
    log: { type: 'string', help: 'file to append log lines to' },
    'log-format': { type: 'string', choices: ['text', 'json'], default: 'text', help: 'format of log lines' },
    debug: { type: 'flag', help: 'log what is being done, in detail' },
    'systemd-cgroup': {
      type: 'flag',
      help: 'let systemd make the cgroups; linux.cgroupsPath is then slice:prefix:name',
    },
    rootless: {
      type: 'string',
      choices: ['auto', 'true', 'false'],
      default: 'auto',
      help: 'go on when cgroups may not be changed',
    },
    criu: {
      type: 'string',
      help: 'the criu program that checkpoint and restore use',
      notYet: 'checkpoint and restore are not implemented',
    },
    version: { type: 'flag', alias: 'v', help: 'show the version' },
  },
} as const satisfies CommandSpec;

export const commands = {
  ...containerCommands,
  ...runningCommands,
  ...checkpointCommands,
  features: {
    summary: 'print what this runtime supports as JSON',
    arguments: noArguments,
    implemented: true,
    options: {},
  },
  help: {
    summary: 'show help for the program or for one command',
    arguments: { text: '[command]', min: 0 },
    implemented: true,
    options: {},
  },
  completion: {
    summary: 'print a script that completes command lines in bash or zsh',
    arguments: noArguments,
    implemented: true,
    options: {},
  },
} as const satisfies Record<string, CommandSpec>;

export type CommandName = keyof typeof commands;

/** The commands that parse.ts hands on; it answers `help` and `completion` in its own way. */
export type RunnableName = Exclude<CommandName, 'help' | 'completion'>;

export type GlobalOptions = Omit<OptionValues<(typeof globals)['options']>, 'version'>;
export type CommandOptions<Name extends CommandName> = OptionValues<(typeof commands)[Name]['options']>;
export type CommandArguments<Name extends CommandName> = ArgumentValues<(typeof commands)[Name]['arguments']>;

/** Whether a word is a command's name. */
export function isCommandName(word: string): word is CommandName {
  return Object.hasOwn(commands, word);
}
