import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { becomeContainerProcess } from './container-process.ts';
import { firstOutOfOrder, linesOf, scriptOf } from './fixtures/lines.ts';

const test = suite('init/container-process');

const lines = (...[config, options]: Parameters<typeof samplePlan>): string[] =>
  linesOf(scriptOf((script) => becomeContainerProcess(script, samplePlan(config, options))));

test('the keyring and the privileges come last: they take rights away', () => {
  const linux = { personality: { domain: 'LINUX32' as const }, memoryPolicy: { mode: 'MPOL_DEFAULT' as const } };
  const all = lines({ ociVersion: '1.3.0', process: { cwd: '/' }, linux });
  const expected = [/personality/, /set_mempolicy/, /keyctl/, /umask/, /capset/];
  assert.is(firstOutOfOrder(all, expected), undefined);
});

test('what the config says nothing about is not touched', () => {
  assert.equal(lines({ ociVersion: '1.3.0' }, { noNewKeyring: true }), ['report to 9']);
});

test.run();
