import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Data } from '../final/data.ts';
import { asNumber, numberVariable } from './number.ts';

const test = suite('launcher/number');

test('characters as the number that they are in memory, least significant first', () => {
  assert.is(asNumber('/'), 0x2fn);
  assert.is(asNumber('BUN_'), 0x5f4e5542n);
  assert.is(asNumber('RUNTS_FD'), 0x44465f53544e5552n);
});

// How a value gets there is in launcher.test.ts.
test('a variable starts as zero, and its last digit is before its end', () => {
  const data = new Data();
  const { address, lastDigit } = numberVariable(data, 'N');
  const bytes = new Uint8Array(data.writable.length);
  data.writable.copyTo(bytes, 0, { constant: 0, bulk: 0, writable: 0, zeroed: 0 });
  assert.is(Buffer.from(bytes).toString(), 'N=0x0000000000000000\0');
  assert.is(lastDigit.offset - address.offset, 'N=0x0000000000000000'.length - 1);
});

test.run();
