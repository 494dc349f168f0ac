// Changes to configs that know what a config looks like: values of the right type that are odd, values from other
// places and other configs, properties that go, appear, or come twice; and sometimes damage to the text itself.
import { toJson } from '../bundle.ts';
import type { Random } from './random.ts';

type Json = unknown;
type Parent = Record<string, Json>;

const NUMBERS: (number | bigint)[] = [
  ...[0, 1, -1, 2, 7, 8, 19, 64, 99, 100, 255, 256, 511, 512, 1000, 1024, 4095, 4096, 65535, 65536, 999_999_999],
  ...[2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -(2 ** 31), -(2 ** 31) - 1, 2 ** 53, -(2 ** 53)],
  ...[9007199254740993n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, -(2n ** 63n), -(2n ** 63n) - 1n],
  ...[1.5, -0.1, 1e21, 1e300],
];

const STRINGS: string[] = [
  ...['', ' ', '\0', 'a\0b', '\n', 'a\nb', '\t', '\\', '"', "'", '%s', '%d', '$HOME', '-', '--', '=', 'A=', '=B'],
  ...['.', '..', '/', '//', '/.', '/..', 'x', '/x', 'x/', '/x/../y', '../../..', '/proc', '/proc/self', '/dev', '/sys'],
  ...[
    '/dev/null',
    '/proc/self/fd/0',
    '/proc/self/ns/net',
    '/proc/self/ns/mnt',
    '/proc/self/exe',
    '/bin',
    '/etc/passwd',
  ],
  ...['0', '1', '-1', '0-', '0-3,7', '0,,1', '0-999999999', '5-1', '64k', '1e9', 'MB:0=1', 'L3:0=f', 'lo', 'eth0%d'],
  ...['ünï ☃', '\u202e', '\ud800', '𝄞', 'x'.repeat(255), 'x'.repeat(256), 'x'.repeat(4096), `/${'x/'.repeat(3000)}`],
  ...[
    'constructor',
    '__proto__',
    'toString',
    'CAP_SYS_ADMIN',
    'cap_chown',
    'RLIMIT_CPU',
    'SCHED_FIFO',
    'tmpfs',
    'proc',
  ],
  ...[
    'cgroup',
    'bind',
    'rbind',
    'ro',
    'rro',
    'remount',
    'idmap',
    'tmpcopyup',
    'shared',
    'rslave',
    'size=64q',
    'mode=9',
  ],
  ...['user', 'mount', 'pid', 'network', 'ipc', 'uts', 'cgroup', 'time', 'bogus', 'rwm', 'kernel.shmmax', 'net.x'],
];

/** Values by the name of the property that has them somewhere: what fits there, more or less. */
export type Pool = Map<string, Json[]>;

/** Collects the pool from configs. */
export function poolOf(configs: Json[]): Pool {
  const pool: Pool = new Map();
  for (const config of configs) {
    for (const { parent, key } of placesIn(config)) {
      const name = Array.isArray(parent) ? '#' : key;
      pool.set(name, [...(pool.get(name) ?? []), parent[key]]);
    }
  }
  return pool;
}

interface Place {
  parent: Parent;
  key: string;
}

function placesIn(value: Json): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const parent = value as Parent;
  return Object.keys(parent).flatMap((key) => [{ parent, key }, ...placesIn(parent[key])]);
}

type Mutation = (place: Place, random: Random, pool: Pool) => void;

const MUTATIONS: [weight: number, mutation: Mutation][] = [
  [5, setSimilar],
  [3, setFromPool],
  [2, remove],
  [2, addKnown],
  [1, setAnything],
  [1, repeat],
  [1, shuffle],
];
const WEIGHTED = MUTATIONS.flatMap(([weight, mutation]) => Array<Mutation>(weight).fill(mutation));

