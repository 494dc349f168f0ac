import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SIGKILL } from '../../bindings/constants.ts';
import { readMemory, writeMemory } from '../../bindings/memory.ts';
import { kill, wait } from '../../bindings/process.ts';
import { architecture } from '../../bindings/syscall.ts';
import { MAILBOX } from '../state/kept-engine-layout.ts';
import { depart, prepareDeparture, word } from './departure.ts';

const test = suite('kept-engine/departure');

if (architecture === 'x64') {
  test('a copy of the process waits, and its stack is told', () => {
    const copy = depart(prepareDeparture());
    assert.ok(copy !== undefined && copy.pid > 0 && copy.stack > 0);
    assert.is(wait(copy.pid, { block: false }), undefined);
    kill(copy.pid, SIGKILL);
    assert.is(wait(copy.pid, { block: true })?.signal, SIGKILL);
  });

  test('who is told so goes on instead', () => {
    const departure = prepareDeparture();
    writeMemory(departure.mailbox + MAILBOX.goesOn, Uint8Array.of(1));
    assert.is(depart(departure), undefined);
    const pid = word(departure.mailbox, 8);
    kill(pid, SIGKILL);
    wait(pid, { block: true });
  });

  test('going on takes the registers back from the stack', () => {
    const { instruction, code } = prepareDeparture();
    // xor eax, eax; pop r15, r14, r13, r12, rbp, rbx; ret
    assert.is(Buffer.from(readMemory(instruction, 13)).toString('hex'), '31c0415f415e415d415c5d5bc3');
    assert.ok(instruction > code.start && instruction < code.start + code.size);
  });
} else {
  test('elsewhere it is refused', () => assert.throws(prepareDeparture, /x86_64/));
}

test.run();
