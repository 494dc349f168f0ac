// Reads the file of `exec --process`.
import { validateProcess } from '../validate/config.ts';
import { readRegularFile } from './bundle.ts';
import type { Process } from './config.ts';
import { parseJson } from './json.ts';

/**
 * Reads and validates a file that holds a process (config.md, "Process").
 * @returns the process, and what the file has
 * @throws ConfigError, RuntimeError
 */
export function loadProcess(path: string): { process: Process; content: Uint8Array } {
  const content = readRegularFile(path);
  return { process: validateProcess(parseJson(content, path)), content };
}
