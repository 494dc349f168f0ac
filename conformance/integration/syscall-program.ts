// A static program for a container's rootfs that makes given system calls, writes down their results, and ends.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AT_FDCWD, O_CREAT, O_WRONLY } from '../../bindings/constants.ts';
import { architecture } from '../../bindings/syscall.ts';
import type { SyscallName } from '../../bindings/syscalls.ts';
import { assemble } from '../../src/final/assemble.ts';
import { Program } from '../../src/final/program.ts';

export type SystemCall = [name: SyscallName, ...args: (number | bigint | string)[]];

/** What the program needs besides. */
export const SUPPORT = ['openat', 'write', 'exit_group', 'execve'];

/** Puts the program into a rootfs as /calls. Without calls it only exits. */
export function addSyscallProgram(rootfs: string, calls: SystemCall[], exitCode = 0): void {
  const program = new Program();
  const [results, fd] = [program.reserve(calls.length * 8), program.slot()];
  if (calls.length > 0) {
    program.call('openat', [AT_FDCWD, program.string('/results'), O_WRONLY | O_CREAT, 0o600], {
      ignore: true,
      save: fd,
    });
  }
  calls.forEach(([name, ...args], index) => {
    const operands = args.map((arg) => (typeof arg === 'string' ? program.string(arg) : arg));
    program.call(name, operands, { ignore: true, save: program.slotAt(results.plus(index * 8)) });
  });
  if (calls.length > 0) program.call('write', [fd, results, calls.length * 8], { ignore: true });
  program.exit(exitCode);
  writeFileSync(join(rootfs, 'calls'), assemble(program, architecture), { mode: 0o755 });
}

/** The results of the program's last run, negative errnos included. */
export function takeResults(rootfs: string): number[] {
  const path = join(rootfs, 'results');
  const results = readFileSync(path);
  rmSync(path);
  return Array.from({ length: results.length / 8 }, (_, index) => Number(results.readBigInt64LE(index * 8)));
}
