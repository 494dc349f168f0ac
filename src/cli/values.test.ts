import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { OptionSpec } from './command-spec.ts';
import { acceptableValues, defaultValues, readValue } from './values.ts';

const test = suite('cli/values');

const flag: OptionSpec = { type: 'flag', help: '' };
const integer: OptionSpec = { type: 'integer', help: '' };
const choice: OptionSpec = { type: 'string', choices: ['auto', 'true', 'false'], help: '' };

// All of these are as in Go's strconv, which reads runc's options.
const flags: [string, boolean | undefined][] = [
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((text): [string, boolean] => [text, true]),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text): [string, boolean] => [text, false]),
  ...['', 'yes', 'tRUE', '2', ' true'].map((text): [string, undefined] => [text, undefined]),
];

for (const [text, value] of flags) {
  test(`a flag's "${text}" is ${value}`, () => assert.is(readValue(flag, text), value));
}

const integers: [string, number | undefined][] = [
  ...([
    ['0', 0],
    ['3', 3],
    ['-1', -1],
    ['+7', 7],
    ['-0', 0],
    ['1000000', 1e6],
  ] as [string, number][]),
  ...([
    ['0x1F', 31],
    ['-0x10', -16],
    ['0b101', 5],
    ['0o17', 15],
    ['017', 15],
    ['00', 0],
  ] as [string, number][]),
  ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ...['', ' 1', '1 ', '1.5', '1e3', '08', '0x', 'x', '--1', 'NaN', 'Infinity', '1_000'].map(refused),
  ...['9007199254740992', '9007199254740993', '99999999999999999999', '-99999999999999999999'].map(refused),
];

function refused(text: string): [string, undefined] {
  return [text, undefined];
}

for (const [text, value] of integers) {
  test(`an integer's "${text}" is ${value}`, () => assert.is(readValue(integer, text), value));
}

test('bounds of an integer are inclusive', () => {
  const bounded: OptionSpec = { ...integer, min: 0, max: 10 };
  assert.equal(
    ['-1', '0', '10', '11', '0xb'].map((text) => readValue(bounded, text)),
    [undefined, 0, 10, undefined, undefined],
  );
});

test('a string is taken as it is, unless it has choices or must not be empty', () => {
  assert.is(readValue({ type: 'string', help: '' }, ' x\n'), ' x\n');
  assert.is(readValue({ type: 'string', help: '', refusesEmpty: true }, ''), undefined);
  assert.is(readValue(choice, 'auto'), 'auto');
  assert.is(readValue(choice, 'AUTO'), undefined);
});

test('error messages can say what is acceptable', () => {
  assert.is(acceptableValues(flag), 'true or false');
  assert.is(acceptableValues(choice), 'auto, true or false');
  assert.is(acceptableValues({ ...integer, min: -1, max: 5 }), 'a whole number from -1 to 5');
});

test('options without a default are absent', () => {
  const options: Record<string, OptionSpec> = {
    all: flag,
    env: { type: 'string-list', help: '' },
    cwd: { type: 'string', help: '' },
    fds: { ...integer, default: 0 },
  };
  assert.equal(defaultValues(options), { all: false, env: [], fds: 0 });
});

test.run();
