import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { build } from './build.ts';

const test = suite('build');

test('run from its sources, the runtime says so', () => {
  const engine = `bun ${process.versions.bun}`;
  assert.equal(build, { version: '0.0.0-source', commit: '', spec: '1.3.0', engine });
});

test.run();
