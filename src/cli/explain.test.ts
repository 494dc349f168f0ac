import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { explainUsage } from './explain.ts';

const test = suite('cli/explain');

/** A wrong command line and the beginning of its hint. */
const hints: [string, string][] = [
  ['craete web1', 'did you mean create?'],
  ['lst', 'did you mean list?'],
  ['STATE web1', 'did you mean state?'],
  ['help creat', 'did you mean create?'],
  ['create --pidfile /p web1', 'did you mean --pid-file?'],
  ['create web1 --budnle=/b', 'did you mean --bundle?'],
  ['create ---bundle /b web1', 'did you mean --bundle?'],
  ['--rot /r list', 'did you mean --root?'],
  ['state --root /r web1', '--root belongs before "state";'],
  ['--bundle /b create web1', '--bundle belongs after the command (create, run,'],
  ['kill web1 -9', 'a signal has no dash in front;'],
  ['kill web1 -SIGUSR1', 'a signal has no dash in front;'],
  ['ls', 'see runts --help'],
  ['quux', 'see runts --help'],
  ['state --x web1', 'see runts state --help'],
  ['state', 'see runts state --help'],
];

for (const [line, hint] of hints) {
  test(`runts ${line}: ${hint}`, () => {
    const error = explainUsage(line.split(' '));
    assert.is(error?.hint?.slice(0, hint.length), hint);
  });
}

test('the reason and the command stay what they were', () => {
  const error = explainUsage(['create', '--pidfile', '/p', 'web1']);
  assert.equal([error?.steps, error?.reason], [['create'], 'unknown option --pidfile']);
  assert.is(error?.hint, 'did you mean --pid-file? see runts create --help');
});

test('an acceptable command line needs no explanation', () => {
  assert.is(explainUsage(['state', 'web1']), undefined);
});

test.run();
