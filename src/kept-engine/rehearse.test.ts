import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rehearse } from './rehearse.ts';

const test = suite('kept-engine/rehearse');

test('it goes through, twice, and leaves no descriptor and no process behind', async () => {
  const children = `/proc/self/task/${process.pid}/children`;
  const things = () => [readdirSync('/proc/self/fd').length, readFileSync(children, 'latin1')];
  await rehearse();
  const before = things();
  await rehearse();
  assert.equal(things(), before);
});

test.run();
