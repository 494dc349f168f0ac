// ociVersion (config.md, "Specification version").
import type { Config } from '../../bundle/config.ts';
import { problem, type Rule } from '../problem.ts';

/** The version of the specification that this runtime implements. */
export const SUPPORTED_VERSION = '1.3.0';
const SUPPORTED_MINOR = 3;

const IDENTIFIER = '(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)';
const SEMVER =
  `^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(?:0|[1-9]\\d*)` +
  `(?:-${IDENTIFIER}(?:\\.${IDENTIFIER})*)?(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?$`;
// What managers write; the expression above is for the rest.
const USUAL = ['1.0.0', '1.0.1', '1.0.2', '1.0.2-dev', '1.1.0', '1.2.0', '1.2.1', '1.3.0'];

export const versionRules: Rule[] = [
  {
    name: 'ociVersion is a version 1.x.y',
    reads: ['/ociVersion'],
    check({ ociVersion }) {
      if (USUAL.includes(ociVersion)) return [];
      const [, major] = ociVersion.match(SEMVER) ?? [];
      if (major === '1') return [];
      const form = 'must be a version as Semantic Versioning 2.0.0 defines it, e.g. 1.3.0';
      const rule = major === undefined ? form : `must be a 1.x version: this runtime implements ${SUPPORTED_VERSION}`;
      return [problem('/ociVersion', ociVersion, rule)];
    },
  },
];

/**
 * A warning for a config that was written for a later 1.x. The specification calls it "not compatible" with this
 * runtime, but does not ask for an error. Refusing it would break every container on the day its manager moves to the
 * next specification; accepting it (as runc does) is safe: unknown values are errors anyway, unknown properties must be
 * ignored in any version.
 */
export function versionWarnings({ ociVersion }: Config): string[] {
  const minor = Number(ociVersion.split('.')[1]);
  if (minor <= SUPPORTED_MINOR) return [];
  return [`/ociVersion: ${ociVersion} is newer than ${SUPPORTED_VERSION}: what it adds is ignored`];
}
