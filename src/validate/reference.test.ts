// Compares this project's schemas and rules with the specification's own JSON Schema (conformance/reference-schema).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseJson } from '../bundle/json.ts';
import type { Config } from '../bundle/config.ts';
import { ConfigError } from '../errors.ts';
import { validateConfig } from './config.ts';
import { smallConfig } from './fixtures/cases.ts';
import { type Mutant, mutants } from './fixtures/mutations.ts';
import { schemaProblems } from './schema.ts';

const test = suite('validate/reference');

const FOLDER = join(import.meta.dirname, '../../conformance/reference-schema');
const OTHER_PLATFORMS = ['solaris', 'windows', 'vm', 'zos', 'freebsd'];

function reference(name: string): (value: unknown) => boolean {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  for (const file of ['config-linux', 'defs', 'defs-linux', 'features-linux', name]) {
    const { $schema: _draft4, ...schema } = JSON.parse(readFileSync(join(FOLDER, `${file}.json`), 'utf8'));
    for (const platform of OTHER_PLATFORMS) delete schema.properties?.[platform];
    ajv.addSchema(schema, `${file}.json`);
  }
  return (value) => ajv.validate(`${name}.json`, value) === true;
}

const acceptsReference = reference('config-schema');

interface Verdict {
  reference: boolean;
  /** The schemas alone. */
  shape: boolean;
  /** Schemas and rules. */
  whole: boolean;
}

function judge(text: string): Verdict {
  const value = parseJson(new TextEncoder().encode(text), 'config.json');
  return {
    // ajv does not know bigint, so the reference gets what JSON.parse makes of big integers.
    reference: acceptsReference(JSON.parse(text)),
    shape: schemaProblems(value).length === 0,
    whole: isAccepted(value),
  };
}

