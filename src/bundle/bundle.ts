// Finds a bundle and reads its config.json (bundle.md).
import * as K from '../../bindings/constants.ts';
import { closeSync, openSync, readUpTo, realpathSync } from '../../bindings/file-system.ts';
import { fstatSync, statSync } from '../../bindings/stat.ts';
import { errnoOf, RuntimeError, step } from '../errors.ts';
import { validateConfig } from '../validate/config.ts';
import type { Config } from './config.ts';
import { MAX_BYTES, parseJson } from './json.ts';

export interface Bundle {
  config: Config;
  /** Absolute path of the bundle's folder, without symbolic links. */
  bundle: string;
  /** What the validation found worth saying. */
  warnings: string[];
}

/**
 * Reads and validates a bundle.
 * @param path the bundle's folder; relative to the working directory
 * @throws ConfigError, RuntimeError
 */
export function loadBundle(path: string): Bundle {
  const bundle = step(`bundle ${path}`, () => realpathSync(path));
  if (!statSync(bundle).isDirectory()) throw new RuntimeError(`bundle ${path}: is not a folder`);
  const text = readRegularFile(`${bundle}/config.json`, { hint: '`runts spec` writes one' });
  return { bundle, ...validateConfig(parseJson(text, 'config.json')) };
}

/**
 * The bytes of a file that must be a regular one: JSON from a FIFO might never come. Of one that is too large for JSON,
 * only as many as show that.
 * @param hint for the error if it does not exist
 */
export function readRegularFile(path: string, { hint }: { hint?: string } = {}): Uint8Array {
  const fd = openFile(path, hint);
  try {
    if (!fstatSync(fd).isFile()) throw new RuntimeError(`${path} is not a regular file`);
    return readUpTo(fd, MAX_BYTES + 1, path);
  } finally {
    closeSync(fd);
  }
}

function openFile(path: string, hint: string | undefined): number {
  try {
    // Without waiting, should it be a FIFO.
    return openSync(path, K.O_RDONLY | K.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    throw new RuntimeError(`${path} does not exist`, hint === undefined ? {} : { hint });
  }
}
