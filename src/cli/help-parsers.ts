// The table of commands as yargs sees it. Slow to load, so only for help, completion and better errors.
import './hidden-folder.ts';
import yargs, { type Argv, type Options } from 'yargs';
import type { CommandSpec, OptionSpec } from './command-spec.ts';
import { type CommandName, commands, globals, helpOption } from './commands.ts';
import { type Description, descriptions, programDescription } from './descriptions.ts';
import { nowhere, showFolder } from './hidden-folder.ts';

showFolder();

const NOT_YET = '(not supported yet)';
export const MAX_WIDTH = 110;

/** A yargs for the words after `command`. */
export function commandParser(command: CommandName): Argv {
  const spec: CommandSpec = commands[command];
  const hasOptions = Object.keys(spec.options).length > 0;
  const usage = ['$0', command, ...(hasOptions ? ['[options]'] : []), spec.arguments.text].join(' ').trimEnd();
  return withTexts(optionsParser(spec), descriptions[command], [
    `$0 ${command} - ${summaryOf(spec)}`,
    `Usage: ${usage}`,
  ]);
}

/** A yargs for the global options; it knows the commands by name and summary. */
export function programParser(): Argv {
  const parser = withTexts(optionsParser(globals), programDescription, [
    `$0 - ${globals.summary}`,
    `Usage: $0 [global options] ${globals.arguments.text}`,
  ]);
  for (const [name, spec] of Object.entries<CommandSpec>(commands)) parser.command(name, summaryOf(spec));
  return parser;
}

/** A yargs for the options of one entry of the table, which keeps to the rules of parse.ts as far as it can. */
export function optionsParser(spec: CommandSpec): Argv {
  const parser = newParser().parserConfiguration({
    ...configuration,
    'halt-at-non-option': spec.stopsAtFirstArgument === true,
    'unknown-options-as-args': spec.passesUnknownOptions === true,
  });
  const options: Record<string, OptionSpec> = { ...spec.options, help: helpOption };
  for (const [name, option] of Object.entries(options)) parser.option(name, yargsOption(option));
  return parser;
}

/** A yargs that keeps away from the host's files, from the environment and from process.exit. */
export function newParser(): Argv {
  return yargs().scriptName('runts').locale(nowhere).version(false).help(false).exitProcess(false).wrap(MAX_WIDTH);
}

const configuration = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'greedy-arrays': false,
  'nargs-eats-options': true,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'short-option-groups': false,
  'strip-aliased': true,
};

function withTexts(parser: Argv, { text, examples }: Description, head: string[]): Argv {
  for (const [line, purpose] of Object.entries(examples)) parser.example(line, purpose);
  return parser.usage([...head, text.trim()].filter((part) => part !== '').join('\n\n'));
}

function yargsOption(option: OptionSpec): Options {
  const { type, alias, choices, default: preset } = option;
  return {
    type: yargsTypes[type],
    describe: describe(option),
    ...(alias !== undefined && { alias }),
    ...(choices !== undefined && { choices }),
    ...(preset !== undefined && { default: preset }),
    ...(type !== 'flag' && { nargs: 1 }),
    ...(type === 'string-list' && { string: true }),
  };
}

const yargsTypes = { flag: 'boolean', string: 'string', integer: 'number', 'string-list': 'array' } as const;

function describe({ help, notYet, notYetFor }: OptionSpec): string {
  if (notYet === undefined) return help;
  return notYetFor === undefined ? `${help} ${NOT_YET}` : `${help} ("${notYetFor}" is not supported yet)`;
}

function summaryOf({ summary, implemented }: CommandSpec): string {
  return implemented ? summary : `${summary} ${NOT_YET}`;
}
