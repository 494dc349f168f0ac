// Runs assembled programs: those for this machine's architecture directly, arm64's on x86_64 under qemu's user mode.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Architecture } from '../../bindings/syscalls.ts';
import { assemble } from './assemble.ts';
import { slotAddress } from './memory.ts';
import { Program } from './program.ts';
import { decodeReport } from './report.ts';

const test = suite('final/assemble');
const folder = mkdtempSync(join(tmpdir(), 'runts-final-'));
test.after(() => rmSync(folder, { recursive: true }));

const [ENOENT, ENOEXEC, EBADF, EACCES, ENOTDIR] = [2, 8, 9, 13, 20];
const AT_FDCWD = -100;
const SIGCHLD = 17;
const QEMU = '/usr/bin/qemu-aarch64-static';

/** What starts a program for the architecture on this machine: nothing, an emulator, or undefined if there is none. */
function emulator(architecture: Architecture): string[] | undefined {
  if (process.arch === architecture) return [];
  return architecture === 'arm64' && existsSync(QEMU) ? [QEMU] : undefined;
}

/** Assembles and runs a program. */
function run(architecture: Architecture, program: Program, input = ''): SpawnSyncReturns<Buffer> {
  const file = join(folder, `program-${architecture}`);
  writeFileSync(file, assemble(program, architecture), { mode: 0o755 });
  const [command = file, ...args] = [...(emulator(architecture) ?? []), file];
  return spawnSync(command, args, { input, maxBuffer: 2 ** 26 });
}

/** A program that is reported about on its standard output. */
function reporting(): Program {
  const program = new Program();
  program.reportTo(1);
  return program;
}

function write(program: Program, text: string): void {
  program.call('write', [1, program.string(text), Buffer.byteLength(text)]);
}

