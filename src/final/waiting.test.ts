// What a final program is for: it waits in almost no memory, under the strictest seccomp profile, until it is released.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Architecture, type SyscallName, syscallNumber } from '../../bindings/syscalls.ts';
import { assemble } from './assemble.ts';
import { Program } from './program.ts';

const test = suite('final/waiting');
const folder = mkdtempSync(join(tmpdir(), 'runts-waiting-'));
test.after(() => rmSync(folder, { recursive: true }));

const architecture: Architecture = process.arch === 'arm64' ? 'arm64' : 'x64';
const EINTR = 4;

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** Starts the program and waits until it has written something. */
async function start(program: Program): Promise<{ child: Child; ended: Promise<unknown[]> }> {
  const file = join(folder, 'program');
  writeFileSync(file, assemble(program, architecture), { mode: 0o755 });
  const child = spawn(file, [], { stdio: ['pipe', 'pipe', 'inherit'], env: {} });
  const ended = once(child, 'exit');
  const [text] = await Promise.race([once(child.stdout, 'data'), ended]);
  assert.is(String(text), 'ready');
  await setTimeout(20); // until it blocks in read
  return { child, ended };
}

/** Proportional set size in kB: proc_pid_smaps(5). */
function pss(child: Child): number {
  const text = readFileSync(`/proc/${child.pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1]);
}

/** Reports to 1, writes "ready" there and waits for standard input, then exits 9. */
function waiting(program = new Program()): Program {
  program.reportTo(1);
  program.call('write', [1, program.string('ready'), 5], { step: 1 });
  program.waitByte(0);
  program.exit(9);
  return program;
}

/** Installs a seccomp filter (seccomp(2)): [code, jt, jf, k] of each sock_filter. */
function addSeccomp(program: Program, instructions: number[][]): void {
  const filter = new DataView(new ArrayBuffer(instructions.length * 8));
  instructions.forEach(([code = 0, jumpTrue = 0, jumpFalse = 0, value = 0], index) => {
    filter.setUint16(index * 8, code, true);
    filter.setUint8(index * 8 + 2, jumpTrue);
    filter.setUint8(index * 8 + 3, jumpFalse);
    filter.setUint32(index * 8 + 4, value, true);
  });
  const address = program.bytes(new Uint8Array(filter.buffer));
  program.call('prctl', [38, 1, 0, 0, 0]); // PR_SET_NO_NEW_PRIVS
  program.call('seccomp', [1, 0, program.pointers([instructions.length, address])]); // SECCOMP_SET_MODE_FILTER
}

const [LOAD, JUMP_IF_EQUAL, RETURN] = [0x20, 0x15, 0x06];
const [ALLOW, ERRNO, KILL_PROCESS] = [0x7fff0000, 0x00050000, 0x80000000];

/** Returns `listed` for these system calls, `others` for all others. */
function filterFor(names: SyscallName[], listed: number, others: number): number[][] {
  const tests = names.map((name, index) => [JUMP_IF_EQUAL, names.length - index, 0, syscallNumber(name, architecture)]);
  return [[LOAD, 0, 0, 0], ...tests, [RETURN, 0, 0, others], [RETURN, 0, 0, listed]];
}

test('it blocks in at most 16 kB until a byte arrives, then goes on', async () => {
  const { child, ended } = await start(waiting());
  assert.ok(pss(child) <= 16, `PSS is ${pss(child)} kB`);
  assert.is(child.exitCode, null);
  child.stdin.end('x');
  assert.equal(await ended, [9, null]);
});

test('it exits 1 when nobody is left to release it', async () => {
  const { child, ended } = await start(waiting());
  child.stdin.end();
  assert.equal(await ended, [1, null]);
});

test('it blocks in at most 64 kB with megabytes of arguments and the largest seccomp filter', async () => {
  const program = new Program();
  const envp = program.stringArray(Array.from({ length: 20_000 }, (_, index) => `VARIABLE_${index}=${'x'.repeat(50)}`));
  const [load = [], ...rest] = filterFor([], KILL_PROCESS, ALLOW);
  addSeccomp(program, [...Array.from({ length: 4095 - rest.length }, () => load), load, ...rest]);
  const slot = program.slot();
  program.call('getpid', [], { save: slot });
  program.reportTo(1);
  program.call('write', [1, program.string('ready'), 5]);
  program.waitByte(0);
  program.execFirst(['/missing', '/bin/sh'], program.stringArray(['sh', '-c', 'exit 4']), envp, 1);
  const { child, ended } = await start(program);
  assert.ok(pss(child) <= 64, `PSS is ${pss(child)} kB`);
  child.stdin.end('x');
  assert.equal(await ended, [4, null]);
});

test('it needs no system calls but read, write, execve and exit_group', async () => {
  writeFileSync(join(folder, 'other'), assemble(exiting(6), architecture), { mode: 0o755 });
  const program = new Program();
  addSeccomp(program, filterFor(['read', 'write', 'execve', 'exit_group'], ALLOW, KILL_PROCESS));
  program.reportTo(1);
  program.call('write', [1, program.string('ready'), 5]);
  program.waitByte(0);
  const argv = program.stringArray(['other']);
  program.execFirst([join(folder, 'missing'), join(folder, 'other')], argv, program.stringArray([]), 1);
  const { child, ended } = await start(program);
  child.stdin.end('x');
  assert.equal(await ended, [6, null]);
});

test('it goes on waiting when read(2) is interrupted', async () => {
  const program = new Program();
  addSeccomp(program, filterFor(['read'], ERRNO | EINTR, ALLOW));
  const { child, ended } = await start(waiting(program));
  assert.is(child.exitCode, null);
  child.kill('SIGKILL');
  assert.equal(await ended, [null, 'SIGKILL']);
});

function exiting(code: number): Program {
  const program = new Program();
  program.exit(code);
  return program;
}

test.run();