/** Changes a config at one to four places. */
export function mutate(config: Json, random: Random, pool: Pool): void {
  const times = 1 + (random.chance(0.4) ? random.below(4) : 0);
  for (let time = 0; time < times; time++) {
    const places = placesIn(config);
    // Each depth is as likely as any other: there are many more places deep inside lists.
    if (places.length > 0) random.pick(WEIGHTED)(random.pick(places), random, pool);
  }
}

function setSimilar({ parent, key }: Place, random: Random): void {
  const old = parent[key];
  if (typeof old === 'number' || typeof old === 'bigint') parent[key] = similarNumber(old, random);
  else if (typeof old === 'string') parent[key] = similarString(old, random);
  else if (typeof old === 'boolean') parent[key] = !old;
  else parent[key] = Array.isArray(old) ? [] : {};
}

function similarNumber(old: number | bigint, random: Random): number | bigint {
  if (random.chance(0.5)) return random.pick(NUMBERS);
  if (typeof old === 'bigint') return old + BigInt(random.below(3) - 1);
  return random.pick([old + 1, old - 1, -old, old * 2, old * 1000]);
}

function similarString(old: string, random: Random): string {
  if (random.chance(0.5)) return random.pick(STRINGS);
  const at = random.below(old.length + 1);
  const [front, back] = [old.slice(0, at), old.slice(at)];
  return random.pick([
    front,
    back,
    `${front}${random.pick(STRINGS)}${back}`,
    old.toUpperCase(),
    old + old,
    `${front}/${back}`,
  ]);
}

function setFromPool({ parent, key }: Place, random: Random, pool: Pool): void {
  const name = Array.isArray(parent) ? '#' : key;
  parent[key] = structuredClone(random.pick(pool.get(name) ?? [null]));
}

function setAnything({ parent, key }: Place, random: Random, pool: Pool): void {
  const any = random.pick([...pool.values()]);
  parent[key] = structuredClone(
    random.pick([null, true, random.pick(NUMBERS), random.pick(STRINGS), [], {}, random.pick(any)]),
  );
}

function remove({ parent, key }: Place): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
}

// A property that another place has, or none has.
function addKnown({ parent }: Place, random: Random, pool: Pool): void {
  const [name, values] = random.pick([...pool]);
  const value = structuredClone(random.pick(values));
  if (Array.isArray(parent)) parent.push(value);
  else parent[random.chance(0.9) ? name : random.pick(STRINGS)] = value;
}

function repeat({ parent, key }: Place, random: Random): void {
  const list = Array.isArray(parent) ? parent : parent[key];
  if (!Array.isArray(list) || list.length === 0) return;
  const times = random.chance(0.1) ? 200 : 1;
  for (let time = 0; time < times; time++) list.push(structuredClone(random.pick(list)));
}

function shuffle({ parent, key }: Place, random: Random): void {
  const list = Array.isArray(parent) ? parent : parent[key];
  if (Array.isArray(list)) list.sort(() => random.next() - 0.5);
}

const DAMAGE: ((text: string, at: number, random: Random) => string)[] = [
  (text, at) => text.slice(0, at),
  (text, at) => text.slice(0, at) + text.slice(at + 1),
  (text, at, random) => text.slice(0, at) + random.pick([...'{}[]",:0x\\\0 ']) + text.slice(at),
  (text, at, random) =>
    `${text.slice(0, at)}${random.pick(['1e400', '-', '00', '\\u12', 'NaN', '/**/'])}${text.slice(at)}`,
  (text, at, random) => text.slice(0, at) + '['.repeat(random.pick([1, 100, 50_000])) + text.slice(at),
];

/** The config as bytes; few of them are damaged. */
export function bytesOf(config: Json, random: Random): Buffer {
  const text = toJson(config);
  if (!random.chance(0.05)) return Buffer.from(text);
  const damaged = random.pick(DAMAGE)(text, random.below(text.length), random);
  const bytes = Buffer.from(damaged);
  // Bytes that are no UTF-8.
  if (random.chance(0.2)) bytes[random.below(bytes.length)] = 0xff;
  return bytes;
}