/** Adds the tests that run on one architecture. */
function behaviour(architecture: Architecture): void {
  const check = (name: string, body: () => void): void => void test(`${architecture}: ${name}`, body);
  const runs = (program: Program, input?: string): SpawnSyncReturns<Buffer> => run(architecture, program, input);

  check('writes and exits', () => {
    const program = new Program();
    write(program, 'hello\n');
    program.exit(42);
    const { stdout, status } = runs(program);
    assert.is(stdout.toString(), 'hello\n');
    assert.is(status, 42);
  });

  check('exits 0 at the end', () => assert.is(runs(new Program()).status, 0));

  check('reports the step and the errno of a failed call', () => {
    const program = reporting();
    program.call('openat', [AT_FDCWD, program.string(join(folder, 'missing')), 0], { step: 70_000 });
    write(program, 'never');
    const { stdout, status } = runs(program);
    assert.equal(decodeReport(stdout), { step: 70_000, errno: ENOENT });
    assert.is(status, 1);
  });

  check('exits 1 after a failure that nobody is told of', () => {
    const program = new Program();
    program.call('close', [-1]);
    program.reportTo(1);
    const { stdout, status } = runs(program);
    assert.is(stdout.length, 0);
    assert.is(status, 1);
  });

  check('goes on after an ignored failure or errno, not after another errno', () => {
    const program = reporting();
    program.call('close', [-1], { ignore: true });
    program.call('close', [-1], { ignoreErrnos: [ENOENT, EBADF] });
    write(program, 'on');
    program.call('close', [-1], { ignoreErrnos: [ENOENT], step: 3 });
    const { stdout } = runs(program);
    assert.is(stdout.subarray(0, 2).toString(), 'on');
    assert.equal(decodeReport(stdout.subarray(2)), { step: 3, errno: EBADF });
  });

  check('goes to a label on failure only', () => {
    const program = reporting();
    program.call('umask', [0o22], { goto: 'failed' });
    program.call('close', [-1], { goto: 'failed' });
    program.exit(1);
    program.label('after');
    program.exit(7);
    program.label('failed');
    program.goto('after');
    assert.is(runs(program).status, 7);
  });

  check('keeps results in slots, also of failures, and branches on them', () => {
    const program = reporting();
    const slot = program.slot();
    program.ifZero(slot, 'zero');
    program.exit(1);
    program.label('zero');
    program.ifNegative(slot, 'wrong');
    program.call('close', [-1], { ignore: true, save: slot });
    program.ifZero(slot, 'wrong');
    program.ifNegative(slot, 'negative');
    program.label('wrong');
    program.exit(2);
    program.label('negative');
    program.call('write', [1, slotAddress(slot), 8], { save: slot });
    program.ifNegative(slot, 'wrong');
    program.call('exit_group', [slot]);
    const { stdout, status } = runs(program);
    assert.is(stdout.readBigInt64LE(), BigInt(-EBADF));
    assert.is(status, 8);
  });

  check('forks; the child goes its own way and the parent gets its exit code', () => {
    const program = reporting();
    const pid = program.slot();
    const waitStatus = program.reserve(8);
    program.call('clone', [SIGCHLD, 0, 0, 0, 0], { save: pid, step: 1 });
    program.ifZero(pid, 'child');
    program.call('wait4', [pid, waitStatus, 0, 0], { step: 2 });
    write(program, ' parent');
    program.call('exit_group', [program.intAt(waitStatus.plus(1))]); // WEXITSTATUS is the second byte
    program.label('child');
    write(program, 'child');
    program.exit(33);
    const { stdout, status } = runs(program);
    assert.is(stdout.toString(), 'child parent');
    assert.is(status, 33);
  });

  check('uses integers that a call wrote, and initialised memory that calls write to', () => {
    const program = reporting();
    const pipe = program.reserve(8);
    const text = program.writableBytes(Buffer.from('0123456789'));
    program.call('pipe2', [pipe, 0]);
    program.call('write', [program.intAt(pipe.plus(4)), program.string('ab'), 2], { step: 1 });
    program.call('read', [program.intAt(pipe), text.plus(3), 2], { step: 2 });
    program.call('write', [1, text, 10]);
    assert.is(runs(program).stdout.toString(), '012ab56789');
  });

  check('waits for a byte and goes on', () => {
    const program = reporting();
    const buffer = program.reserve(1);
    program.waitByte(0);
    program.waitByte(0, buffer);
    program.call('write', [1, buffer, 1]);
    assert.is(runs(program, 'xyz').stdout.toString(), 'y');
  });

  check('exits 1 without a report at the end of the file, and when it cannot read', () => {
    const program = reporting();
    program.waitByte(0);
    program.waitByte(0);
    write(program, 'never');
    assert.equal([runs(program, 'x').status, runs(program, 'x').stdout.length], [1, 0]);
    const closed = reporting();
    closed.waitByte(99);
    assert.equal([runs(closed).status, runs(closed).stdout.length], [1, 0]);
  });

  check('passes arguments and environment on to the program that it becomes', () => {
    const program = reporting();
    const script = `printf '%s|' "$0" "$#" "$1" "$A" "$\{B-unset}"`;
    const argv = program.stringArray(['/bin/sh', '-c', script, 'name', 'ä ö']);
    program.execFirst(['/bin/sh'], argv, program.stringArray(['A=€']), 1);
    assert.is(runs(program).stdout.toString(), 'name|1|ä ö|€|unset|');
  });

  check('handles more than 2 MB of data in all sections', () => {
    const program = reporting();
    const data = Buffer.alloc(2 ** 21, 'abcdefg');
    const list = Array.from({ length: 15 }, (_, index) => String(index % 10).repeat(100_000));
    const argv = program.stringArray(['sh', '-c', `echo; echo "$# $\{#15} $A"`, 'sh', ...list]);
    const envp = program.stringArray(['A=b']);
    program.call('write', [1, program.bytes(data), data.length]);
    const writable = program.writableBytes(data);
    program.call('write', [1, writable, data.length]);
    program.call('read', [0, program.reserve(2 ** 21).plus(2 ** 20), 1]);
    program.execFirst(['/bin/sh'], argv, envp, 1);
    const { stdout } = runs(program, 'x');
    assert.is(stdout.length, 2 ** 22 + '\n15 100000 b\n'.length);
    assert.ok(stdout.subarray(0, 2 ** 21).equals(data));
    assert.is(stdout.subarray(2 ** 22).toString(), '\n15 100000 b\n');
  });

  check('branches over more than 1 MB of code', () => {
    const program = reporting();
    const slot = program.slot();
    program.goto('start');
    program.label('end');
    program.call('close', [-1], { step: 5 });
    program.label('start');
    program.ifZero(slot, 'far');
    for (let count = 0; count < 60_000; count++) program.call('close', [-1, 0, 0], { ignore: true });
    program.label('far');
    program.goto('end');
    const file = assemble(program, architecture);
    assert.ok(file.length > 2 ** 20);
    assert.equal(decodeReport(runs(program).stdout), { step: 5, errno: EBADF });
  });
}

