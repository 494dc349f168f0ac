// What this executable is made of; the values are put in by the build (Makefile).
import type { VersionInfo } from './cli/version.ts';

declare const RUNTS_VERSION: string | undefined;
declare const RUNTS_COMMIT: string | undefined;
declare const RUNTS_SOURCES: string | undefined;

export const build: VersionInfo = {
  version: typeof RUNTS_VERSION === 'string' ? RUNTS_VERSION : '0.0.0-source',
  commit: typeof RUNTS_COMMIT === 'string' ? RUNTS_COMMIT : '',
  spec: '1.3.0',
  engine: `bun ${process.versions.bun ?? ''}`,
};

/** The beginning of a digest of everything that runts was built from, 16 hexadecimal digits; none in a source tree. */
export const sources = typeof RUNTS_SOURCES === 'string' ? RUNTS_SOURCES : undefined;
