// The hot parser and yargs, both made from the table of commands, must read a large set of command lines alike.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Argv } from 'yargs';
import { UsageError } from '../errors.ts';
import type { CommandSpec, OptionSpec, OptionValue } from './command-spec.ts';
import { type CommandName, commands, globals, isCommandName } from './commands.ts';
import { optionsParser } from './help-parsers.ts';
import { parseCommandLine } from './parse.ts';
import { readWords } from './words.ts';

const test = suite('cli/parse-yargs');

/** What a parser made of a command line; `refused` stands for any error. */
type Outcome = { global: Values; command: string; options: Values; args: string[] } | 'refused';
type Values = Record<string, OptionValue>;

function byHand(argv: string[]): Outcome {
  return refusedOr(UsageError, () => {
    const { options: global, args } = readWords(undefined, argv);
    const [command = '', ...words] = args;
    const read = readWords(asCommand(command), words);
    return { global, command, options: read.options, args: read.args };
  });
}

function byYargs(argv: string[]): Outcome {
  return refusedOr(YargsError, () => {
    const { options: global, args } = yargsWords(globals, argv);
    const [command = '', ...words] = args;
    return { global, command, ...yargsWords(commands[asCommand(command)], words) };
  });
}

class YargsError extends Error {}

function yargsWords(spec: CommandSpec, words: string[]): { options: Values; args: string[] } {
  const { _: args, $0: _program, ...given } = strictParser(spec).parseSync(words);
  const options: Values = {};
  for (const [name, option] of Object.entries(spec.options)) {
    const value = acceptable(option, given[name]);
    if (value !== undefined) options[name] = value;
  }
  const first = words.includes('--') ? undefined : args[0];
  if (first !== undefined && /^-./.test(String(first)))
    throw new YargsError('for ps, yargs takes unknown options also before the id');
  return { options, args: args.map(String) };
}

const parsers = new Map<CommandSpec, Argv>();

function strictParser(spec: CommandSpec): Argv {
  const known = parsers.get(spec);
  if (known !== undefined) return known;
  const parser = optionsParser(spec)
    .strictOptions()
    .fail((message, error) => {
      throw new YargsError(message ?? error?.message);
    });
  parsers.set(spec, parser);
  return parser;
}

/** yargs' value with the rules that its options can't express. */
function acceptable(option: OptionSpec, given: unknown): OptionValue | undefined {
  const isList = option.type === 'string-list';
  const value = Array.isArray(given) && !isList ? given.at(-1) : given;
  if (isList && Array.isArray(value) && value.length === 0) throw new YargsError('no value');
  if (typeof value === 'number') {
    const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = option;
    if (!Number.isInteger(value) || value < min || value > max) throw new YargsError('integer');
  }
  if (option.type === 'flag') return value === true;
  if (isList) return Array.isArray(value) ? value.map(String) : [];
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

function refusedOr<T>(kind: new (message: string) => Error, action: () => T): T | 'refused' {
  try {
    return action();
  } catch (error) {
    if (error instanceof kind) return 'refused';
    throw error;
  }
}

function asCommand(word: string): CommandName {
  if (!isCommandName(word)) throw new Error(`${word} is not a command`);
  return word;
}

/** Every spelling of one option, right and wrong ones, each as the words to put on a command line. */
function spellings(name: string, option: OptionSpec): string[][] {
  const names = option.alias === undefined ? [name] : [name, option.alias];
  const dashed = names.flatMap((each) => [`--${each}`, `-${each}`]);
  const wrong = [[`--${name}x`], [`--no-${name}x`, 'value'], [`---${name}`], [`-${name}x=1`]];
  if (option.type === 'flag') return [...dashed.flatMap(flagSpellings), ...wrong];
  return [...dashed.flatMap((each) => valueSpellings(each, option)), ...wrong];
}

const flagSpellings = (dashed: string): string[][] => [
  [dashed],
  [`${dashed}=true`],
  [`${dashed}=false`],
  [dashed, `${dashed}=false`],
  [`${dashed}=false`, dashed],
];

function valueSpellings(dashed: string, option: OptionSpec): string[][] {
  const [good, other, bad] = samples(option);
  return [
    [dashed, good],
    [`${dashed}=${good}`],
    [dashed, good, `${dashed}=${other}`],
    [`${dashed}=${good}`, dashed, other],
    ...(bad === undefined ? [] : [[dashed, bad], [`${dashed}=${bad}`]]),
  ];
}

/** Two acceptable values and, where the type has any, one that isn't. */
function samples({ type, choices }: OptionSpec): [string, string, string?] {
  if (type === 'integer') return ['3', '0x1f', '3x'];
  if (choices !== undefined) return [choices[0] ?? '', choices[1] ?? '', `${choices[0]}x`];
  return ['/a/b', 'k=v=w --x'];
}

function* commandLines(command: CommandName): Generator<string[]> {
  const spec: CommandSpec = commands[command];
  const args = ['web1', 'KILL', 'third'];
  for (let count = 0; count <= args.length; count++) yield [command, ...args.slice(0, count)];
  yield [command, '--', '--web1'];
  yield [command, 'web1', '-'];
  for (const [name, option] of Object.entries(spec.options)) {
    for (const words of spellings(name, option)) {
      // To ps(1), ---x is an argument; yargs doesn't let it through.
      if (spec.passesUnknownOptions && words[0]?.startsWith('---')) continue;
      yield [command, ...words, 'web1'];
      yield [command, 'web1', ...words];
      yield [command, 'web1', '--', ...words];
      yield ['--debug', '--root=/r', command, ...words];
    }
    yield [command, 'web1', `--${name}`];
  }
}

function* globalLines(): Generator<string[]> {
  for (const [name, option] of Object.entries<OptionSpec>(globals.options)) {
    for (const words of spellings(name, option)) {
      yield [...words, 'state', 'web1'];
      yield [...words, '--', 'kill', '--all', 'web1'];
    }
    yield [`--${name}`];
  }
}

let compared = 0;

function compare(argv: string[]): Outcome {
  compared++;
  const outcome = byHand(argv);
  assert.equal(outcome, byYargs(argv), `runts ${argv.join(' ')}`);
  return outcome;
}

for (const command of Object.keys(commands).filter(isCommandName)) {
  test(`${command}: both parsers read every spelling of every option alike`, () => {
    for (const argv of commandLines(command)) compare(argv);
  });
}

test('the global options are read alike before the command', () => {
  for (const argv of globalLines()) if (argv.length > 1) compare(argv);
});

const NOT_YET = ['pidfd-socket'];

test('parseCommandLine hands on what was compared', () => {
  for (const argv of commandLines('create')) {
    const outcome = byHand(argv);
    const isNotYet = outcome !== 'refused' && NOT_YET.some((name) => name in outcome.options);
    if (outcome === 'refused' || outcome.args.length !== 1 || isNotYet) {
      assert.throws(() => parseCommandLine(argv), isUsageError);
      continue;
    }
    const { version: _, ...global } = outcome.global;
    assert.equal(parseCommandLine(argv), { kind: 'command', ...outcome, global });
  }
});

test('more than 300 command lines were compared', () => {
  assert.ok(compared > 300, String(compared));
});

const isUsageError = (error: unknown) => error instanceof UsageError;

test.run();
