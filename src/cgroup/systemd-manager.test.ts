// With systemd: conformance/integration/systemd.test.ts.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync } from '../../bindings/file-system.ts';
import { RuntimeError } from '../errors.ts';
import { asksUserManager, Manager } from './systemd-manager.ts';

const test = suite('cgroup/systemd-manager');
const hasSystemd = existsSync('/run/systemd/system') && existsSync('/run/dbus/system_bus_socket');

test("root asks the system's manager, others their own", () => assert.is(asksUserManager(), process.getuid?.() !== 0));

test('a manager tells where its units are; one that is not there is missed by name', () => {
  if (hasSystemd) {
    const manager = new Manager({ isUser: false });
    assert.match(manager.controlGroup(), /^(\/.*[^/])?$/);
    assert.is(manager.descriptionOf('runts-none.scope'), undefined);
    manager.stop('runts-none.scope');
    manager.close();
    return;
  }
  try {
    new Manager({ isUser: false });
    assert.unreachable();
  } catch (error) {
    assert.instance(error, RuntimeError);
    assert.match(
      (error as RuntimeError).oneLine,
      /for --systemd-cgroup$|which --systemd-cgroup needs — install the package/,
    );
  }
});

test.run();
