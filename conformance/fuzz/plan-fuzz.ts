// Mutated configs through everything that `create` decides before it does anything: JSON, schemas, rules, the plan, and
// the container's programs.
import { parseJson } from '../../src/bundle/json.ts';
import { buildFilter } from '../../src/create/seccomp-filter.ts';
import { ConfigError, RuntimeError } from '../../src/errors.ts';
import { assemble } from '../../src/final/assemble.ts';
import { beginScript } from '../../src/init/begin.ts';
import { beginFinal, endFinal } from '../../src/init/final.ts';
import { setupScript } from '../../src/init/setup.ts';
import { samplePlan } from '../../src/plan/fixtures/plan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { validateConfig, validateProcess, validateResources } from '../../src/validate/config.ts';
import { readBases } from './bases.ts';
import { bytesOf, mutate, poolOf } from './mutate.ts';
import { Random } from './random.ts';

export interface Findings {
  /** How many configs were accepted. */
  accepted: number;
  /** What is wrong, each with the number that makes the same config again. */
  faults: string[];
}

const bases = readBases();
const pool = poolOf(bases);
// No config may keep the runtime busy for long.
const LIMIT_MS = 2000;

/** Tries the configs with the numbers from `first` on. */
export function fuzzPlans(first: number, count: number): Findings {
  const findings: Findings = { accepted: 0, faults: [] };
  for (let number = first; number < first + count; number++) {
    const start = performance.now();
    const fault = tryPlan(number);
    const ms = performance.now() - start;
    if (fault === undefined) findings.accepted++;
    else if (fault !== '') findings.faults.push(`plan ${number}: ${fault}`);
    if (ms > LIMIT_MS) findings.faults.push(`plan ${number}: took ${Math.round(ms)} ms`);
  }
  return findings;
}

/** The bytes of a numbered config. */
export function planBytes(number: number): Buffer {
  const random = new Random(number);
  const config = structuredClone(random.pick(bases));
  mutate(config, random, pool);
  return bytesOf(config, random);
}

// undefined: the config is good; empty: it's refused as it should be.
function tryPlan(number: number): string | undefined {
  const bytes = planBytes(number);
  try {
    const value = parseJson(bytes, 'config.json');
    tryParts(value);
    const { config } = validateConfig(value);
    buildPrograms(samplePlan(config));
    return undefined;
  } catch (error) {
    return error instanceof RuntimeError ? refusalFault(error) : `crash: ${stackOf(error)}`;
  }
}

// What `exec --process` and `update --resources` read.
function tryParts(value: unknown): void {
  const { process, linux } = (typeof value === 'object' && value !== null ? value : {}) as {
    process?: unknown;
    linux?: { resources?: unknown } | null;
  };
  for (const validate of [() => validateProcess(process), () => validateResources(linux?.resources)]) {
    try {
      validate();
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
    }
  }
}

function buildPrograms(plan: Plan): void {
  const namespaces = plan.namespaces.joined.map((joined, index) => ({ ...joined, fd: 20 + index }));
  const common = { plan, placedCgroup: [], syncFd: 9, sources: undefined };
  const begin = beginScript({ ...common, namespaces, cgroupFd: undefined, setupFd: 8 });
  const mountFacts = plan.mounts.map(() => ({ isDirectory: true, coveredMode: undefined }));
  const idMaps = new Map(plan.mounts.map((_, index) => [index, 30]));
  const setup = setupScript({ ...common, finalFd: 8, rootMountPoint: '/r', mountFacts, idMaps });
  const env = plan.process?.env ?? [];
  const filter = plan.seccomp && buildFilter(plan.seccomp);
  const finalInputs = { plan, syncFd: 9, startFd: 10, resultFd: 11, env, filter, procFd: 12 };
  const final = endFinal(beginFinal(finalInputs), finalInputs);
  for (const { program } of [begin, setup, final]) assemble(program, 'x64');
}

/** What is wrong with the way in which a config is refused; empty if nothing is. */
function refusalFault(error: RuntimeError): string {
  if (error.oneLine.includes('\n')) return `more than one line: ${error.oneLine}`;
  if (!(error instanceof ConfigError)) return '';
  const unnamed = error.problems.find(({ pointer, rule }) => !pointer.startsWith('/') && !isWhole(rule));
  return unnamed === undefined ? '' : `names no property: ${error.oneLine}`;
}

// About the document as a whole: not JSON, not an object, too many problems to tell.
const isWhole = (rule: string): boolean => /JSON|object|more problems|line \d|byte/i.test(rule);

function stackOf(error: unknown): string {
  return error instanceof Error ? String(error.stack).split('\n').slice(0, 4).join(' | ') : String(error);
}
