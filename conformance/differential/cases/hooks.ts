// config.md, POSIX-platform Hooks: when, where and with what they run. The probe itself is the hook.
import { HOOK_KINDS, type Hook, type HookKind } from '../../../src/bundle/config.ts';
import type { Changes } from '../../bundle.ts';
import type { Case, Place } from '../case.ts';

/** The probe as a hook; in the container it reads and writes in the container's root. */
function probe(kind: HookKind, place: Place, more: Partial<Hook> = {}): Hook {
  const { program, list, log } = place.probe;
  if (kind === 'startContainer')
    return { path: '/probe', args: ['probe', '--hook', '/hook.list', '/hook.log', kind], ...more };
  return { path: program, args: ['probe', '--hook', list, log, kind], ...more };
}

const of = (name: string, hooks: (place: Place) => NonNullable<Changes['hooks']>, changes: Changes = {}): Case => ({
  name: `hooks: ${name}`,
  changes: (place) => ({ ...changes, hooks: hooks(place) }),
});

export const HOOK_CASES: Case[] = [
  of('all kinds', (place) => Object.fromEntries(HOOK_KINDS.map((kind) => [kind, [probe(kind, place)]]))),
  ...HOOK_KINDS.map((kind) =>
    of(`${kind} with env`, (place) => ({ [kind]: [probe(kind, place, { env: ['A=1', 'B=', 'PATH=/x'] })] })),
  ),
  of('two of each', (place) =>
    Object.fromEntries(HOOK_KINDS.map((kind) => [kind, [probe(kind, place), probe(kind, place, { timeout: 10 })]])),
  ),
  of('other user', (place) => ({ startContainer: [probe('startContainer', place)] }), {
    process: { user: { uid: 1000, gid: 1000 }, cwd: '/tmp' },
  }),
  ...HOOK_KINDS.map((kind) =>
    of(`failing ${kind}`, (place) => ({
      [kind]: [
        probe(kind, place),
        { path: kind === 'startContainer' ? '/bin/false' : '/bin/false' },
        probe(kind, place),
      ],
    })),
  ),
  of('missing program', () => ({ createRuntime: [{ path: '/missing' }] })),
  of('empty lists', () => Object.fromEntries(HOOK_KINDS.map((kind) => [kind, []]))),
  of('timeout', () => ({ createRuntime: [{ path: '/bin/sleep', args: ['sleep', '20'], timeout: 1 }] })),
];
