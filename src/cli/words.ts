// Words become option values and arguments, by one entry of the table of commands.
import { shorten } from '../errors.ts';
import type { CommandSpec, OptionSpec } from './command-spec.ts';
import { type CommandName, commands, globals, helpOption } from './commands.ts';
import { notYetError, UnknownNameError, usageError } from './usage.ts';
import { acceptableValues, defaultValues, readValue, type Values } from './values.ts';

/** What was read: options and arguments, not yet known to belong to one command's types. */
export interface Words {
  readonly command: CommandName | undefined;
  readonly spec: CommandSpec;
  readonly options: Values;
  readonly args: string[];
}

/** Reads the words after a command, or, without one, the global options and leaves the rest as arguments. */
export function readWords(command: CommandName | undefined, words: readonly string[]): Words {
  const spec: CommandSpec = command === undefined ? globals : commands[command];
  const read: Words = { command, spec, options: defaultValues(spec.options), args: [] };
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') {
      at++;
      break;
    }
    if (!isArgument(read, word)) at += readOption(read, word, words[at + 1]);
    else if (spec.stopsAtFirstArgument) break;
    else read.args.push(word);
  }
  for (; at < words.length; at++) read.args.push(words[at] ?? '');
  return read;
}

/** Refuses options that are described but not supported yet, unless they ask for nothing, as `--flag=false` does. */
export function refuseNotYet({ command, spec, options }: Words): void {
  for (const key in options) {
    const { notYet, notYetFor } = spec.options[key] ?? {};
    const value = options[key];
    const isUsed = value !== false && (notYetFor === undefined || value === notYetFor);
    if (notYet !== undefined && isUsed) throw notYetError(command, { what: `--${key}`, why: notYet });
  }
}

function isArgument({ spec, args }: Words, word: string): boolean {
  if (word[0] !== '-' || word === '-') return true;
  return spec.passesUnknownOptions === true && args.length > 0 && findOption(spec, split(word).name) === undefined;
}

/** Stores the option that `word` names; returns how many of the words that follow it took. */
function readOption(read: Words, word: string, next: string | undefined): number {
  const { name, text, dashed } = split(word);
  const found = findOption(read.spec, name);
  if (found === undefined) throw new UnknownNameError(read.command, 'option', name === '' ? word : dashed);
  const { key, option } = found;
  const takesNext = text === undefined && option.type !== 'flag';
  const value = takesNext ? next : (text ?? 'true');
  if (value === undefined) throw usageError(read.command, `${dashed} needs a value`);
  store(read, key, { option, text: value });
  return takesNext ? 1 : 0;
}

/** `--name=text` or `--name`, with one dash or two. */
function split(word: string): { name: string; text: string | undefined; dashed: string } {
  const start = word[1] === '-' ? 2 : 1;
  const equals = word.indexOf('=');
  if (equals === -1) return { name: word.slice(start), text: undefined, dashed: word };
  return { name: word.slice(start, equals), text: word.slice(equals + 1), dashed: word.slice(0, equals) };
}

function findOption({ options }: CommandSpec, name: string): { key: string; option: OptionSpec } | undefined {
  if (name === 'help' || name === helpOption.alias) return { key: 'help', option: helpOption };
  for (const key in options) {
    const option = options[key];
    if (option !== undefined && (key === name || option.alias === name)) return { key, option };
  }
  return undefined;
}

function store(read: Words, key: string, { option, text }: { option: OptionSpec; text: string }): void {
  const { command, options } = read;
  // A wrapper that hands on an unset variable means that the option isn't given.
  const isUnset = text === '' && option.type === 'string' && !option.refusesEmpty;
  const value = isUnset ? option.default : readValue(option, text);
  if (value === undefined && !isUnset) {
    throw usageError(command, `--${key} ${JSON.stringify(shorten(text))} is not ${acceptableValues(option)}`);
  }
  const list = options[key];
  if (value === undefined) delete options[key];
  else if (typeof list === 'object') list.push(String(value));
  else options[key] = value;
}
