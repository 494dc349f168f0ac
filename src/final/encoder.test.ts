import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Address } from './memory.ts';
import { X64Encoder } from './x86-64.ts';

const test = suite('final/encoder');
const addresses = { constant: 0x401000, bulk: 0x402000, writable: 0x403000, zeroed: 0x404000 };
const hex = (code: Uint8Array): string => Buffer.from(code).toString('hex');

test('jumps reach labels in front and behind', () => {
  const encoder = new X64Encoder();
  encoder.label('start');
  encoder.jump('end');
  encoder.jump('start');
  encoder.label('end');
  assert.is(hex(encoder.finish(addresses)), 'e905000000e9f6ffffff');
});

test('the assembler’s labels cannot be confused with the program’s', () => {
  const encoder = new X64Encoder();
  encoder.label(encoder.newLabel());
  encoder.jump('0');
  assert.throws(() => encoder.finish(addresses), /there is no label 0/);
});

test('a label that is there twice is refused', () => {
  const encoder = new X64Encoder();
  encoder.label('a');
  assert.throws(() => encoder.label('a'), /the label a is there twice/);
});

test('each section’s addresses are filled in', () => {
  const encoder = new X64Encoder();
  encoder.store(new Address('zeroed', 8));
  encoder.store(new Address('writable', 0).plus(4));
  assert.is(hex(encoder.finish(addresses)), '4889042508404000' + '4889042504304000');
});

test('code longer than the first buffer is complete', () => {
  const encoder = new X64Encoder();
  encoder.jump('end');
  for (let count = 0; count < 10_000; count++) encoder.recall('step');
  encoder.label('end');
  const code = encoder.finish(addresses);
  assert.is(code.length, 5 + 30_000);
  assert.is(hex(code), `e930750000${'4c89e0'.repeat(10_000)}`);
});

test.run();
