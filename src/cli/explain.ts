// A second look at a command line that parse.ts refused: what was probably meant.
import { UsageError } from '../errors.ts';
import type { CommandSpec } from './command-spec.ts';
import { type CommandName, commands, globals } from './commands.ts';
import { newParser } from './help-parsers.ts';
import { parseCommandLine } from './parse.ts';
import { UnknownNameError } from './usage.ts';

/** The error of parseCommandLine with a better hint where one is found; undefined if `argv` is acceptable. */
export function explainUsage(argv: readonly string[]): UsageError | undefined {
  try {
    parseCommandLine(argv);
    return undefined;
  } catch (error) {
    if (error instanceof UnknownNameError) return withHint(error);
    if (error instanceof UsageError) return error;
    throw error;
  }
}

function withHint(error: UnknownNameError): UsageError {
  const { kind, unknown, reason, steps, hint = '' } = error;
  const meant = kind === 'command' ? closest(unknown, Object.keys(commands)) : meantOption(error);
  if (meant === undefined) return error;
  return new UsageError(reason, { steps, hint: `${meant}${meant.endsWith('?') ? '' : ';'} ${hint}` });
}

function meantOption({ command, unknown }: UnknownNameError): string | undefined {
  if (command === 'kill' && /^-(\d+|(SIG)?[A-Z]+\d?)$/.test(unknown)) return 'a signal has no dash in front';
  return (
    otherSide(command, unknown) ?? closest(unknown, spellings(command === undefined ? globals : commands[command]))
  );
}

/** Says where the option belongs when it stands on the wrong side of the command. */
function otherSide(command: CommandName | undefined, unknown: string): string | undefined {
  if (command !== undefined) {
    return spellings(globals).includes(unknown) ? `${unknown} belongs before "${command}"` : undefined;
  }
  const owners = Object.entries<CommandSpec>(commands).filter(([, spec]) => spellings(spec).includes(unknown));
  return owners.length > 0
    ? `${unknown} belongs after the command (${owners.map(([name]) => name).join(', ')})`
    : undefined;
}

function spellings({ options }: CommandSpec): string[] {
  return Object.entries(options).flatMap(([name, { alias }]) => (alias ? [`--${name}`, `-${alias}`] : [`--${name}`]));
}

/** yargs knows what is close to the name of a command, so everything is a command's name to it here. */
function closest(written: string, names: string[]): string | undefined {
  const word = withoutDashes(written).toLowerCase();
  let advice = names.some((name) => withoutDashes(name) === word) ? ` ${word}?` : '';
  const parser = newParser()
    .recommendCommands()
    .fail((message) => {
      advice = message;
    });
  for (const name of names) parser.command(withoutDashes(name), '');
  parser.parse([word]);
  const name = names.find((candidate) => advice.endsWith(` ${withoutDashes(candidate)}?`));
  // yargs allows three differences, which bring any two short words together.
  const isPlausible = name !== undefined && (word.length > 4 || withoutDashes(name)[0] === word[0]);
  return isPlausible ? `did you mean ${name}?` : undefined;
}

function withoutDashes(name: string): string {
  return name.replace(/^-+/, '');
}
