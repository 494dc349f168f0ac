import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from '../errors.ts';
import { checkId } from './id.ts';

const test = suite('state/id');

for (const id of ['a', 'web1', 'A-b_c+d.e', '...', '.hidden', '-', '0', 'x'.repeat(255)]) {
  test(`${id.slice(0, 20)} (${id.length}) is an id`, () => assert.not.throws(() => checkId(id)));
}

for (const id of ['', '.', '..', 'a/b', '../x', 'a b', 'a\n', 'a\0', 'ä', 'a:b', 'a%', 'a\\', 'a*', 'x'.repeat(256)]) {
  test(`${JSON.stringify(id.slice(0, 20))} (${id.length}) is refused by name`, () => {
    const namesIt = (error: unknown) => error instanceof UsageError && error.reason.startsWith(JSON.stringify(id));
    assert.throws(() => checkId(id), namesIt);
  });
}

test.run();
