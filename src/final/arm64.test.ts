// The words were compared with LLVM's disassembly (llvm-objdump -d of an elf64-littleaarch64 object).
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Arm64Encoder } from './arm64.ts';
import { Address, Reference, Slot } from './memory.ts';
import { Row } from './rows.ts';

const test = suite('final/arm64');
const addresses = { constant: 0x410000, bulk: 0x420000, writable: 0x430000, zeroed: 0x441000 };
const place = new Address('zeroed', 0x10);
const SVC = 0xd4000001;
/** mov x8, #93 */
const EXIT = 0xd2800ba8;

const cases: { name: string; make: (encoder: Arm64Encoder) => void; code: number[] }[] = [
  { name: 'mov x8, #93; svc', make: (e) => e.syscall(93, []), code: [EXIT, SVC] },
  {
    name: 'six argument registers',
    make: (e) => e.syscall(93, [0, 1, 2, 3, 4, 5]),
    code: [0xd2800000, 0xd2800021, 0xd2800042, 0xd2800063, 0xd2800084, 0xd28000a5, EXIT, SVC],
  },
  { name: 'movz and movk', make: (e) => e.syscall(93, [0x12345678]), code: [0xd28acf00, 0xf2a24680, EXIT, SVC] },
  { name: 'movz only', make: (e) => e.syscall(93, [65535]), code: [0xd29fffe0, EXIT, SVC] },
  { name: 'no movk for a zero part', make: (e) => e.syscall(93, [2 ** 40]), code: [0xd2800000, 0xf2c02000, EXIT, SVC] },
  { name: 'movn for -1', make: (e) => e.syscall(93, [-1]), code: [0x92800000, EXIT, SVC] },
  { name: 'movn for -100', make: (e) => e.syscall(93, [-100]), code: [0x92800c60, EXIT, SVC] },
  { name: 'movn and movk', make: (e) => e.syscall(93, [-65537]), code: [0x92800000, 0xf2bfffc0, EXIT, SVC] },
  {
    name: 'a bigint of 64 bits',
    make: (e) => e.syscall(93, [0xf23456789abcdef0n]),
    code: [0xd29bde00, 0xf2b35780, 0xf2cacf00, 0xf2fe4680, EXIT, SVC],
  },
  { name: 'an address', make: (e) => e.syscall(93, [place]), code: [0xd2820200, 0xf2a00880, EXIT, SVC] },
  {
    name: 'ldr x0, [slot]',
    make: (e) => e.syscall(93, [new Slot(place)]),
    code: [0xd2820200, 0xf2a00880, 0xf9400000, EXIT, SVC],
  },
  {
    name: 'ldrsw x1, [reference]',
    make: (e) => e.syscall(93, [0, new Reference(place)]),
    code: [0xd2800000, 0xd2820201, 0xf2a00881, 0xb9800021, EXIT, SVC],
  },
  { name: 'mov x0, x20', make: (e) => e.syscall(93, ['reportFd']), code: [0xaa1403e0, EXIT, SVC] },
  { name: 'mov x19, #7', make: (e) => e.keep('step', 7), code: [0xd28000f3] },
  { name: 'mov x22, x0', make: (e) => e.keep('errno', 'result'), code: [0xaa0003f6] },
  { name: 'mov x0, x22', make: (e) => e.recall('errno'), code: [0xaa1603e0] },
  { name: 'str x0, [slot]', make: (e) => e.store(place), code: [0xd2820209, 0xf2a00889, 0xf9000120] },
  {
    name: 'str w19, [report]; neg w10, w0; str w10, [report + 4]',
    make: (e) => e.storeReport(place),
    code: [0xd2820209, 0xf2a00889, 0xb9000133, 0x4b0003ea, 0xb900052a],
  },
  { name: 'adr x23, .', make: (e) => e.markAgain(), code: [0x10000017] },
  { name: 'br x23', make: (e) => e.jumpAgain(), code: [0xd61f02e0] },
  { name: 'add w19, w19, #1', make: (e) => e.increment('step'), code: [0x11000673] },
  {
    name: 'ldr x2, [x24, #24]',
    make: (e) => e.syscall(93, [0, 1, new Row('').word(2)]),
    code: [0xd2800000, 0xd2800021, 0xf9400f02, EXIT, SVC],
  },
  {
    name: 'mov x19, #7; ldr w9, [x24]; add w19, w19, w9',
    make: (e) => e.keepRowStep(7),
    code: [0xd28000f3, 0xb9400309, 0x0b090273],
  },
  { name: 'mov x24, rows', make: (e) => e.keep('row', place), code: [0xd2820218, 0xf2a00898] },
  {
    name: 'add x24, x24, #48; cmp x24, x9; b.eq; b',
    make: (e) => e.nextRow(48, place, 'end'),
    code: [0x9100c318, 0xd2820209, 0xf2a00889, 0xeb09031f, 0x54000040, 0x14000001],
  },
  { name: 'str w19, [message]', make: (e) => e.storeStep(place), code: [0xd2820209, 0xf2a00889, 0xb9000133] },
  {
    name: 'ldr w9, [asked]; cmp w9, w19; b.ne; b',
    make: (e) => e.jumpIfStepIs(place, 'end'),
    code: [0xd2820209, 0xf2a00889, 0xb9400129, 0x6b13013f, 0x54000041, 0x14000001],
  },
  { name: 'b', make: (e) => e.jump('end'), code: [0x14000001] },
  { name: 'cmn x0, #4095; b.lo; b', make: (e) => e.jumpIfFailed('end'), code: [0xb13ffc1f, 0x54000043, 0x14000001] },
  { name: 'cmn x0, #2; b.ne; b', make: (e) => e.jumpIfResult(-2, 'end'), code: [0xb100081f, 0x54000041, 0x14000001] },
  { name: 'cmp x0, #1; b.ne; b', make: (e) => e.jumpIfResult(1, 'end'), code: [0xf100041f, 0x54000041, 0x14000001] },
  {
    name: 'ldr x9, [slot]; cmp x9, #0; b.ne; b',
    make: (e) => e.jumpIf('zero', place, 'end'),
    code: [0xd2820209, 0xf2a00889, 0xf9400129, 0xf100013f, 0x54000041, 0x14000001],
  },
  {
    name: 'ldr x9, [slot]; cmp x9, #0; b.ge; b',
    make: (e) => e.jumpIf('negative', place, 'end'),
    code: [0xd2820209, 0xf2a00889, 0xf9400129, 0xf100013f, 0x5400004a, 0x14000001],
  },
];
for (const { name, make, code } of cases) {
  test(name, () => {
    const encoder = new Arm64Encoder();
    make(encoder);
    encoder.label('end');
    const bytes = encoder.finish(addresses);
    const words = [...new Uint32Array(bytes.slice().buffer)].map((word) => word.toString(16));
    assert.equal(
      words,
      code.map((word) => word.toString(16)),
    );
  });
}

test('a branch goes backwards', () => {
  const encoder = new Arm64Encoder();
  encoder.label('start');
  encoder.recall('step');
  encoder.jump('start');
  assert.is(new DataView(encoder.finish(addresses).buffer).getUint32(4, true), 0x17ffffff);
});

test.run();
