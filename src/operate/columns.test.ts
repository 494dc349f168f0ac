import { closeSync, openSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { setWindowSize } from '../../bindings/terminal.ts';
import { columnsOf } from './columns.ts';

const test = suite('operate/columns');

test('a terminal has as many as it was told', () => {
  const fd = openSync('/dev/ptmx', 'r+');
  assert.is(columnsOf(fd), 0);
  setWindowSize(fd, new Uint8Array(Uint16Array.of(24, 77, 0, 0).buffer));
  assert.is(columnsOf(fd), 77);
  closeSync(fd);
});

test('what is no terminal has none', () => {
  const fd = openSync('/dev/null', 'r');
  assert.is(columnsOf(fd), 0);
  closeSync(fd);
});

test.run();
