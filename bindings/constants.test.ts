import { constants as files } from 'node:fs';
import { constants } from 'node:os';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from './constants.ts';
import { definitions } from './kernel-headers.ts';

const test = suite('bindings/constants');

const errnos: [number: number, name: string][] = [
  [1, 'EPERM'],
  [2, 'ENOENT'],
  [11, 'EAGAIN'],
  [22, 'EINVAL'],
  [35, 'EDEADLK'],
  [40, 'ELOOP'],
  [95, 'EOPNOTSUPP'],
  [110, 'ETIMEDOUT'],
  [133, 'EHWPOISON'],
];
for (const [number, name] of errnos) {
  test(`errno ${number} is ${name}`, () => {
    assert.is(K.errnoName(number), name);
  });
}

test('a number that Linux has no name for is told as a number', () => {
  assert.equal([0, 134, 5000].map(K.errnoName), ['errno 0', 'errno 134', 'errno 5000']);
});

// Second names of the same number.
const ALIASES = ['EWOULDBLOCK', 'ENOTSUP', 'EDEADLOCK'];

test("the names are the C library's", () => {
  for (const [name, number] of Object.entries(constants.errno)) {
    if (!ALIASES.includes(name)) assert.is(K.errnoName(number), name);
  }
});

const numbers = Object.entries(K).flatMap(([name, value]) =>
  typeof value === 'number' ? [[name, value] as const] : [],
);

test('flags and file types that node:fs knows are the same', () => {
  const known = new Map(Object.entries(files));
  const common = numbers.filter(([name]) => known.has(name));
  assert.ok(common.length > 10);
  for (const [name, number] of common) assert.is(number, known.get(name), name);
});

const HEADERS = [
  'mount',
  'sched',
  'openat2',
  'fcntl',
  'prctl',
  'close_range',
  'memfd',
  'keyctl',
  'capability',
  'magic',
];
const kernel = definitions([...HEADERS.map((name) => `linux/${name}.h`), 'asm-generic/poll.h', 'asm-generic/fcntl.h']);
const ofKernel = "numbers that the kernel's headers define are the same";

if (kernel.size === 0) {
  console.log(`skipped: needs linux-libc-dev: ${ofKernel}`);
  test.skip(ofKernel);
} else {
  test(ofKernel, () => {
    // These two are asm-generic's only on x86_64; the test above has them.
    const common = numbers.filter(([name]) => kernel.has(name) && !/^O_(DIRECTORY|NOFOLLOW)$/.test(name));
    assert.ok(common.length > 60, String(common.length));
    for (const [name, number] of common) assert.is(number, kernel.get(name), name);
  });
}

test('the signal numbers are those of the C library', () => {
  assert.equal([K.SIGKILL, K.SIGCHLD], [constants.signals.SIGKILL, constants.signals.SIGCHLD]);
});

test.run();
