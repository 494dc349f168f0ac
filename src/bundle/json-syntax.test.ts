import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findFault } from './json-syntax.ts';

const test = suite('bundle/json-syntax');

const faults: [text: string, offset: number, reason: string][] = [
  ['{"a": [1,]}', 9, 'expected a value, found "]"'],
  ['{"a": 1,}', 8, 'expected a key in quotes, found "}"'],
  ['{a: 1}', 1, 'expected a key in quotes or "}", found "a"'],
  ['{"a" 1}', 5, 'expected ":", found "1"'],
  ['{"a": 1', 7, 'expected "," or "}", found the end of the file'],
  ['[1', 2, 'expected "," or "]", found the end of the file'],
  ['{"a": True}', 6, 'expected a value, found "True"'],
  ['[01]', 1, 'expected a value, found "01"'],
  ['[.5]', 1, 'expected a value, found ".5"'],
  ['[-]', 1, 'expected a value, found "-"'],
  ['[1.]', 1, 'expected a value, found "1."'],
  ['[nullx]', 1, 'expected a value, found "nullx"'],
  ['// x\n{}', 0, 'expected a value, found "/"'],
  ['{} {}', 3, 'expected the end of the file, found "{"'],
  ['[1]\u0000', 3, 'expected the end of the file, found "\\u0000"'],
  ['["abc]', 1, 'this string has no closing quote'],
  ['["a\nb"]', 3, '"\\n" in a string must be written as an escape'],
  ['["\\x41"]', 2, '"\\\\x" is not an escape of JSON'],
  ['["\\u12"]', 2, '"\\\\u" is not an escape of JSON'],
  ['{"a":1,"a":2}', 7, 'duplicate key: /a is there already'],
  [`${'{"a":'.repeat(200)}1`, 640, 'nested more than 128 levels deep'],
];
for (const [text, offset, reason] of faults) {
  test(`${text.slice(0, 30)}: ${reason}`, () => assert.equal(findFault(text), { offset, reason }));
}

test('it finds a fault exactly where JSON.parse does', () => {
  const seeds = [
    '{"a":[1,-2.5e+3,true],"b":{"c":"x\\n\\u00e9"},"d":null}',
    '[[],{},"",0,-0,1e5]',
    ' [ "\\\\" , false ] ',
  ];
  const insertions = '{}[],:"\\ \n0-.eEx1tnul'.split('');
  for (const seed of seeds) {
    for (let at = 0; at <= seed.length; at++) {
      for (const insertion of ['', ...insertions]) {
        for (const text of [
          seed.slice(0, at) + insertion + seed.slice(at),
          seed.slice(0, at) + insertion + seed.slice(at + 1),
        ]) {
          assert.is(findFault(text) === undefined, parses(text), text);
        }
      }
    }
  }
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test.run();
