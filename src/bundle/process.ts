// Reads the file of `exec --process`.
import { validateProcess } from '../validate/config.ts';
import { readRegularFile } from './bundle.ts';
import type { Process } from './config.ts';
import { parseJson } from './json.ts';

/**
 * Reads and validates a file that holds a process (config.md, "Process").
 * @throws ConfigError, RuntimeError
 */
export function loadProcess(path: string): Process {
  return validateProcess(parseJson(readRegularFile(path), path));
}
