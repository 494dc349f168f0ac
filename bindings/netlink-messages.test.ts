import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as N from './netlink-messages.ts';

const test = suite('bindings/netlink-messages');

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

test('a request is a header, its fixed part and attributes, all aligned to 4 bytes', () => {
  const bytes = N.requestBytes(18, N.NLM_F_DUMP, Uint8Array.of(1, 2, 3, 4, 5), [
    [3, Uint8Array.of(0x61, 0)],
    [8, new Uint8Array()],
  ]);
  const header = '24000000 1200 0503 00000000 00000000';
  assert.is(hex(bytes), `${header} 0102030405000000 06000300 61000000 04000800`.replaceAll(' ', ''));
});

test('several messages come at once', () => {
  const bytes = unhex('12000000 1000 0200 00000000 00000000 0a0b 0000 14000000 0300 0000 00000000 00000000 00000000');
  assert.equal(
    N.messagesIn(bytes).map(({ type, flags, payload }) => [type, flags, hex(payload)]),
    [
      [16, 2, '0a0b'],
      [3, 0, '00000000'],
    ],
  );
});

test('nothing, or less than a header, is no message', () => {
  assert.equal([N.messagesIn(new Uint8Array()), N.messagesIn(new Uint8Array(15))], [[], []]);
});

test('attributes are found behind the fixed part, without the flags of their types', () => {
  const found = N.attributesIn(unhex('ffffffff 0600 0300 6100 0000 0500 0880 07000000 0400 0100'), 4);
  assert.equal(
    [...found].map(([type, value]) => [type, hex(value)]),
    [
      [3, '6100'],
      [8, '07'],
      [1, ''],
    ],
  );
});

test('a length that makes no sense does not run in circles', () => {
  assert.is(N.messagesIn(new Uint8Array(64)).length, 4);
  assert.is(N.attributesIn(new Uint8Array(16), 0).size, 1);
});

const error = (flags: number, text: string): N.Message => ({ type: N.NLMSG_ERROR, flags, payload: unhex(text) });
const REQUEST = '00'.repeat(16);

test('an acknowledgement is no error', () => {
  assert.equal(N.errorIn(error(0x100, `00000000 ${REQUEST}`)), { errno: 0, text: '' });
});

test('an error has an errno, and the words of the kernel if there are any', () => {
  assert.equal(N.errorIn(error(0x100, `edffffff ${REQUEST}`)), { errno: 19, text: '' });
  assert.equal(N.errorIn(error(0x300, `eaffffff ${REQUEST} 0700 0100 6e6f00 00`)), { errno: 22, text: 'no' });
});

test('the end of a list may be an error too', () => {
  const done = (text: string): N.Message => ({ type: N.NLMSG_DONE, flags: 2, payload: unhex(text) });
  assert.equal(
    [N.errorIn(done('')).errno, N.errorIn(done('00000000')).errno, N.errorIn(done('ffffffff')).errno],
    [0, 0, 1],
  );
});

test('text ends at its NUL', () => {
  assert.equal([N.textOf(unhex('616200')), N.textOf(unhex('6162')), N.textOf(undefined)], ['ab', 'ab', '']);
});

test.run();
