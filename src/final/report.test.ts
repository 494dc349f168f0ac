import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeReport, REPORT_SIZE } from './report.ts';

const test = suite('final/report');

test('a report is the step and the errno, little-endian', () => {
  assert.equal(decodeReport(Uint8Array.of(0x01, 0x02, 0, 0, 13, 0, 0, 0)), { step: 0x201, errno: 13 });
});

test('a report may lie inside a larger buffer', () => {
  const buffer = Uint8Array.of(9, 9, 9, 7, 0, 0, 0, 2, 0, 0, 0, 9);
  assert.equal(decodeReport(buffer.subarray(3, 3 + REPORT_SIZE)), { step: 7, errno: 2 });
});

test('anything that is not 8 bytes long is not a report', () => {
  assert.throws(() => decodeReport(new Uint8Array(7)), /8 bytes, not 7/);
  assert.throws(() => decodeReport(new Uint8Array(16)), /8 bytes, not 16/);
});

test.run();
