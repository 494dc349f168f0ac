// Shell completion, by yargs from the table of commands.
import { commands, isCommandName } from './commands.ts';
import { commandParser, newParser, programParser } from './help-parsers.ts';

/** Prints the script with which the shell of $SHELL completes `runts ...`. */
export function printCompletionScript(): void {
  newParser().completion('completion', false).showCompletionScript();
}

/** What may stand in the place of the last word; `words` starts with the program's name, as the script sends it. */
export async function completions(words: readonly string[]): Promise<readonly string[]> {
  const typed = words.slice(1);
  const last = typed.length - 1;
  const at = typed.findIndex((word, index) => index < last && isCommandName(word) && word !== 'help');
  const command = typed[at];
  if (command === undefined || !isCommandName(command)) return programParser().getCompletion(typed);
  return commands[command].implemented ? commandParser(command).getCompletion(typed.slice(at + 1)) : [];
}
