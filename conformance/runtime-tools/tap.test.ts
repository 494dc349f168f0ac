import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseTap } from './tap.ts';

const test = suite('runtime-tools/tap');

test('assertions with and without number, dash, directive', () => {
  const { assertions, planned } = parseTap(
    'TAP version 13\nok 1 - has expected user ID\nnot ok 2 - x # y\nok 3 # SKIP process not set\n' +
      'not ok 4 # TODO we need more\nok - cwd # skip why\nnot ok\n# ok 6 - a comment\nokay\n1..6\n',
  );
  assert.equal(assertions, [
    { passed: true, description: 'has expected user ID' },
    { passed: false, description: 'x # y' },
    { passed: true, description: 'process not set', directive: 'SKIP' },
    { passed: false, description: 'we need more', directive: 'TODO' },
    { passed: true, description: 'cwd', directive: 'SKIP' },
    { passed: false, description: '' },
  ]);
  assert.is(planned, 6);
});

test('a block belongs to the assertion right before it', () => {
  const { assertions, errors } = parseTap(
    'ok 1 - a\n  ---\n  {\n    "error": "exit status 1"\n  }\n  ...\nok 2 - b\n1..2\n',
  );
  assert.equal(assertions, [
    { passed: true, description: 'a', diagnostic: '{\n    "error": "exit status 1"\n  }' },
    { passed: true, description: 'b' },
  ]);
  assert.equal(errors, []);
});

const block = (value: unknown): string => `  ---\n  ${JSON.stringify(value, null, 2)}\n  ...\n`;

test('an error in a block without an assertion is found', () => {
  const { errors, planned } = parseTap(`TAP version 13\n${block({ error: 'exit status 1', stderr: 'no\n' })}1..0\n`);
  assert.equal(errors, ['exit status 1: no']);
  assert.is(planned, 0);
});

test('an error in a second block after an assertion is found', () => {
  const { errors } = parseTap(`ok 1\n${block({ reference: 'x' })}${block({ error: 'late' })}1..1\n`);
  assert.equal(errors, ['late']);
});

test('a block without an error, before its assertion, is fine', () => {
  const { errors, assertions } = parseTap(`${block({ stdout: 'not ok 1 - inside\n' })}ok 1 - outside\n1..1\n`);
  assert.equal(errors, []);
  assert.is(assertions.length, 1);
});

test('plans of several streams are added up', () => {
  const { planned, assertions } = parseTap('TAP version 13\nTAP version 13\nok 1 - in\n1..1\nok 1 - out\n1..1\n');
  assert.is(planned, 2);
  assert.is(assertions.length, 2);
});

test('without a plan there is none', () => assert.is(parseTap('ok 1 - a\n').planned, undefined));

test('a block that does not end, or is not JSON, is an error', () => {
  assert.equal(parseTap('  ---\n  {\n').errors, ['not JSON: {']);
});

test.run();
