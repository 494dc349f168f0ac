// Help texts. Loads yargs, so main loads it only when asked.
import type { CommandName } from './commands.ts';
import { commandParser, MAX_WIDTH, programParser } from './help-parsers.ts';

/**
 * The text of `runts --help` or `runts COMMAND --help`.
 * @param columns of the terminal; 0 if there's none
 */
export async function renderHelp(command?: CommandName, columns = 0): Promise<string> {
  const parser = command === undefined ? programParser() : commandParser(command);
  if (columns > 0) parser.wrap(Math.min(MAX_WIDTH, columns));
  return `${await parser.getHelp()}\n`;
}
