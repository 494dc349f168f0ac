// Numbers in text: how the launcher tells the engine some, and compares characters.
import type { Data } from '../final/data.ts';
import type { Kept } from '../final/encoder.ts';
import type { Address, Slot } from '../final/memory.ts';
import { B, C, D, type Machine } from './machine.ts';

/** A variable of the environment whose value is a hexadecimal number of 16 digits. */
export interface NumberVariable {
  address: Address;
  lastDigit: Address;
  /** The number itself. */
  value: Slot;
  /** The sixteen digits there are. */
  digits: Address;
}

/** Makes the variable, with the value 0. */
export function numberVariable(data: Data, name: string): NumberVariable {
  const text = `${name}=0x${'0'.repeat(16)}`;
  const address = data.writableBytes(new TextEncoder().encode(`${text}\0`));
  return {
    address,
    lastDigit: address.plus(text.length - 1),
    value: data.slot(),
    digits: data.string('0123456789abcdef'),
  };
}

/** Writes a register's value into the variable, from the last digit back to the x. Overwrites A, B, C and D. */
export function writeNumber(machine: Machine, value: Kept, { lastDigit, digits, value: saved }: NumberVariable): void {
  const [next, done] = [machine.newLabel(), machine.newLabel()];
  machine.save(saved, value);
  machine.keep(B, lastDigit);
  machine.label(next);
  machine.loadAt(C, B, 1);
  machine.jumpIfEqual(C, asNumber('x'), done);
  machine.lowestDigit(C, value);
  machine.dropDigit(value);
  machine.keep(D, digits);
  machine.add(D, C);
  machine.loadAt(D, D, 1);
  machine.storeAt(B, D, 1);
  machine.add(B, -1);
  machine.jump(next);
  machine.label(done);
}

/** The number that up to eight characters are in memory. */
export function asNumber(text: string): bigint {
  let value = 0n;
  for (let index = text.length - 1; index >= 0; index--) value = (value << 8n) | BigInt(text.charCodeAt(index));
  return value;
}
