import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeName, encodeName } from './names.ts';

const test = suite('bindings/names');

const cases: [bytes: number[], text: string][] = [
  [[], ''],
  [[0x61, 0x0a], 'a\n'],
  [[0xc3, 0xbc, 0xf0, 0x9f, 0x98, 0x80], 'ü😀'],
  [[0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
  [[0x6e, 0xff, 0x6d], 'n\udcffm'],
  [[0xc3, 0xbc, 0xfc, 0xf0, 0x9f, 0x98, 0x80, 0x80], 'ü\udcfc😀\udc80'],
  // Cut off, longer than needed, a surrogate: no UTF-8.
  [[0xf0, 0x9f, 0x98], '\udcf0\udc9f\udc98'],
  [[0xc0, 0xaf], '\udcc0\udcaf'],
  [[0xed, 0xb2, 0x80], '\udced\udcb2\udc80'],
];

for (const [bytes, text] of cases) {
  test(`${JSON.stringify(text)} stands for its bytes, and they for it`, () => {
    assert.is(decodeName(Uint8Array.from(bytes)), text);
    assert.equal([...encodeName(text)], bytes);
  });
}

test('other lone surrogates become the replacement character', () => {
  assert.equal([...encodeName('\ud800')], [0xef, 0xbf, 0xbd]);
});

test.run();
