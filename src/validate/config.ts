// Validation of config.json: all problems at once.
import type { Config, Process, Resources } from '../bundle/config.ts';
import { ConfigError, type ConfigProblem } from '../errors.ts';
import { SUPPORTED_VERSION } from './rules/version.ts';
import { ruleProblems, warnings } from './rules.ts';
import { configShape, processShape, resourcesShape } from './schema.ts';
import type { Shape } from './shape.ts';

/**
 * Checks a parsed config.json (config.md, config-linux.md). Properties that are null count as absent.
 * @returns the config without such properties, and warnings for the log
 * @throws ConfigError with every problem: of the schema, then of the rules on what the schema found good
 */
export function validateConfig(value: unknown): { config: Config; warnings: string[] } {
  const shape = configShape(value);
  const config = shape.value as Config;
  // A document that is no object at all has nothing for rules to look at.
  const isObject = !shape.problems.some(({ pointer }) => pointer === '');
  throwIfAny([...shape.problems, ...(isObject ? ruleProblems(config, shape.problems) : [])]);
  return { config, warnings: warnings(config) };
}

/** Checks a parsed process object: the file of `exec --process` (config.md, "Process"). */
export function validateProcess(value: unknown): Process {
  const process = wellShaped(processShape(value), 'process');
  checkRules({ ociVersion: SUPPORTED_VERSION, process: process as Process }, 'process', '/process');
  return process as Process;
}

/** Checks a parsed resources object: the file of `update --resources` (config-linux.md, "Control groups"). */
export function validateResources(value: unknown): Resources {
  const resources = wellShaped(resourcesShape(value), 'resources');
  checkRules(
    { ociVersion: SUPPORTED_VERSION, linux: { resources: resources as Resources } },
    'resources',
    '/linux/resources',
  );
  return resources as Resources;
}

function wellShaped({ value, problems }: Shape, name: string): unknown {
  throwIfAny(problems, name);
  return value;
}

// The document holds only a part of a config, so that is where its pointers start.
function checkRules(config: Config, name: string, part: string): void {
  const problems = ruleProblems(config).map((found) => ({ ...found, pointer: found.pointer.slice(part.length) }));
  throwIfAny(problems, name);
}

const MOST_PROBLEMS = 100;

// A config may have thousands of entries with the same mistake; the message is for a log line.
function throwIfAny(problems: ConfigProblem[], name = 'config.json'): void {
  if (problems.length === 0) return;
  const more = problems.length - MOST_PROBLEMS;
  const rest = more > 0 ? [{ pointer: '', rule: `and ${more} more problems` }] : [];
  const error = new ConfigError([...problems.slice(0, MOST_PROBLEMS), ...rest]);
  error.steps.splice(0, Number.POSITIVE_INFINITY, name);
  throw error;
}