function isAccepted(value: unknown): boolean {
  try {
    validateConfig(value);
    return true;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}
const fixture = (name: string): Config => {
  const file = `${name}.json`;
  return parseJson(readFileSync(join(import.meta.dirname, 'fixtures', file)), file) as Config;
};

// What containerd writes into rootfsPropagation is a disagreement of its own.
const kubernetes = fixture('kubernetes');
delete kubernetes.linux?.rootfsPropagation;
const BASES = { full: fixture('full'), docker: fixture('docker'), kubernetes, small: smallConfig() };
const CASES = 4000;

/** Why the two sides differ on a change at a place. */
interface Disagreement {
  at: RegExp;
  /** Values (JSON) for which it holds; left out: all. `-` stands for a missing property. */
  when?: RegExp | ((value: number | bigint) => boolean);
  why: string;
}

const above = (limit: number | bigint) => (value: number | bigint) => value > limit;
const outside = (minimum: number, maximum: number) => (value: number | bigint) => value < minimum || value > maximum;
const MISSING = /^-$/;

/** Refused here, accepted by the reference. */
const STRICTER: Disagreement[] = [
  { at: /^\/root$/, when: MISSING, why: 'config.md: on all platforms but Windows "this field is REQUIRED"' },
  { at: /^\/process\/args$/, when: /^(-|\[\])$/, why: 'config.md: "at least one entry is REQUIRED (non-Windows)"' },
  { at: /^\/process\/user\/[ug]id$/, when: MISSING, why: 'config.md: REQUIRED; a missing gid must not become root' },
  { at: /^\/process\/user$/, when: /^\{/, why: 'the same: no uid and gid' },
  { at: /^\/process\/ioPriority\/priority$/, when: MISSING, why: 'config.md: REQUIRED' },
  { at: /^\/linux\/personality\/domain$/, when: MISSING, why: 'config-linux.md: REQUIRED' },
  { at: /^\/linux\/personality$/, when: /^\{/, why: 'the same: no domain' },
  { at: /^\/linux\/memoryPolicy\/mode$/, when: MISSING, why: 'config-linux.md: REQUIRED' },
  { at: /^\/linux\/memoryPolicy$/, when: /^\{/, why: 'the same: no mode' },
  { at: /\/throttle\w+\/#\/rate$/, when: MISSING, why: 'config-linux.md: REQUIRED' },
  { at: /[ug]id$|additionalGids\/#$/, when: above(4294967294), why: '4294967295 is (uid_t)-1: setresuid(2) would change nothing' },
  { at: /\/umask$/, when: above(0o777), why: 'umask(2) has nine bits' },
  { at: /\/oomScoreAdj$/, when: outside(-1000, 1000), why: 'proc_pid_oom_score_adj(5)' },
  { at: /\/nice$/, when: outside(-20, 19), why: 'sched(7)' },
  { at: /\/ioPriority\/priority$/, when: outside(0, 7), why: 'config.md: "from 0 (highest) to 7 (lowest)"' },
  { at: /\/consoleSize\/\w+$/, when: above(65535), why: 'struct winsize has 16 bits' },
  { at: /\/timeout$/, when: above(Number.MAX_SAFE_INTEGER), why: 'more seconds than a number can hold' },
  { at: /(devices|Device)\/#\/major$/, when: outside(0, 4095), why: 'device numbers have 12 bits; -1 in rules means all' },
  { at: /(devices|Device)\/#\/minor$/, when: outside(0, 1048575), why: 'and 20 bits' },
  { at: /\/resources\/devices\/#\/type$/, when: /^"/, why: 'config-linux.md: a, c or b' },
  { at: /\/memory\/(limit|reservation|swap|kernel|kernelTCP)$|\/pids\/limit$/, when: outside(-1, Infinity), why: '-1 is the only negative limit' },
  { at: /\/swappiness$/, when: above(100), why: 'config-linux.md: "from 0 to 100"' },
  { at: /\/cpu\/idle$/, when: outside(0, 1), why: 'config-linux.md: 0 or 1' },
  { at: /\/nanosecs$/, when: above(999999999), why: 'time_namespaces(7): less than a second' },
  { at: /\/syscalls\/#\/args\/#\/index$/, when: above(5), why: 'a system call has six arguments' },
  { at: /\/(path|cwd|destination)$|\/names\/#$/, when: /^""$/, why: 'an empty path or name means nothing' },
  { at: /./, when: /\\u0000/, why: 'NUL ends a string in the kernel' },
  { at: /\/rlimits\/#\/type$/, when: /^"RLIMIT_FOO"$/, why: 'config.md: an error for what is no limit of getrlimit(2)' },
  { at: /^\/linux\/timeOffsets\/x$/, why: 'the keys are names of clocks, so they are not unknown properties' },
  { at: /./, when: above(18446744073709551615n), why: 'the reference is rounded to 2^64' },
  { at: /./, when: outside(-(2 ** 63), Infinity), why: 'the reference is rounded to -2^63' },
  { at: /./, when: (value) => value === 9223372036854775808n, why: 'the reference is rounded to 2^63' },
];

/** Accepted here, refused by the reference. */
const MORE_LENIENT: Disagreement[] = [
  { at: /./, when: /^null$/, why: 'Go programs write null for absent properties (nulls.ts)' },
  { at: /./, when: /:null/, why: 'the same, inside an object' },
  { at: /\/fileMode$/, when: outside(0, 511), why: 'config-linux.md: uint32; managers pass set-id and file type bits on' },
  { at: /\/pids\/limit$/, when: MISSING, why: 'config-linux.md: OPTIONAL' },
  { at: /\/pids$/, when: /^\{/, why: 'the same: no limit' },
  { at: /\/rootfsPropagation$/, when: /^"rslave"$/, why: 'containerd, Docker and Podman write the recursive forms' },
  { at: /\/(commandLine|username)$/, why: 'for Windows only, so unknown properties here' },
  { at: /^\/process\/consoleSize/, why: 'config.md: "MUST ignore consoleSize if terminal is false"' },
];
const used = new Set<Disagreement>();

function isExplained(table: Disagreement[], { pointer, value = '-' }: Mutant): boolean {
  const place = pointer.replace(/\/\d+(?=\/|$)/g, '/#');
  const number = /^-?\d/.test(value) ? (/^-?\d{16,}$/.test(value) ? BigInt(value) : Number(value)) : undefined;
  const reason = table.find(({ at, when }) => {
    if (!at.test(place)) return false;
    if (typeof when === 'function') return number !== undefined && when(number);
    return when === undefined || when.test(value);
  });
  if (reason !== undefined) used.add(reason);
  return reason !== undefined;
}

test('the bases are good on both sides', () => {
  for (const base of Object.values(BASES)) {
    assert.ok(acceptsReference(JSON.parse(JSON.stringify(base, (_key, value) => (typeof value === 'bigint' ? 0 : value)))));
    assert.ok(isAccepted(base));
  }
});

test(`${CASES} changed configs are judged alike, or there is a reason`, () => {
  const unexplained: string[] = [];
  for (const mutant of mutants(BASES, CASES, 20251)) {
    const { reference, shape, whole } = judge(mutant.text);
    const name = `${mutant.base}: ${mutant.pointer} = ${mutant.value ?? '(missing)'}`;
    if (reference && !shape && !isExplained(STRICTER, mutant)) unexplained.push(`refused here only: ${name}`);
    if (!reference && whole && !isExplained(MORE_LENIENT, mutant)) unexplained.push(`accepted here only: ${name}`);
  }
  assert.equal(unexplained, []);
});

test('every listed disagreement exists', () => {
  const stale = [...STRICTER, ...MORE_LENIENT].filter((entry) => !used.has(entry));
  assert.equal(stale.map(({ at, why }) => `${at}: ${why}`), []);
});

test.run();