/** What execFirst finds: names stand for the files of a folder, made below. */
const searches: { name: string; candidates: string[]; errno?: number }[] = [
  { name: 'becomes the only candidate', candidates: ['ok'] },
  { name: 'passes over missing files', candidates: ['missing', 'denied/file', 'ok'] },
  { name: 'passes over a file that may not be executed', candidates: ['denied', 'ok'] },
  { name: 'stops at the first that can be executed', candidates: ['ok', 'broken'] },
  { name: 'stops at a file that is no program', candidates: ['broken', 'ok'], errno: ENOEXEC },
  { name: 'reports a single missing file', candidates: ['missing'], errno: ENOENT },
  { name: 'reports several missing files', candidates: ['missing', 'missing'], errno: ENOENT },
  { name: 'reports a single file below a file', candidates: ['denied/file'], errno: ENOTDIR },
  { name: 'reports ENOENT for several files below a file', candidates: ['denied/file', 'denied/file'], errno: ENOENT },
  { name: 'reports a single file without permission', candidates: ['denied'], errno: EACCES },
  { name: 'reports EACCES rather than ENOENT', candidates: ['missing', 'denied', 'missing'], errno: EACCES },
  { name: 'reports ENOENT if there is nothing to try', candidates: [], errno: ENOENT },
];

function search(architecture: Architecture): void {
  for (const { name, candidates, errno } of searches) {
    test(`${architecture}: execFirst ${name}`, () => {
      const program = reporting();
      const paths = candidates.map((candidate) => join(folder, 'search', candidate));
      program.execFirst(paths, program.stringArray(['x']), program.stringArray([]), 12);
      const { stdout, status } = run(architecture, program);
      assert.is(status, errno === undefined ? 5 : errno === ENOENT ? 127 : 126);
      if (errno === undefined) assert.is(stdout.length, 0);
      else assert.equal(decodeReport(stdout), { step: 12, errno });
    });
  }

  test(`${architecture}: a plain execve reports like a search of one`, () => {
    const program = reporting();
    const path = program.string(join(folder, 'search', 'denied'));
    program.call('execve', [path, program.pointers([path, null]), program.pointers([null])], { step: 2 });
    const { stdout, status } = run(architecture, program);
    assert.equal(decodeReport(stdout), { step: 2, errno: EACCES });
    assert.is(status, 126);
  });
}

mkdirSync(join(folder, 'search'));
writeFileSync(join(folder, 'search', 'ok'), '#!/bin/sh\nexit 5\n', { mode: 0o755 });
writeFileSync(join(folder, 'search', 'broken'), 'neither ELF nor script', { mode: 0o755 });
writeFileSync(join(folder, 'search', 'denied'), '#!/bin/sh\nexit 6\n', { mode: 0o644 });
chmodSync(join(folder, 'search', 'ok'), 0o755);

for (const architecture of ['x64', 'arm64'] as const) {
  if (emulator(architecture) === undefined) {
    console.log(
      `final/assemble: the ${architecture} runs are skipped: this machine is ${process.arch} without ${QEMU}`,
    );
    continue;
  }
  behaviour(architecture);
  search(architecture);
}

test('one program can be assembled for several architectures, again and again', () => {
  const program = reporting();
  program.execFirst(['/bin/true'], program.stringArray(['true']), program.stringArray([]), 1);
  const first = assemble(program, 'x64');
  assert.not.equal(assemble(program, 'arm64'), first);
  assert.equal(assemble(program, 'x64'), first);
});

test('a label that is not there is named', () => {
  const program = new Program();
  program.goto('nowhere');
  assert.throws(() => assemble(program, 'x64'), /there is no label nowhere/);
});

test.run();
