// How a problem in config.json is told, and what a rule is.
import type { Config, Namespace, NamespaceType } from '../bundle/config.ts';
import { type ConfigProblem, printable } from '../errors.ts';

/** One thing that a config's values must satisfy beyond their types. */
export interface Rule {
  /** The rule as a statement about a good config. */
  name: string;
  /** JSON pointers of what it looks at: the rule is skipped when something there has the wrong shape already. */
  reads: string[];
  check(config: Config): ConfigProblem[];
}

const SHOWN_LENGTH = 60;

/** A problem with the value at a JSON pointer. */
export function problem(pointer: string, value: unknown, rule: string): ConfigProblem {
  return { pointer: printable(pointer), value: show(value), rule };
}

/** A problem with something that is not there. */
export function missing(pointer: string, rule = 'is missing'): ConfigProblem {
  return { pointer: printable(pointer), rule };
}

/** A key as a part of a JSON pointer (RFC 6901). */
export function pointerPart(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** A value as JSON on one line of at most 60 characters. */
export function show(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  const json = JSON.stringify(value, (_key, member) => (typeof member === 'bigint' ? Number(member) : member));
  const text = printable(json ?? String(value));
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH - 1).toWellFormed()}…`;
}

/** The entry for a namespace type: with a path it is joined, without it is new; undefined: the runtime's own. */
export function namespaceOf({ linux }: Config, type: NamespaceType): Namespace | undefined {
  for (const namespace of linux?.namespaces ?? []) if (namespace.type === type) return namespace;
  return undefined;
}

/**
 * What `check` finds in all entries of a list. A plain loop: the engine compiles its own flatMap, filter, some ... when
 * they are first used, which would cost each create more than all the rules together.
 */
export function each<Entry, Finding>(list: readonly Entry[] | undefined, check: Check<Entry, Finding>): Finding[] {
  const findings: Finding[] = [];
  if (list === undefined) return findings;
  for (let index = 0; index < list.length; index++) {
    const found = check(list[index] as Entry, index);
    if (Array.isArray(found)) findings.push(...(found as Finding[]));
    else if (found !== undefined) findings.push(found as Finding);
  }
  return findings;
}

type Check<Entry, Finding> = (entry: Entry, index: number) => Finding | Finding[] | undefined;

/** The problem of something that needs a namespace which the config does not have. */
export function needsNamespace(config: Config, type: NamespaceType, pointer: string, value: unknown): ConfigProblem[] {
  if (namespaceOf(config, type) !== undefined) return [];
  return [problem(pointer, value, `needs a namespace of type ${type} in /linux/namespaces`)];
}
