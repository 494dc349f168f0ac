// Loops, run on both architectures: arm64's on x86_64 under qemu's user mode.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Architecture } from '../../bindings/syscalls.ts';
import { assemble } from './assemble.ts';
import { Program } from './program.ts';
import { decodeReport } from './report.ts';
import { MAX_ROWS, ROW_STEP, Row, rowSize } from './rows.ts';

const test = suite('final/rows');
const folder = mkdtempSync('/tmp/runts-rows-');
test.after(() => rmSync(folder, { recursive: true }));

const [ENOENT, EBADF] = [2, 9];
const AT_FDCWD = -100;
const QEMU = '/usr/bin/qemu-aarch64-static';

function emulator(architecture: Architecture): string[] | undefined {
  if (process.arch === architecture) return [];
  return architecture === 'arm64' && existsSync(QEMU) ? [QEMU] : undefined;
}

function run(architecture: Architecture, build: (program: Program) => void): SpawnSyncReturns<Buffer> {
  const program = new Program();
  program.reportTo(1);
  build(program);
  const file = `${folder}/program-${architecture}`;
  writeFileSync(file, assemble(program, architecture), { mode: 0o755 });
  const [command = file, ...args] = [...(emulator(architecture) ?? []), file];
  return spawnSync(command, args, { timeout: 10_000 });
}

function behaviour(architecture: Architecture): void {
  const check = (name: string, body: () => void): void => void test(`${architecture}: ${name}`, body);
  const runs = (build: (program: Program) => void) => run(architecture, build);
  const texts = (program: Program, ...list: string[]) => list.map((text) => [program.string(text), text.length]);

  check('a body is done for each row, in their order, and then what comes behind it', () => {
    const { stdout, status } = runs((program) => {
      program.forEach(texts(program, 'one ', 'two ', 'and three '), (row) => {
        program.call('write', [1, row.word(0), row.word(1)]);
        program.call('write', [1, program.string('. '), 2]);
      });
      program.forEach(texts(program, 'four'), (row) => program.call('write', [1, row.word(0), row.word(1)]));
      program.exit(7);
    });
    assert.equal([stdout.toString(), status], ['one . two . and three . four', 7]);
  });

  check('a row may have many words, for any argument', () => {
    const { stdout } = runs((program) => {
      const padding = Array.from({ length: 400 }, () => 9);
      const rows = ['a', 'b'].map((text) => [...padding, AT_FDCWD >>> 0, program.string(text), 1, 0, 0]);
      program.forEach(rows, (row) => {
        const [fd, path, size] = [row.word(400), row.word(401), row.word(402)];
        program.call('openat', [fd, path, row.word(403), row.word(404)], { ignoreErrnos: [ENOENT] });
        program.call('write', [size, path, size]);
      });
    });
    assert.is(stdout.toString(), 'ab');
  });

  check('the next row is gone on with in the middle of the body, and from code behind the end', () => {
    const { stdout } = runs((program) => {
      const rows = [0, 99, 1].map((fd) => [fd, program.string(`${fd} `)]);
      let next = '';
      program.forEach(rows, (row) => {
        next = row.next;
        program.call('write', [1, row.word(1), 2]);
        program.call('fcntl', [row.word(0), 1], { gotoOn: [{ errno: EBADF, label: 'rare' }] });
        program.goto(row.next);
        program.call('write', [1, program.string('never'), 5]);
      });
      program.exit(0);
      program.label('rare');
      program.call('write', [1, program.string('rare '), 5]);
      program.goto(next);
    });
    assert.is(stdout.toString(), '0 99rare 1 ');
  });

  check('a report has the number of the call in the row that it failed in', () => {
    const { stdout, status } = runs((program) => {
      program.forEach([[0], [1], [77], [1]], (row) => {
        program.call('umask', [0], { step: 5 });
        program.call('fcntl', [row.word(0), 1], { step: 70_000 });
      });
    });
    assert.equal([decodeReport(stdout), status], [{ step: 70_000 + 2 * ROW_STEP, errno: EBADF }, 1]);
  });

  check('and what is behind the loop has its own number again', () => {
    const { stdout } = runs((program) => {
      program.forEach([[0], [1]], (row) => program.call('fcntl', [row.word(0), 1], { step: 3 }));
      program.call('close', [-1], { step: 4 });
    });
    assert.equal(decodeReport(stdout), { step: 4, errno: EBADF });
  });

  check('the largest table can be counted', () => {
    const rows = Array.from({ length: MAX_ROWS }, (_, index) => [index === MAX_ROWS - 1 ? 99 : 1]);
    const { stdout } = runs((program) => {
      program.forEach(rows, (row) => program.call('fcntl', [row.word(0), 1], { step: ROW_STEP - 1 }));
    });
    assert.equal(decodeReport(stdout), { step: (MAX_ROWS - 1) * ROW_STEP + ROW_STEP - 1, errno: EBADF });
  });

  check('the number of an event is told for the row', () => {
    const { stdout } = runs((program) => {
      const message = program.reserve(4);
      program.forEach([[1], [1], [1]], (row) => {
        program.putRowStep(6, message);
        program.call('write', [row.word(0), message, 4]);
      });
    });
    const numbers = [6, 6 + ROW_STEP, 6 + 2 * ROW_STEP];
    assert.equal([...new Uint32Array(new Uint8Array(stdout).buffer)], numbers);
  });

  check('a table of no rows is passed over', () => {
    const { status } = runs((program) => {
      program.forEach([], () => program.exit(1));
      program.exit(3);
    });
    assert.is(status, 3);
  });
}

for (const architecture of ['x64', 'arm64'] as const) {
  if (emulator(architecture) === undefined) {
    console.log(`final/rows: the ${architecture} runs are skipped: no ${QEMU}`);
    continue;
  }
  behaviour(architecture);
}

test("a row has its words behind its number's share", () => {
  assert.equal([new Row('next').word(0).offset, new Row('next').word(3).offset], [8, 32]);
  assert.equal([rowSize([]), rowSize([[1, 2]])], [8, 24]);
});

const mistakes: [name: string, rows: number[][], message: RegExp][] = [
  ['rows of different lengths', [[1], [1, 2]], /a row has 2 words, not 1/],
  ['too many rows', Array.from({ length: MAX_ROWS + 1 }, () => []), /cannot count/],
  ['too many words', [Array.from({ length: 501 }, () => 1)], /cannot count/],
  ['a word that is no 32-bit number', [[-1]], /32-bit/],
];
for (const [name, rows, message] of mistakes) {
  test(`${name} are refused`, () => assert.throws(() => new Program().forEach(rows, () => {}), message));
}

test('a loop in a loop is refused', () => {
  const program = new Program();
  const nested = () => program.forEach([[1]], () => program.forEach([[1]], () => {}));
  assert.throws(nested, /a loop in a loop/);
});

test.run();
