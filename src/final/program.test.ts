import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Program } from './program.ts';

const test = suite('final/program');

test('operations keep the order in which they were added', () => {
  const program = new Program();
  const slot = program.slot();
  program.reportTo(3);
  program.label('again');
  program.call('setsid', [], { save: slot, ignore: true });
  program.ifZero(slot, 'again');
  program.ifNegative(slot, 'again');
  program.goto('again');
  program.waitByte(4);
  program.exit(1);
  program.execFirst(['/a', '/b'], program.stringArray(['a']), program.stringArray([]), 9);
  assert.equal(
    program.operations.map(({ kind }) => kind),
    ['reportTo', 'label', 'call', 'ifZero', 'ifNegative', 'goto', 'waitByte', 'exit', 'execFirst'],
  );
});

test('a call keeps its name, arguments and options', () => {
  const program = new Program();
  program.call('close', [5], { step: 4, ignoreErrnos: [9] });
  assert.equal(program.operations, [
    { kind: 'call', name: 'close', args: [5], options: { step: 4, ignoreErrnos: [9] }, isOfRow: false },
  ]);
});

test('no writable memory is used unless it is needed', () => {
  const program = new Program();
  program.call('close', [5], { ignore: true });
  program.call('close', [5], { goto: 'end' });
  program.waitByte(0, program.writableBytes(new Uint8Array(1)));
  program.label('end');
  assert.is(program.zeroedSize, 0);
  assert.is(program.reportBuffer, undefined);
});

test('all reports share one buffer, all waits another', () => {
  const program = new Program();
  for (let count = 0; count < 3; count++) {
    program.call('close', [5]);
    program.waitByte(0);
  }
  assert.is(program.zeroedSize, 17);
});

test('a system call takes at most six arguments', () => {
  const program = new Program();
  program.call('prctl', [1, 2, 3, 4, 5, 6]);
  assert.throws(() => program.call('prctl', [1, 2, 3, 4, 5, 6, 7]), /prctl: .* at most 6 arguments, not 7/);
});

const mistakes: { name: string; mistake: (program: Program) => void; message: RegExp }[] = [
  { name: 'a descriptor that is no number', mistake: (p) => p.reportTo(Number.NaN), message: /exact integer/ },
  { name: 'ignore with goto', mistake: (p) => p.call('close', [], { ignore: true, goto: 'a' }), message: /both/ },
  { name: 'a negative step', mistake: (p) => p.call('close', [1], { step: -1 }), message: /32-bit/ },
  {
    name: 'a path with a NUL byte',
    mistake: (p) => p.execFirst(['\0'], p.stringArray([]), p.stringArray([]), 1),
    message: /NUL/,
  },
];
for (const { name, mistake, message } of mistakes) {
  test(`${name} is refused`, () => assert.throws(() => mistake(new Program()), message));
}

test.run();
