import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isInitialUserNamespace } from '../../bindings/user-namespace.ts';
import { isToBeKept } from './when.ts';

const test = suite('kept-engine/when');
test.after.each(() => {
  delete process.env.RUNTS_NOKEPT;
});

const isPossible = process.arch === 'x64' && process.getuid?.() === 0 && isInitialUserNamespace();

test('the launcher has to say that there is none', () => {
  for (const said of [undefined, '0x0000000000000000', '']) {
    if (said !== undefined) process.env.RUNTS_NOKEPT = said;
    assert.is(isToBeKept('run'), false, said);
  }
});

test('commands that are seldom, or go without the engine, do not see to it', () => {
  process.env.RUNTS_NOKEPT = '0x0000000000000001';
  assert.equal(
    ['create', 'run', 'exec', 'state', 'list', 'events'].filter(isToBeKept),
    isPossible ? ['create', 'run', 'exec'] : [],
  );
});

test.run();
