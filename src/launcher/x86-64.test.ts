import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { A, B, C, D } from './machine.ts';
import { X64Machine } from './x86-64.ts';

const test = suite('launcher/x86-64');
const NOWHERE = { constant: 0, bulk: 0, writable: 0, zeroed: 0 };

/** The code of some instructions, as words of hexadecimal digits. */
function code(build: (machine: X64Machine) => void): string {
  const machine = new X64Machine();
  build(machine);
  return Buffer.from(machine.finish(NOWHERE)).toString('hex');
}

function jumpToItself(machine: X64Machine): void {
  machine.label('here');
  machine.jumpIfAtMost(C, 40, 'here');
}

// launcher.test.ts runs them; here is what they are.
const instructions: [name: string, build: (machine: X64Machine) => void, hex: string][] = [
  ['stack pointer', (m) => m.stackPointer(A), '4989e4'],
  ['load a byte', (m) => m.loadAt(C, A, 1), '4d0fb6742400'],
  ['load four bytes', (m) => m.loadAt(D, B, 4), '458b7d00'],
  ['load eight bytes', (m) => m.loadAt(A, D, 8), '4d8b6700'],
  ['store a byte', (m) => m.storeAt(B, D, 1), '4d887d00'],
  ['store eight bytes', (m) => m.storeAt(A, C, 8), '4d89742400'],
  ['add a number', (m) => m.add(A, 8), 'b8080000004901c4'],
  ['add a register', (m) => m.add(D, C), '4c89f04901c7'],
  ['lowest digit', (m) => m.lowestDigit(C, A), '4c89e083e00f4989c6'],
  ['drop a digit', (m) => m.dropDigit(A), '49c1ec04'],
  [
    'make the call of a row',
    (m) => m.callRow(A, B),
    '498b442400498b7c2408498b742410498b5424184d8b5424204d89e84d8b4c24300f05',
  ],
  ['leave for another place', (m) => m.leaveFor(A, B), '4c89ec41ffe4'],
  ['compare', (m) => jumpToItself(m), '4183fe280f8ef6ffffff'],
];
for (const [name, build, hex] of instructions) test(name, () => assert.is(code(build), hex));

test.run();
