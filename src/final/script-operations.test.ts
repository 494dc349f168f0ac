// The operations that scripts are built with, run on both architectures: arm64's on x86_64 under qemu's user mode.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Architecture } from '../../bindings/syscalls.ts';
import { assemble } from './assemble.ts';
import { slotAddress } from './memory.ts';
import { Program } from './program.ts';
import { decodeReport } from './report.ts';

const test = suite('final/script-operations');
const folder = mkdtempSync('/tmp/runts-operations-');
test.after(() => rmSync(folder, { recursive: true }));

const [ENOENT, EBADF, EEXIST] = [2, 9, 17];
const AT_FDCWD = -100;
const F_SETFL = 4;
const QEMU = '/usr/bin/qemu-aarch64-static';

function emulator(architecture: Architecture): string[] | undefined {
  if (process.arch === architecture) return [];
  return architecture === 'arm64' && existsSync(QEMU) ? [QEMU] : undefined;
}

function run(architecture: Architecture, program: Program, input = ''): SpawnSyncReturns<Buffer> {
  const file = `${folder}/program-${architecture}`;
  writeFileSync(file, assemble(program, architecture), { mode: 0o755 });
  const [command = file, ...args] = [...(emulator(architecture) ?? []), file];
  return spawnSync(command, args, { input });
}

/** The same with a FIFO as descriptors 0 and 1, and a shell command beside it. Returns what's in the FIFO afterwards. */
function runOnFifo(
  architecture: Architecture,
  program: Program,
  beside = ':',
): { status: number | null; left: Buffer } {
  const file = `${folder}/program-${architecture}`;
  const fifo = `${folder}/fifo-${architecture}`;
  writeFileSync(file, assemble(program, architecture), { mode: 0o755 });
  spawnSync('mkfifo', [fifo]);
  const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  const command = [...(emulator(architecture) ?? []), file].join(' ');
  const script = `(${beside}) & ${command} <>${fifo} >&0; status=$?; wait; exit $status`;
  const { status } = spawnSync('sh', ['-c', script], { timeout: 10_000, env: { PATH: '/usr/bin:/bin', FIFO: fifo } });
  const left = Buffer.alloc(100);
  const length = readSync(fd, left);
  closeSync(fd);
  return { status, left: left.subarray(0, length) };
}

function reporting(): Program {
  const program = new Program();
  program.reportTo(1);
  return program;
}

const write = (program: Program, text: string): void =>
  program.call('write', [1, program.string(text), Buffer.byteLength(text)]);

const openMissing = (program: Program): Parameters<Program['call']>[1] => [
  AT_FDCWD,
  program.string(`${folder}/missing`),
  0,
  0,
];

