// With systemd: conformance/integration/systemd.test.ts.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync } from '../../bindings/file-system.ts';
import { removeScope } from './systemd-driver.ts';

const test = suite('cgroup/systemd-driver');
const hasSystemd = existsSync('/run/systemd/system') && existsSync('/run/dbus/system_bus_socket');

test('a scope that is gone is no error; without its manager there is a warning', () => {
  const warnings: string[] = [];
  const scope = { unit: 'runts-none.scope', isUser: false, description: 'none' };
  removeScope(scope, [{ directory: '/nonexistent', isOwn: true }], (warning) => warnings.push(warning));
  if (hasSystemd) assert.equal(warnings, []);
  else assert.match(warnings.join(), /^stop runts-none\.scope: /);
});

test.run();
