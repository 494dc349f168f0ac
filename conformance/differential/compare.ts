// One bundle's fields under the runtime under test, beside those of the references.
import type { Fields } from './dump.ts';

/** What a runtime made of a bundle. */
export interface Seen {
  runtime: string;
  /** Whether the container ran to its end. */
  ran: boolean;
  fields: Fields;
  /** What the runtime said. */
  message: string;
}

export type Likeness = 'same' | 'one' | 'unlike';

export interface Verdict {
  field: string;
  likeness: Likeness;
  /** With `one`: the references that it is like. */
  like: string[];
  values: [runtime: string, value: string][];
}

const NONE = '(none)';

/** Field by field. A reference that can't run the bundle is compared in that only (field `runs`). */
export function compare(ours: Seen, references: Seen[]): Verdict[] {
  const runs = judge('runs', [ours, ...references], ({ ran }) => (ran ? 'yes' : 'no'));
  const able = references.filter(({ ran }) => ran);
  if (!ours.ran || able.length === 0) return [runs];
  const all = [ours, ...able];
  const names = new Set(all.flatMap(({ fields }) => [...fields.keys()]));
  return [runs, ...[...names].map((name) => judge(name, all, ({ fields }) => fields.get(name) ?? NONE))];
}

function judge(field: string, seen: Seen[], pick: (one: Seen) => string): Verdict {
  const values = seen.map((one): [string, string] => [one.runtime, pick(one)]);
  const [[, value] = ['', ''], ...others] = values;
  const like = others.filter(([, other]) => other === value).map(([runtime]) => runtime);
  return { field, likeness: like.length === others.length ? 'same' : like.length > 0 ? 'one' : 'unlike', like, values };
}
