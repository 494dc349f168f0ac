import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DeviceRule } from '../bundle/config.ts';
import { type DeviceList, listOf } from './device-list.ts';
import { deviceProgram } from './device-program.ts';
import { type OrderedRule, orderRules } from './device-rules.ts';

const test = suite('cgroup/device-program');

const TYPE = { b: 1, c: 2 };
const BITS: Record<string, number> = { m: 1, r: 2, w: 4 };

interface Access {
  type: 'b' | 'c';
  major: number;
  minor: number;
  access: string;
}

const maskOf = (access: string): number => [...access].reduce((mask, letter) => mask | (BITS[letter] ?? 0), 0);

// The kernel's side: executes the instructions that the assembler knows.
function execute(program: Uint8Array, { type, major, minor, access }: Access): number {
  const context = new DataView(new ArrayBuffer(12));
  context.setUint32(0, ((maskOf(access) << 16) | TYPE[type]) >>> 0, true);
  context.setUint32(4, major, true);
  context.setUint32(8, minor, true);
  const code = new DataView(program.buffer);
  const registers = new Uint32Array(11);
  for (let at = 0; at < program.length; at += 8) {
    const [into, from] = [code.getUint8(at + 1) & 15, code.getUint8(at + 1) >> 4];
    const [offset, value] = [code.getInt16(at + 2, true), code.getUint32(at + 4, true)];
    const current = registers[into] ?? 0;
    switch (code.getUint8(at)) {
      case 0x61:
        registers[into] = context.getUint32(offset, true);
        break;
      case 0xbc:
        registers[into] = registers[from] ?? 0;
        break;
      case 0xb4:
        registers[into] = value;
        break;
      case 0x54:
        registers[into] = current & value;
        break;
      case 0x74:
        registers[into] = current >>> value;
        break;
      case 0x56:
        if (current !== value) at += offset * 8;
        break;
      case 0x16:
        if (current === value) at += offset * 8;
        break;
      case 0x95:
        return registers[0] ?? 0;
      default:
        throw new Error(`unknown instruction at ${at}`);
    }
  }
  throw new Error('ran past the end');
}

// The meaning: for each letter the last rule that fits.
function isAllowed(rules: OrderedRule[], { type, major, minor, access }: Access): boolean {
  return [...access].every((letter) => {
    const last = rules.findLast(
      (rule) =>
        (rule.type === 'a' || rule.type === type) &&
        (rule.major ?? major) === major &&
        (rule.minor ?? minor) === minor &&
        rule.access.includes(letter),
    );
    return last?.allow ?? true;
  });
}

const lists: { name: string; rules: DeviceRule[] }[] = [
  { name: 'nothing but the default devices', rules: [{ allow: false, access: 'rwm' }] },
  { name: 'everything', rules: [{ allow: false }, { allow: true }] },
  { name: 'no rule for everything', rules: [{ allow: false, type: 'c', major: 10 }] },
  {
    name: 'reading only, of one device and of a whole major',
    rules: [
      { allow: false },
      { allow: true, type: 'c', major: 10, minor: 229, access: 'r' },
      { allow: true, type: 'b', major: 8, access: 'r' },
    ],
  },
  {
    name: 'a hole in what is allowed, and writing taken away',
    rules: [
      { allow: true, type: 'c' },
      { allow: false, type: 'c', major: 10, minor: 200 },
      { allow: false, type: 'b', access: 'w' },
    ],
  },
  {
    name: 'later rules win over earlier ones, rules before one for everything never count',
    rules: [
      { allow: true, type: 'b', major: 8, minor: 0 },
      { allow: false },
      { allow: true, type: 'b', major: 8, minor: 1 },
      { allow: false, type: 'b', major: 8, access: 'w' },
    ],
  },
  {
    name: 'large numbers',
    rules: [{ allow: false }, { allow: true, type: 'c', major: 4_294_967_295, minor: 1_048_575 }],
  },
];

const accesses: Access[] = (['b', 'c'] as const).flatMap((type) =>
  [1, 8, 10, 4_294_967_295].flatMap((major) =>
    [0, 1, 3, 200, 229, 1_048_575].flatMap((minor) =>
      ['r', 'w', 'rw', 'm', 'rwm'].map((access) => ({ type, major, minor, access })),
    ),
  ),
);

for (const { name, rules } of lists) {
  test(`${name}: the program decides as the rules say`, () => {
    const configured = orderRules(rules, '/r');
    for (const list of [configured, configured.filter(({ label }) => label !== 'default devices')]) {
      const program = deviceProgram(list);
      for (const access of accesses) {
        assert.is(execute(program, access), isAllowed(list, access) ? 1 : 0, JSON.stringify(access));
      }
    }
  });
}

// The same rules each time (a linear congruential generator), from few numbers, so that they meet.
let seed = 1;
function choose<T>(...from: T[]): T {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
  return from[(seed >> 16) % from.length] as T;
}

const randomRule = (): DeviceRule => ({
  allow: choose(true, false),
  ...choose({ type: 'c' }, { type: 'b' }, { type: 'c' }, { type: 'b' }, { type: 'a' }, {}),
  ...choose({ major: 1 }, { major: 8 }, { major: 10 }, { major: -1 }, {}),
  ...choose({ minor: 0 }, { minor: 3 }, { minor: 229 }, { minor: -1 }, {}),
  ...choose(...['r', 'w', 'm', 'rw', 'wm', 'rwm', 'mr', ''].map((access) => ({ access }))),
});

/** What the kernel's v1 controller decides on one kind of access (security/device_cgroup.c). */
function isAllowedByList({ isAllowed, exceptions }: DeviceList, { type, major, minor, access }: Access): boolean {
  const isException = [...exceptions.values()].some(
    (rule) =>
      rule.type === type &&
      (rule.major ?? major) === major &&
      (rule.minor ?? minor) === minor &&
      rule.access.includes(access),
  );
  return isAllowed !== isException;
}

test('rules in any order: the program, and the list of cgroup v1 where it can be, decide as they say', () => {
  let lists = 0;
  for (let round = 0; round < 400; round++) {
    const rules = orderRules(Array.from({ length: choose(1, 2, 3, 5, 9) }, randomRule), '/r');
    const configured = rules.filter(({ label }) => label !== 'default devices');
    const program = deviceProgram(configured);
    const list = listIfPossible(configured);
    if (list !== undefined) lists++;
    for (const access of accesses) {
      const expected = isAllowed(configured, access);
      const about = `${JSON.stringify(configured)} ${JSON.stringify(access)}`;
      if (execute(program, access) !== Number(expected)) assert.unreachable(about);
      const isOne = access.access === 'r' || access.access === 'w';
      if (list !== undefined && isOne && isAllowedByList(list, access) !== expected) assert.unreachable(about);
    }
  }
  assert.ok(lists > 100 && lists < 400, `${lists}`);
});

function listIfPossible(rules: OrderedRule[]): DeviceList | undefined {
  try {
    return listOf(rules);
  } catch {
    return undefined;
  }
}

test('without rules everything is allowed', () => {
  assert.is(execute(deviceProgram([]), { type: 'c', major: 1, minor: 3, access: 'rw' }), 1);
});

test.run();
