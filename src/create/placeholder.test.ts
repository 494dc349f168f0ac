import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync } from '../../bindings/file-system.ts';
import { wait } from '../../bindings/process.ts';
import { startPlaceholder } from './placeholder.ts';

const test = suite('create/placeholder');

test('it waits until it is told to end', () => {
  const placeholder = startPlaceholder();
  assert.is(wait(placeholder.pid, { block: false }), undefined);
  assert.match(readFileSync(`/proc/${placeholder.pid}/comm`, 'latin1'), /^runts-|^\d|^memfd/);
  placeholder.end();
  assert.throws(() => readFileSync(`/proc/${placeholder.pid}/comm`, 'latin1'), /ENOENT/);
});

test.run();
