import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { callCode, findHeap, leaveHeap, readMemory, writeMemory } from './memory.ts';
import { addressOf, architecture, trySyscall } from './syscall.ts';

const test = suite('bindings/memory');
const [PAGE, READ_WRITE, READ_EXECUTE, PRIVATE_ANONYMOUS] = [4096, 3, 5, 0x22];

const page = (): number => trySyscall('mmap', 0, PAGE, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);

test('what is written to an address is read from there', () => {
  const at = page();
  writeMemory(at + 10, Uint8Array.of(1, 2, 3));
  assert.equal([...readMemory(at + 9, 5)], [0, 1, 2, 3, 0]);
});

test('it is the memory of this process', () => {
  const bytes = Uint8Array.of(5, 6, 7);
  const address = Number(addressOf(bytes));
  assert.equal([...readMemory(address, 3)], [5, 6, 7]);
  writeMemory(address + 1, Uint8Array.of(9));
  assert.equal([...bytes], [5, 9, 7]);
});

/** mov word [argument], 42; return 0. */
const CODE = {
  x64: [0x66, 0xc7, 0x07, 42, 0, 0x31, 0xc0, 0xc3],
  arm64: [0x41, 0x05, 0x80, 0x52, 0x01, 0x00, 0x00, 0x79, 0x00, 0x00, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6],
};

test('machine code is called with its argument', () => {
  const [code, argument] = [page(), page()];
  writeMemory(code, Uint8Array.from(CODE[architecture]));
  assert.is(trySyscall('mprotect', code, PAGE, READ_EXECUTE), 0);
  callCode(code, argument);
  assert.equal([...readMemory(argument, 2)], [42, 0]);
});

test('memory can be had from the allocator after it has left its heap', () => {
  const before = new Set(readHeaps());
  leaveHeap();
  findHeap();
  assert.equal(
    readHeaps().filter((line) => !before.has(line)),
    [],
    'the heap has not grown',
  );
});

// The mapping that brk(2) makes.
function readHeaps(): string[] {
  const maps = Bun.spawnSync(['cat', `/proc/${process.pid}/maps`]).stdout.toString();
  return maps.split('\n').filter((line) => line.endsWith('[heap]'));
}

test.run();
