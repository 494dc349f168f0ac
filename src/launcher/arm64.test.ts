import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Arm64Machine } from './arm64.ts';
import { A, B, C, D } from './machine.ts';

const test = suite('launcher/arm64');
const NOWHERE = { constant: 0, bulk: 0, writable: 0, zeroed: 0 };

/** The code of some instructions, as words of hexadecimal digits. */
function code(build: (machine: Arm64Machine) => void): string {
  const machine = new Arm64Machine();
  build(machine);
  return Buffer.from(machine.finish(NOWHERE)).toString('hex');
}

function jumpToItself(machine: Arm64Machine): void {
  machine.label('here');
  machine.jumpIfAtMost(C, 40, 'here');
}

// launcher.test.ts runs them; here is what they are.
const instructions: [name: string, build: (machine: Arm64Machine) => void, hex: string][] = [
  ['stack pointer', (m) => m.stackPointer(A), 'f3030091'],
  ['load a byte', (m) => m.loadAt(C, A, 1), '75024039'],
  ['load four bytes', (m) => m.loadAt(D, B, 4), '960240b9'],
  ['load eight bytes', (m) => m.loadAt(A, D, 8), 'd30240f9'],
  ['store a byte', (m) => m.storeAt(B, D, 1), '96020039'],
  ['store eight bytes', (m) => m.storeAt(A, C, 8), '750200f9'],
  ['add a number', (m) => m.add(A, 8), '090180d27302098b'],
  ['add a register', (m) => m.add(D, C), 'e90315aad602098b'],
  ['lowest digit', (m) => m.lowestDigit(C, A), '750e4092'],
  ['drop a digit', (m) => m.dropDigit(A), '73fe44d3'],
  ['compare', (m) => jumpToItself(m), 'bfa200714c000054feffff17'],
];
for (const [name, build, hex] of instructions) test(name, () => assert.is(code(build), hex));

test.run();
