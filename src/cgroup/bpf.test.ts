import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { assembleBpf, type Instruction } from './bpf.ts';

const test = suite('cgroup/bpf');

const hex = (instructions: Instruction[]): string[] =>
  (Buffer.from(assembleBpf(instructions)).toString('hex').match(/.{16}/g) ?? []).map((word) => word);

// struct bpf_insn: opcode, source << 4 | destination, offset, value.
const encodings: [instruction: Instruction, word: string][] = [
  [{ op: 'load', into: 2, from: 1, offset: 4 }, '6112040000000000'],
  [{ op: 'moveRegister', into: 3, from: 2 }, 'bc23000000000000'],
  [{ op: 'move', into: 0, value: 1 }, 'b400000001000000'],
  [{ op: 'and', into: 2, value: 0xffff }, '54020000ffff0000'],
  [{ op: 'shiftRight', into: 3, value: 16 }, '7403000010000000'],
  [{ op: 'exit' }, '9500000000000000'],
];
for (const [instruction, word] of encodings) {
  test(`${JSON.stringify(instruction)} is ${word}`, () => assert.equal(hex([instruction]), [word]));
}

test('jumps go forward and back, counted from the next instruction', () => {
  const words = hex([
    { op: 'label', label: 'start' },
    { op: 'jumpIf', register: 3, value: 7, label: 'end' },
    { op: 'label', label: 'twin' },
    { op: 'jumpIfNot', register: 4, value: 0xffffffff, label: 'start' },
    { op: 'exit' },
    { op: 'label', label: 'end' },
    { op: 'exit' },
  ]);
  assert.equal(words, ['1603020007000000', '5604feffffffffff', '9500000000000000', '9500000000000000']);
});

test('a label that is not there, or too far away, is a mistake', () => {
  assert.throws(() => assembleBpf([{ op: 'jumpIf', register: 1, value: 0, label: 'x' }]), /no label x/);
  const far: Instruction[] = Array.from({ length: 0x8001 }, () => ({ op: 'exit' }));
  assert.throws(
    () => assembleBpf([{ op: 'jumpIf', register: 1, value: 0, label: 'x' }, ...far, { op: 'label', label: 'x' }]),
    /too far/,
  );
});

test.run();
