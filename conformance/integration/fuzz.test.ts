// A short run of the fuzz target (`make fuzz`).
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { isRunts, repository } from '../runtime.ts';
import { integration, testUnless } from './suite.ts';

const { test } = integration('fuzz');

const reason = isRunts ? undefined : 'it asks for more than runc gives';
testUnless(reason, test, 'mutated configs are accepted, or refused in a line that names the property', () => {
  const args = [join(repository, 'conformance/fuzz/fuzz.ts'), '--plans', '1000', '--creates', '40'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 120_000 });
  assert.is(status, 0, stdout + stderr);
  const [plans = 0, creates = 0] = [...stdout.matchAll(/(\d+) configs accepted, 0 faults/g)].map(([, count]) =>
    Number(count),
  );
  assert.ok(plans > 100 && creates > 10, stdout);
});

test.run();
