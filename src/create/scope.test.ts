// With systemd: conformance/integration/systemd.test.ts.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { scopeDriver } from './scope.ts';

const test = suite('create/scope');

test('a path that is no scope is refused before systemd is asked', () => {
  const config = { ociVersion: '1.3.0', linux: { cgroupsPath: '/a' } };
  assert.throws(() => scopeDriver(config, { id: 'web1', root: '/run/runts' }), /must be slice:prefix:name/);
});

test.run();
