// The command line of every start, parsed without yargs. The rules are runc's (urfave/cli on Go's flag package);
// words.test.ts and parse.test.ts hold the tables of what runc does and where this differs.
import { UsageError } from '../errors.ts';
import type { ArgumentsSpec, CommandSpec } from './command-spec.ts';
import {
  type CommandArguments,
  type CommandName,
  type CommandOptions,
  commands,
  type GlobalOptions,
  isCommandName,
  type RunnableName,
} from './commands.ts';
import { notYetError, UnknownNameError, usageError } from './usage.ts';
import type { Values } from './values.ts';
import { readWords, refuseNotYet } from './words.ts';

/** A command to run. The types of `options` and `args` follow from `command`. */
export type CommandInvocation<Name extends RunnableName = RunnableName> = Name extends RunnableName
  ? {
      kind: 'command';
      command: Name;
      global: GlobalOptions;
      options: CommandOptions<Name>;
      args: CommandArguments<Name>;
    }
  : never;

export type Invocation =
  | CommandInvocation
  | { kind: 'help'; command?: CommandName }
  | { kind: 'version' }
  /** With `words`: what may stand last; without: the script for the shell. */
  | { kind: 'completion'; words?: string[] };

/** What a completion script puts before the words that it asks about; the name is yargs'. */
const completionFlag = '--get-yargs-completions';

/** Parses what follows the program's name. Throws UsageError. */
export function parseCommandLine(argv: readonly string[]): Invocation {
  if (argv[0] === completionFlag) return { kind: 'completion', words: argv.slice(1) };
  const read = readWords(undefined, argv);
  const { help, version, ...global } = read.options;
  const word = read.args[0];
  if (help) return { kind: 'help' };
  if (version) return { kind: 'version' };
  if (word === undefined) return { kind: 'help' };
  refuseNotYet(read);
  const command = word === 'h' ? 'help' : word;
  if (!isCommandName(command)) throw new UnknownNameError(undefined, 'command', command);
  return parseCommand(command, { words: read.args.slice(1), global });
}

/** Where to log that the command line is wrong; undefined when its global options are what is wrong. */
export function parseGlobalOptions(argv: readonly string[]): GlobalOptions | undefined {
  try {
    const { help, version, ...global } = readWords(undefined, argv).options;
    return global as GlobalOptions;
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

function parseCommand(command: CommandName, { words, global }: { words: string[]; global: Values }): Invocation {
  if (!commands[command].implemented) return helpOrRefusal(command, words);
  const read = readWords(command, words);
  const { help, ...options } = read.options;
  const { args } = read;
  if (help) return { kind: 'help', command };
  refuseNotYet(read);
  checkCount(command, args.length);
  if (command === 'help') return helpTopic(args[0]);
  if (command === 'completion') return { kind: 'completion' };
  // The table that typed the result is the one that readWords went by.
  return { kind: 'command', command, global, options, args } as unknown as CommandInvocation;
}

/** `exec --help` explains what will come; everything else, also what its own command would get, is refused. */
function helpOrRefusal(command: CommandName, words: readonly string[]): Invocation {
  const { refusesHelp }: CommandSpec = commands[command];
  if (!refusesHelp && asksForHelp(command, words)) return { kind: 'help', command };
  throw notYetError(command, {});
}

function asksForHelp(command: CommandName, words: readonly string[]): boolean {
  try {
    return readWords(command, words).options.help === true;
  } catch (error) {
    // That the command isn't supported matters more than how it was written.
    if (error instanceof UsageError) return false;
    throw error;
  }
}

function helpTopic(topic: string | undefined): Invocation {
  if (topic === undefined) return { kind: 'help' };
  const command = topic === 'h' ? 'help' : topic;
  if (!isCommandName(command)) throw new UnknownNameError(undefined, 'command', topic);
  return { kind: 'help', command };
}

function checkCount(command: CommandName, count: number): void {
  const { min, max, text }: ArgumentsSpec = commands[command].arguments;
  if (count >= min && (max === undefined || count <= max)) return;
  const shown = text === '' ? '' : ` (${text})`;
  throw usageError(command, `requires ${countText(min, max)}${shown}, got ${count}`);
}

function countText(min: number, max: number | undefined): string {
  if (max === 0) return 'no arguments';
  const number = max === undefined ? `at least ${min}` : min === max ? `exactly ${min}` : `${min} to ${max}`;
  return `${number} argument${number.endsWith('1') ? '' : 's'}`;
}
