import type { Config } from '../bundle/config.ts';
/** STUB to be replaced by the validation helper. */
export function validateConfig(value: unknown): { config: Config; warnings: string[] } {
  return { config: value as Config, warnings: [] };
}
