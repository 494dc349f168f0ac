import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { umask } from './privileges.ts';

const test = suite('bindings/privileges');

test('a mask is set, and the former one told', () => {
  const before = umask(0o027);
  assert.is(process.umask(), 0o027);
  assert.is(umask(before), 0o027);
});

test('orphans become children of a subreaper', () => {
  // The shell leaves a child behind that ends later, with a code that tells it apart.
  const script = `
    const { becomeSubreaper } = await import('${import.meta.dir}/privileges.ts');
    const { wait } = await import('${import.meta.dir}/process.ts');
    becomeSubreaper();
    Bun.spawnSync(['sh', '-c', '(sleep 0.1; exit 42) &']);
    console.log(wait(-1, { block: true })?.code);`;
  const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  assert.is(stdout, '42\n');
});

test.run();
