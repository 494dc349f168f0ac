// The bytes were compared with binutils' disassembly (objdump -D -b binary -m i386:x86-64).
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Address, Reference, Slot } from './memory.ts';
import { Row } from './rows.ts';
import { X64Encoder } from './x86-64.ts';

const test = suite('final/x86-64');
const addresses = { constant: 0x401000, bulk: 0x402000, writable: 0x403000, zeroed: 0x404000 };
const place = new Address('zeroed', 0x10);

const cases: { name: string; make: (encoder: X64Encoder) => void; code: string }[] = [
  { name: 'syscall 39', make: (e) => e.syscall(39, []), code: 'b827000000 0f05' },
  { name: 'xor for zeros', make: (e) => e.syscall(0, [0, 0]), code: '4031ff 4031f6 4031c0 0f05' },
  {
    name: 'six argument registers',
    make: (e) => e.syscall(1, [1, 2, 3, 4, 5, 6]),
    code: 'bf01000000 be02000000 ba03000000 41ba04000000 41b805000000 41b906000000 b801000000 0f05',
  },
  { name: 'edi, 0xffffffff', make: (e) => e.syscall(0, [0xffffffff]), code: 'bfffffffff 4031c0 0f05' },
  { name: 'rdi, -100', make: (e) => e.syscall(0, [-100]), code: '48c7c79cffffff 4031c0 0f05' },
  { name: 'rdi, -2^31', make: (e) => e.syscall(0, [-(2 ** 31)]), code: '48c7c700000080 4031c0 0f05' },
  { name: 'rdi, -2^31 - 1', make: (e) => e.syscall(0, [-(2 ** 31) - 1]), code: '48bfffffff7fffffffff 4031c0 0f05' },
  { name: 'rdi, 2^32', make: (e) => e.syscall(0, [2 ** 32]), code: '48bf0000000001000000 4031c0 0f05' },
  {
    name: 'a bigint of 64 bits in r10',
    make: (e) => e.syscall(0, [0, 0, 0, 0xf23456789abcdef0n]),
    code: '4031ff 4031f6 4031d2 49baf0debc9a785634f2 4031c0 0f05',
  },
  { name: 'all ones as a bigint', make: (e) => e.syscall(0, [2n ** 64n - 1n]), code: '48c7c7ffffffff 4031c0 0f05' },
  { name: 'mov edi, address', make: (e) => e.syscall(0, [place]), code: 'bf10404000 4031c0 0f05' },
  { name: 'mov rdi, [slot]', make: (e) => e.syscall(0, [new Slot(place)]), code: '488b3c2510404000 4031c0 0f05' },
  {
    name: 'movsxd rdi, dword [reference]',
    make: (e) => e.syscall(0, [new Reference(place)]),
    code: '48633c2510404000 4031c0 0f05',
  },
  { name: 'mov rdi, r13', make: (e) => e.syscall(0, ['reportFd']), code: '4c89ef 4031c0 0f05' },
  { name: 'mov r12d, 7', make: (e) => e.keep('step', 7), code: '41bc07000000' },
  { name: 'mov r15, -2', make: (e) => e.keep('errno', -2), code: '49c7c7feffffff' },
  { name: 'mov r13, [slot]', make: (e) => e.keep('reportFd', new Slot(place)), code: '4c8b2c2510404000' },
  { name: 'mov r15, rax', make: (e) => e.keep('errno', 'result'), code: '4989c7' },
  { name: 'mov rax, r15', make: (e) => e.recall('errno'), code: '4c89f8' },
  { name: 'mov [slot], rax', make: (e) => e.store(place), code: '4889042510404000' },
  {
    name: 'mov [report], r12d; neg eax; mov [report + 4], eax',
    make: (e) => e.storeReport(place),
    code: '4489242510404000 f7d8 4089042514404000',
  },
  { name: 'lea rbx, [rip - 7]', make: (e) => e.markAgain(), code: '488d1df9ffffff' },
  { name: 'jmp rbx', make: (e) => e.jumpAgain(), code: 'ffe3' },
  { name: 'inc r12d', make: (e) => e.increment('step'), code: '41ffc4' },
  {
    name: 'mov rsi, [rbp + 24]',
    make: (e) => e.syscall(0, [0, new Row('').word(2)]),
    code: '4031ff 488bb518000000 4031c0 0f05',
  },
  {
    name: 'mov r10, [rbp + 4000]',
    make: (e) => e.syscall(0, [0, 0, 0, new Row('').word(499)]),
    code: '4031ff 4031f6 4031d2 4c8b95a00f0000 4031c0 0f05',
  },
  { name: 'mov r12d, 7; add r12d, [rbp]', make: (e) => e.keepRowStep(7), code: '41bc07000000 44036500' },
  { name: 'mov ebp, rows', make: (e) => e.keep('row', place), code: 'bd10404000' },
  {
    name: 'add rbp, 48; cmp ebp, end; jne',
    make: (e) => e.nextRow(48, place, 'end'),
    code: '4881c530000000 81fd10404000 0f8500000000',
  },
  { name: 'mov [message], r12d', make: (e) => e.storeStep(place), code: '4489242510404000' },
  {
    name: 'cmp [asked], r12d; je',
    make: (e) => e.jumpIfStepIs(place, 'end'),
    code: '4439242510404000 0f8400000000',
  },
  { name: 'jmp', make: (e) => e.jump('end'), code: 'e900000000' },
  { name: 'cmp rax, -4095; jae', make: (e) => e.jumpIfFailed('end'), code: '483d01f0ffff 0f8300000000' },
  { name: 'cmp rax, -2; je', make: (e) => e.jumpIfResult(-2, 'end'), code: '483dfeffffff 0f8400000000' },
  {
    name: 'cmp qword [slot], 0; je',
    make: (e) => e.jumpIf('zero', place, 'end'),
    code: '48833c251040400000 0f8400000000',
  },
  {
    name: 'cmp qword [slot], 0; jl',
    make: (e) => e.jumpIf('negative', place, 'end'),
    code: '48833c251040400000 0f8c00000000',
  },
];
for (const { name, make, code } of cases) {
  test(name, () => {
    const encoder = new X64Encoder();
    make(encoder);
    encoder.label('end');
    assert.is(Buffer.from(encoder.finish(addresses)).toString('hex'), code.replaceAll(' ', ''));
  });
}

test('there is no seventh argument', () => {
  assert.throws(() => new X64Encoder().syscall(0, [1, 2, 3, 4, 5, 6, 7]), /at most 6 arguments/);
});

test.run();
