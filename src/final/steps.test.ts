import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MAX_ROWS, ROW_STEP } from './rows.ts';
import { Script } from './script.ts';
import { stepError } from './steps.ts';

const test = suite('final/steps');
const paths = ['/a', '/b', '/c'];
const pathOf = (row: number) => paths[row] ?? '';

// Step 1 is in front of the loop, 2 to 4 are in it, 5 is behind it.
function script(count = paths.length): Script {
  const made = new Script(9);
  made.call('getpid', []);
  const rows = Array.from({ length: count }, (_, index) => [index]);
  made.forEach(rows, (row) => {
    made.within(
      (index) => `/list/${index} (${pathOf(index)})`,
      () => {
        const ask = (index: number) => ({ type: 'makePath', path: pathOf(index), entry: 'file' }) as const;
        made.call('openat', [row.word(0)], { path: pathOf, hints: { EPERM: 'hint' }, ask });
        made.later(() => made.tell((index) => ({ type: 'checkDevice', index })));
      },
    );
  });
  made.call('umask', [0], { path: 'mask' });
  made.finish();
  return made;
}

test('the words of a row are those of its index', () => {
  const made = script();
  const lines = [0, 1, 2].map((row) => stepError(made, 2 + row * ROW_STEP, 'EACCES').oneLine);
  assert.equal(
    lines,
    paths.map((path, index) => `/list/${index} (${path}): openat ${path} EACCES`),
  );
  assert.is(stepError(made, 2 + ROW_STEP, 'EPERM').hint, 'hint');
});

test('an event is that of the row, also in code behind the end', () => {
  const made = script();
  const asked = made.stepAt(3 + 2 * ROW_STEP);
  assert.equal(asked, {
    kind: 'event',
    doing: ['/list/2 (/c)'],
    event: { type: 'makePath', path: '/c', entry: 'file' },
  });
  const told = made.stepAt(5 + ROW_STEP);
  assert.equal(told, { kind: 'event', doing: ['/list/1 (/b)'], event: { type: 'checkDevice', index: 1 } });
  assert.is(stepError(made, 6 + ROW_STEP, 'EPIPE').reason, 'write checkDevice EPIPE');
});

test('what is not in the loop has no rows, and there are none behind the last', () => {
  const made = script();
  assert.is(stepError(made, 4, 'EPERM').reason, 'umask mask EPERM');
  for (const number of [1 + ROW_STEP, 2 + 3 * ROW_STEP, 4 + ROW_STEP, 7, 0xffffffff]) {
    assert.is(made.stepAt(number), undefined, String(number));
  }
});

test('more rows than a loop can count take another one', () => {
  const made = script(MAX_ROWS + 2);
  const loops = made.program.operations.filter(({ kind }) => kind === 'firstRow');
  assert.is(loops.length, 2);
  assert.match(stepError(made, 2 + (MAX_ROWS - 1) * ROW_STEP, 'EPERM').oneLine, `/list/${MAX_ROWS - 1} (`);
  assert.match(stepError(made, 4 + ROW_STEP, 'EPERM').oneLine, `/list/${MAX_ROWS + 1} (`);
  assert.is(made.stepAt(2 + MAX_ROWS * ROW_STEP), undefined);
});

test('descriptors that a loop leaves behind are counted for each row', () => {
  const closesIn = (count: number) => {
    const made = new Script(9, 10);
    const rows = Array.from({ length: count }, () => [1]);
    made.forEach(rows, () => made.release(made.slot()));
    made.release(made.slot());
    return made.program.operations.filter((one) => one.kind === 'call' && one.name === 'close').length;
  };
  assert.equal([closesIn(9), closesIn(10), closesIn(11)], [0, 1, 2]);
});

test.run();
