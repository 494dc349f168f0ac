import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sampleKept } from './fixtures/kept-exec.ts';
import { fileOfKey, keptBytes, keyOfFile, keyOfWords, saveKeptExec } from './kept-exec.ts';
import { KEPT, KEPT_FILES, KEPT_MAGIC, KEPT_SIZE, KEY_SIZE, PASSWD } from './kept-exec-layout.ts';

const test = suite('state/kept-exec');
const root = mkdtempSync('/tmp/runts-kept-');
test.after(() => rmSync(root, { recursive: true }));
mkdirSync(`${root}/web1`);

const bytesOf = (changes: Parameters<typeof sampleKept>[0] = {}): Uint8Array => {
  const bytes = keptBytes(sampleKept(changes));
  if (bytes === undefined) throw new Error('too large');
  return bytes;
};
const numberAt = (bytes: Uint8Array, at: number): bigint =>
  new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true);
const partAt = (bytes: Uint8Array, at: number, size: number): Uint8Array => {
  const start = Number(numberAt(bytes, at));
  return bytes.slice(start, start + size);
};
const textAt = (bytes: Uint8Array, at: number): string => {
  const start = Number(numberAt(bytes, at));
  return new TextDecoder().decode(bytes.subarray(start, bytes.indexOf(0, start)));
};

test('begins with its magic, and says how long it is', () => {
  const bytes = bytesOf();
  assert.is(numberAt(bytes, KEPT.magic), KEPT_MAGIC);
  assert.is(numberAt(bytes, KEPT.size), BigInt(bytes.length));
});

test('its sum is zero', () => {
  const bytes = bytesOf();
  const words = new Uint32Array(bytes.slice().buffer);
  const sum = words.reduce((sum, word, at) => (at === KEPT.sum / 4 || at === KEPT.sum / 4 + 1 ? sum : sum + word), 0);
  assert.is(BigInt.asUintN(64, numberAt(bytes, KEPT.sum) + BigInt(sum)), 0n);
});

test('key and program are there, at multiples of 8, with zeros behind them', () => {
  const [key, program] = [keyOfWords(['sh', '-c', '']), Uint8Array.of(1, 2, 3)];
  const bytes = bytesOf({ key, program });
  for (const at of [KEPT.key, KEPT.program]) assert.is(numberAt(bytes, at) % 8n, 0n);
  assert.equal([...partAt(bytes, KEPT.key, 16)], [...key, ...new Uint8Array(16 - key.length)]);
  assert.equal([...partAt(bytes, KEPT.program, 8)], [1, 2, 3, 0, 0, 0, 0, 0]);
  assert.equal([numberAt(bytes, KEPT.keySize), numberAt(bytes, KEPT.programSize)], [BigInt(key.length), 3n]);
});

test('capabilities: halves of a mask, and a digit for each', () => {
  const caller = { ...sampleKept().caller, permitted: 2n ** 40n + 5n, bounding: 0b1011n, lastCapability: 4 };
  const bytes = bytesOf({ caller });
  assert.equal(
    KEPT.permitted.map((at) => numberAt(bytes, at)),
    [5n, 256n],
  );
  assert.is(textAt(bytes, KEPT.bounding), '11010');
});

test('HOME: not needed, without a passwd file, and with one', () => {
  assert.is(numberAt(bytesOf({ passwd: 'unused' }), KEPT.passwd), BigInt(PASSWD.unused));
  assert.is(numberAt(bytesOf({ passwd: 'absent' }), KEPT.passwd), BigInt(PASSWD.absent));
  const bytes = bytesOf({ passwd: [7n, 8n] });
  assert.is(numberAt(bytes, KEPT.passwd), BigInt(PASSWD.present));
  assert.equal([...partAt(bytes, KEPT.passwdWords, 16)], [7, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0]);
});

test('nobody is given pipes, or a user', () => {
  assert.is(numberAt(bytesOf({ pipeOwner: undefined }), KEPT.pipeOwner), 2n ** 64n - 1n);
  assert.is(numberAt(bytesOf({ pipeOwner: 0 }), KEPT.pipeOwner), 0n);
});

test('what is too large is left out', () => {
  assert.is(keptBytes(sampleKept({ key: new Uint8Array(KEY_SIZE) })), undefined);
  assert.is(keptBytes(sampleKept({ program: new Uint8Array(KEPT_SIZE) })), undefined);
  assert.ok(bytesOf({ program: new Uint8Array(KEPT_SIZE / 2) }).length < KEPT_SIZE);
});

test('words and a file with the same content are two keys', () => {
  const text = new TextEncoder().encode('true\0');
  assert.not.equal(keyOfWords(['true']), keyOfFile(text));
  assert.not.equal(keyOfWords(['a', 'b']), keyOfWords(['a\nb']));
});

test('keys are spread over the files', () => {
  const names = Array.from({ length: 40 }, (_, number) => fileOfKey(keyOfWords(['cat', `/proc/${number}`])));
  assert.equal([...new Set(names)].sort(), [...KEPT_FILES]);
});

test('what is saved takes the place of what is there, in a file for nobody else', () => {
  const [first, second] = [sampleKept({ lastStart: 1 }), sampleKept({ lastStart: 2 })];
  const file = `${root}/web1/${fileOfKey(first.key)}`;
  for (const kept of [first, second]) {
    saveKeptExec(root, 'web1', kept);
    assert.equal(new Uint8Array(readFileSync(file)), keptBytes(kept));
  }
  assert.is(statSync(file).mode & 0o777, 0o600);
});

test('a link is replaced, not followed; a folder that is gone is no error', () => {
  const kept = sampleKept();
  const file = `${root}/web1/${fileOfKey(kept.key)}`;
  writeFileSync(`${root}/other`, 'precious');
  rmSync(file, { force: true });
  symlinkSync(`${root}/other`, file);
  saveKeptExec(root, 'web1', kept);
  assert.is(readFileSync(`${root}/other`, 'utf8'), 'precious');
  assert.not.throws(() => saveKeptExec(root, 'web2', kept));
});

test.run();