function behaviour(architecture: Architecture): void {
  const check = (name: string, body: () => void): void => void test(`${architecture}: ${name}`, body);
  const runs = (program: Program, input?: string): SpawnSyncReturns<Buffer> => run(architecture, program, input);

  check('a failure is kept over other calls, failing ones too, and reported with its own step', () => {
    const program = reporting();
    program.call('close', [-1], { step: 70_001, keepGoto: 'explain' });
    write(program, 'never');
    program.label('explain');
    program.keepResult();
    program.call('write', [1, program.string('why'), 3], { ignore: true });
    program.call('openat', openMissing(program), { ignore: true });
    program.reportKept();
    const { stdout, status } = runs(program);
    assert.is(stdout.subarray(0, 3).toString(), 'why');
    assert.equal(decodeReport(stdout.subarray(3)), { step: 70_001, errno: EBADF });
    assert.is(status, 1);
  });

  check('of several calls that lead to one place the one that failed is reported', () => {
    const program = reporting();
    program.call('umask', [0], { step: 1, keepGoto: 'explain' });
    program.call('openat', openMissing(program), { step: 2, keepGoto: 'explain' });
    program.call('close', [-1], { step: 3, keepGoto: 'explain' });
    program.label('explain');
    program.keepResult();
    program.reportKept();
    assert.equal(decodeReport(runs(program).stdout), { step: 2, errno: ENOENT });
  });

  check('a call that works goes on', () => {
    const program = reporting();
    program.call('umask', [0], { step: 1, keepGoto: 'explain' });
    program.exit(6);
    program.label('explain');
    assert.is(runs(program).status, 6);
  });

  const branches = [
    { errno: ENOENT, label: 'missing' },
    { errno: EBADF, label: 'bad' },
  ];
  const branching = (build: (program: Program) => void): Program => {
    const program = reporting();
    build(program);
    program.exit(1);
    program.label('missing');
    program.exit(12);
    program.label('bad');
    program.exit(19);
    return program;
  };
  const goesTo: [name: string, build: (program: Program) => void, status: number][] = [
    ['the first errno', (program) => program.call('openat', openMissing(program), { gotoOn: branches }), 12],
    ['the second', (program) => program.call('close', [-1], { gotoOn: branches }), 19],
    [
      'no errno',
      (program) => {
        program.call('umask', [0], { gotoOn: branches });
        program.exit(3);
      },
      3,
    ],
    [
      'an errno that is ignored elsewhere',
      (program) => {
        program.call('close', [-1], { gotoOn: [{ errno: ENOENT, label: 'missing' }], ignoreErrnos: [EBADF] });
        program.exit(4);
      },
      4,
    ],
  ];
  for (const [name, build, status] of goesTo) {
    check(`branches on ${name}`, () => assert.is(runs(branching(build)).status, status));
  }

  check('an errno without a branch is reported', () => {
    const program = branching((to) => {
      to.call('close', [-1], { step: 9, gotoOn: [{ errno: EEXIST, label: 'missing' }] });
    });
    assert.equal(decodeReport(runs(program).stdout), { step: 9, errno: EBADF });
  });

  check('a result is saved before the program branches on it', () => {
    const program = reporting();
    const slot = program.slot();
    program.call('close', [-1], { save: slot, gotoOn: [{ errno: EBADF, label: 'bad' }] });
    program.label('bad');
    program.call('write', [1, slotAddress(slot), 8]);
    assert.is(runs(program).stdout.readBigInt64LE(), BigInt(-EBADF));
  });

  check('a branch may lead back', () => {
    const program = reporting();
    const slot = program.slotAt(program.writableBytes(new Uint8Array(BigInt64Array.of(-1n).buffer)));
    program.label('again');
    // The first time the descriptor is -1; then it's what dup3(2) has made.
    program.call('close', [slot], { gotoOn: [{ errno: EBADF, label: 'make' }] });
    program.exit(8);
    program.label('make');
    program.call('dup3', [1, 77, 0], { save: slot });
    program.goto('again');
    assert.is(runs(program).status, 8);
  });

  check('waits for a message of several bytes', () => {
    const program = reporting();
    const buffer = program.reserve(8);
    program.waitBytes(0, buffer, 8);
    program.call('write', [1, buffer, 8]);
    assert.is(runs(program, 'abcdefghij').stdout.toString(), 'abcdefgh');
  });

  check('is content with a shorter message, and ends without one', () => {
    const program = reporting();
    const buffer = program.reserve(8);
    program.waitBytes(0, buffer, 8);
    program.call('write', [1, buffer, 8]);
    assert.is(runs(program, 'ab').stdout.toString(), 'ab\0\0\0\0\0\0');
    const { status, stdout } = runs(program);
    assert.equal([status, stdout.length], [1, 0]);
  });

  check('a call that finds its object busy is made again', () => {
    const program = reporting();
    const buffer = program.reserve(8);
    program.call('fcntl', [0, F_SETFL, constants.O_NONBLOCK]);
    program.call('read', [0, buffer, 1], { again: 'busy' });
    program.call('write', [1, buffer, 1]);
    const { status, left } = runOnFifo(architecture, program, 'sleep 0.1; printf x >$FIFO');
    assert.equal([status, left.toString()], [0, 'x']);
  });

  check('any other failure of it is reported', () => {
    const program = reporting();
    program.call('close', [-1], { step: 9, again: 'busy' });
    assert.equal(decodeReport(runs(program).stdout), { step: 9, errno: EBADF });
    const asking = reporting();
    asking.call('close', [-1], { step: 9, again: 'ask' });
    assert.equal(decodeReport(runs(asking).stdout), { step: 9, errno: EBADF });
  });

  check('a call that misses something asks with the next number, waits, and is made again, but asks only once', () => {
    const program = reporting();
    program.call('openat', openMissing(program), { step: 9, again: 'ask' });
    // It reads its own message's first byte as the answer.
    const { status, left } = runOnFifo(architecture, program);
    assert.is(status, 1);
    assert.equal([...left.subarray(0, 7)], [0, 0, 0, 0, 0, 0, 0]);
    assert.equal(decodeReport(left.subarray(7)), { step: 9, errno: ENOENT });
  });
}

for (const architecture of ['x64', 'arm64'] as const) {
  if (emulator(architecture) === undefined) {
    console.log(`final/script-operations: the ${architecture} runs are skipped: no ${QEMU}`);
    continue;
  }
  behaviour(architecture);
}

test('ignoring a failure and going somewhere on it exclude each other', () => {
  assert.throws(() => new Program().call('close', [1], { ignore: true, goto: 'x' }), /both ignore and goto/);
});

test.run();
