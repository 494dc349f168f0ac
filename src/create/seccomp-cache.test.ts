import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Seccomp } from '../bundle/config.ts';
import { planSeccomp, type SeccompPlan } from '../plan/seccomp.ts';
import { findFilter } from './seccomp-cache.ts';

const test = suite('create/seccomp-cache');

let root = '';
test.before.each(() => {
  root = mkdtempSync('/tmp/runts-cache-');
});
test.after.each(() => rmSync(root, { recursive: true }));

function plan(parts: Partial<Seccomp> = {}): SeccompPlan {
  const planned = planSeccomp({ defaultAction: 'SCMP_ACT_ALLOW', ...parts }, []);
  if (planned === undefined) throw new Error('no plan');
  return planned;
}

const FILTER = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

/** How often a filter was made for some plans, one after the other. */
function made(plans: SeccompPlan[], between: () => void = () => undefined): number {
  let count = 0;
  for (const one of plans) {
    const { filter, keep } = findFilter(root, one, () => {
      count++;
      return FILTER;
    });
    keep();
    assert.equal([...filter], [...FILTER]);
    between();
  }
  return count;
}

const onlyFile = (): string => `${root}/${readdirSync(root)[0]}`;

test('what was made is taken the next time', () => assert.is(made([plan(), plan(), plan()]), 1));

test('it is small, and its name is no id', () => {
  made([plan()]);
  assert.match(onlyFile(), /\/seccomp:[0-9a-f]{16}$/);
  assert.ok(readFileSync(onlyFile()).length < 400);
});

const rule = (names: string[], parts: object = {}) => ({
  syscalls: [{ names, action: 'SCMP_ACT_ERRNO', ...parts }],
});
const argument = (parts: object = {}) => ({
  args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ', ...parts }],
});

test('what differs in anything is made anew', () => {
  const different = [
    plan(),
    plan({ defaultAction: 'SCMP_ACT_LOG' }),
    plan({ architectures: ['SCMP_ARCH_X86'] }),
    plan(rule(['a'])),
    plan(rule(['a', 'b'])),
    plan(rule(['a,b'])),
    plan(rule(['a","b'])),
    plan(rule(['a'], { errnoRet: 2 })),
    plan(rule(['a'], argument())),
    plan(rule(['a'], argument({ value: 2n ** 63n }))),
    plan(rule(['a'], argument({ index: 1 }))),
    plan(rule(['a'], argument({ op: 'SCMP_CMP_NE' }))),
    plan(rule(['a'], argument({ valueTwo: 1 }))),
  ];
  assert.is(made(different), different.length);
  assert.is(made(different), 0);
});

function change(at: (length: number) => number): void {
  const content = readFileSync(onlyFile());
  const index = at(content.length);
  content[index] = (content[index] ?? 0) ^ 1;
  writeFileSync(onlyFile(), content);
}

const size = (): number => readFileSync(onlyFile()).length;

const damages: [name: string, damage: () => void][] = [
  ['is cut off', () => truncateSync(onlyFile(), size() - 1)],
  ['is cut off after a few bytes', () => truncateSync(onlyFile(), 7)],
  ['is empty', () => truncateSync(onlyFile(), 0)],
  ['has another filter', () => change((length) => length - 9)],
  ['has another sum', () => change((length) => length - 1)],
  ['has another length', () => change(() => 3)],
  ['is for another profile', () => change(() => 20)],
  ['others may write', () => chmodSync(onlyFile(), 0o622)],
];
for (const [name, damage] of damages) {
  test(`a file that ${name} is not taken`, () => assert.is(made([plan(), plan()], damage), 2));
}

test("another profile's file in its place is not taken", () => {
  made([plan()]);
  const content = readFileSync(onlyFile());
  const other = plan(rule(['a']));
  rmSync(onlyFile());
  made([other]);
  writeFileSync(onlyFile(), content);
  assert.is(made([other]), 1);
});

test('there are never more than a few', () => {
  made(Array.from({ length: 40 }, (_, index) => plan(rule([`call${index}`]))));
  assert.ok(readdirSync(root).length <= 32);
});

test('where nothing can be kept, all is made anew', () => {
  root = `${root}/none`;
  assert.is(made([plan(), plan()]), 2);
  assert.not.ok(existsSync(root));
  root = root.slice(0, -'/none'.length);
});

test.run();
