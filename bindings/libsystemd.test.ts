import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Bus, BusError, hasLibsystemd, type Method } from './libsystemd.ts';
import { messageOf } from './root-suite.ts';

const test = suite('bindings/libsystemd');
const folder = mkdtempSync(join(tmpdir(), 'runts-bus-'));
const address = `unix:path=${folder}/bus`;
let daemon: ChildProcess | undefined;

const bus = (name: string): Method => ({
  service: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
  name,
});

/** A test that needs a message bus: where libsystemd and dbus-daemon are installed. */
const withBus = hasLibsystemd() && existsSync('/usr/bin/dbus-daemon') ? test : test.skip;
if (withBus !== test) console.log('skipped: no libsystemd, or no dbus-daemon: calls over a message bus');

test.before(async () => {
  if (withBus !== test) return;
  daemon = spawn('dbus-daemon', ['--session', '--nofork', `--address=${address}`], { stdio: 'ignore' });
  for (let i = 0; i < 500 && !existsSync(`${folder}/bus`); i++) await Bun.sleep(10);
});
test.after(() => {
  daemon?.kill();
  rmSync(folder, { recursive: true, force: true });
});

withBus('a method answers', () => {
  const connection = new Bus({ address });
  const asked = { signature: 's', values: ['org.freedesktop.DBus'] };
  assert.is(connection.call(bus('NameHasOwner'), asked, 'b'), 1n);
  assert.match(String(connection.call(bus('GetId'), { signature: '', values: [] }, 's')), /^[\da-f]{32}$/);
  assert.is(connection.call(bus('RequestName'), { signature: 'su', values: ['org.example.Test', 0] }, 'u'), 1n);
  connection.close();
});

withBus('an error of the other side has its name and words', () => {
  const connection = new Bus({ address });
  try {
    connection.call(bus('NoSuchMethod'), { signature: 'a(sv)', values: [[['a', ['t', 1n]]]] });
    assert.unreachable();
  } catch (error) {
    assert.instance(error, BusError);
    assert.is((error as BusError).errorName, 'org.freedesktop.DBus.Error.UnknownMethod');
    assert.match((error as BusError).text, 'NoSuchMethod');
  }
  connection.close();
});

withBus('a signal is waited for; none comes in time', () => {
  const connection = new Bus({ address });
  const rule = "type='signal',member='NameOwnerChanged',arg0='org.example.Other'";
  connection.call(bus('AddMatch'), { signature: 's', values: [rule] });
  connection.call(bus('RequestName'), { signature: 'su', values: ['org.example.Other', 0] });
  const options = { signature: 'sss', patienceMs: 5000 };
  const [name, former] = connection.nextSignal('org.freedesktop.DBus', 'NameOwnerChanged', options) ?? [];
  assert.equal([name, former], ['org.example.Other', '']);
  assert.is(
    connection.nextSignal('org.freedesktop.DBus', 'NameOwnerChanged', { ...options, patienceMs: 20 }),
    undefined,
  );
  connection.close();
});

withBus('where no bus is, the call says so', () => {
  assert.is(
    messageOf(() => new Bus({ address: 'unix:path=/nonexistent' })),
    'sd_bus_start unix:path=/nonexistent ENOENT',
  );
});

test.run();
