// Reads a process for `exec`: a file of its own, or the one in a bundle's config.json.
import { validateProcess } from '../validate/config.ts';
import { readRegularFile } from './bundle.ts';
import type { Config, Process } from './config.ts';
import { parseJson } from './json.ts';

/**
 * Reads and validates a file that holds a process (config.md, "Process").
 * @throws ConfigError, RuntimeError
 */
export function loadProcess(path: string): Process {
  return validateProcess(parseJson(readRegularFile(path), path));
}

/** Reads the process of a bundle; only that is looked at and validated. undefined if there is none. */
export function loadBundleProcess(bundle: string): Process | undefined {
  const config = parseJson(readRegularFile(`${bundle}/config.json`), 'config.json') as Partial<Config> | null;
  const process = config?.process;
  return process === undefined || process === null ? undefined : validateProcess(process);
}
