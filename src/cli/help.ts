// Help texts. Loads yargs, so main loads it only when asked.
import type { CommandName } from './commands.ts';
import { commandParser, programParser } from './help-parsers.ts';

/** The text of `runts --help` or `runts COMMAND --help`. */
export async function renderHelp(command?: CommandName): Promise<string> {
  const parser = command === undefined ? programParser() : commandParser(command);
  return `${await parser.getHelp()}\n`;
}
