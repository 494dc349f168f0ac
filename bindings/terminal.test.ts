import { closeSync, openSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from './constants.ts';
import { syscall, words64 } from './syscall.ts';
import {
  foregroundGroup,
  openPeer,
  processGroup,
  rawSettings,
  setTerminal,
  setWindowSize,
  terminalSettings,
  windowSize,
} from './terminal.ts';

const test = suite('bindings/terminal');

const TIOCSPTLCK = 0x40045431;

function openTerminal(): { master: number; peer: number } {
  const master = openSync('/dev/ptmx', K.O_RDWR | K.O_NOCTTY);
  syscall('ioctl', undefined, master, TIOCSPTLCK, words64(0));
  return { master, peer: openPeer(master) };
}

const { master, peer } = openTerminal();
test.after(() => {
  closeSync(peer);
  closeSync(master);
});

test('settings are read and set', () => {
  const settings = terminalSettings(peer);
  assert.ok(settings);
  setTerminal(peer, rawSettings(settings));
  assert.equal(terminalSettings(peer), rawSettings(settings));
  setTerminal(peer, settings);
  assert.equal(terminalSettings(peer), settings);
});

test('a raw terminal passes each byte unchanged', () => {
  const settings = terminalSettings(peer) ?? new Uint8Array(36);
  setTerminal(peer, rawSettings(settings));
  const typed = Buffer.from('a\r\n\u0003\u0004\u001c');
  syscall('write', undefined, master, typed, typed.length);
  const buffer = new Uint8Array(20);
  const count = syscall('read', undefined, peer, buffer, buffer.length);
  assert.equal(Buffer.from(buffer.subarray(0, count)), typed);
  syscall('write', undefined, peer, typed, typed.length);
  assert.is(syscall('read', undefined, master, buffer, buffer.length), typed.length);
  setTerminal(peer, settings);
});

test('the size is set by one end and read by the other', () => {
  const size = new Uint8Array(Uint16Array.of(11, 22, 0, 0).buffer);
  setWindowSize(master, size);
  assert.equal(windowSize(peer), size);
});

test('what is no terminal has no settings and no size', () => {
  const file = openSync('/dev/null', 'r');
  assert.is(terminalSettings(file), undefined);
  assert.is(windowSize(file), undefined);
  assert.is(foregroundGroup(file), undefined);
  assert.throws(() => setTerminal(file, new Uint8Array(36)), /TCSETS ENOTTY/);
  assert.throws(() => setWindowSize(file, new Uint8Array(8)), /TIOCSWINSZ ENOTTY/);
  assert.throws(() => openPeer(file), /TIOCGPTPEER ENOTTY/);
  closeSync(file);
});

test("a terminal that isn't one's own has no foreground group to know of", () => {
  assert.is(foregroundGroup(peer), undefined);
});

test('each process is in a group', () => {
  assert.ok(processGroup() > 0);
});

test.run();
