// The systemd cgroup driver for a user without privileges: scopes of the user's own manager. `make vm-systemd` runs it.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Config, Resources } from '../../src/bundle/config.ts';
import { makeBundle, writeConfig } from '../bundle.ts';
import { contentOf, placeOf } from './cgroup-files.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('systemd-user');

// A user of every Debian system who does nothing.
const USER = Number(/^backup:[^:]*:(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[1] ?? 0);
const service = `user@${USER}.service`;
const XDG_RUNTIME_DIR = `/run/user/${USER}`;

const systemctl = (...args: string[]) => spawnSync('systemctl', args, { encoding: 'utf8' });

function reasonToSkip(): string | undefined {
  if (!existsSync('/run/systemd/system')) return 'systemd does not run here';
  if (USER === 0 || systemctl('is-active', service).stdout.startsWith('active')) return 'no user backup to borrow';
  return systemctl('start', service).status === 0 ? undefined : `${service} does not start`;
}
const reason = reasonToSkip();
test.after(() => {
  if (reason === undefined) systemctl('stop', service);
});

const home = join(runtime.folder, 'home');
mkdirSync(home);
chownSync(home, USER, USER);
chmodSync(runtime.folder, 0o711);

const wrapper = [
  'setpriv',
  `--reuid=${USER}`,
  `--regid=${USER}`,
  '--clear-groups',
  'env',
  '-u',
  'DBUS_SESSION_BUS_ADDRESS',
];
const options = { wrapper, cwd: home, env: { HOME: home, XDG_RUNTIME_DIR } };
const command = (...args: string[]): string => runtime.ok(['--root', home, ...args], options);

let bundles = 0;

function bundle(args: string[], resources: Resources = {}): string {
  const { directory } = makeBundle(join(runtime.folder, `user${bundles++}`));
  Bun.spawnSync(['rm', join(directory, 'config.json')]);
  Bun.spawnSync(['chown', '-R', '-h', `${USER}:${USER}`, directory]);
  runtime.ok(['spec', '--rootless', '--bundle', directory], options);
  const config: Config = JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8'));
  Object.assign(config.process ?? {}, { terminal: false, args });
  Object.assign(config.linux ?? {}, { resources });
  writeConfig(directory, config);
  return directory;
}

/** Scopes of the user's that this file has made. */
function units(): string {
  const env = { ...process.env, ...options.env };
  const list = ['systemctl', '--user', 'list-units', '--all', '--plain', '--no-legend', `*${runtime.tag}*`];
  return spawnSync('setpriv', [...wrapper.slice(1), ...list], { encoding: 'utf8', env }).stdout;
}

testUnless(
  reason,
  test,
  "a scope of the user's manager, with limits; all commands work on it, and nothing is left",
  () => {
    const id = runtime.id();
    const directory = bundle(['sleep', '100'], { memory: { limit: 64 * 1024 * 1024 }, pids: { limit: 30 } });
    command('--systemd-cgroup', 'run', '--detach', '--bundle', directory, id);
    const { pid } = JSON.parse(command('state', id));
    const { outside } = placeOf(pid, 'pids');
    const manager = `/user.slice/user-${USER}.slice/${service}`;
    assert.ok(outside.endsWith(`${manager}/user.slice/runts-${id}.scope`), outside);
    assert.match(units(), `runts-${id}.scope loaded active running`);
    assert.is(contentOf(outside, 'memory.max'), '67108864');
    assert.is(contentOf(outside, 'pids.max'), '30');
    command('update', '--pids-limit', '40', id);
    assert.is(contentOf(outside, 'pids.max'), '40');
    assert.is(command('exec', id, 'sh', '-c', 'echo $((1 + 1))'), '2\n');
    command('exec', '--detach', id, 'sleep', '101');
    assert.is(contentOf(outside, 'cgroup.procs').split('\n').length, 2);
    command('pause', id);
    assert.match(command('state', id), /"status": "paused"/);
    command('resume', id);
    command('delete', '--force', id);
    assert.is(units(), '');
    assert.not(existsSync(outside));
  },
);

testUnless(reason, test, 'without the bus of the user the error says what is missing', () => {
  const directory = bundle(['true']);
  const without = { ...options, env: { ...options.env, XDG_RUNTIME_DIR: home } };
  const line = runtime.fails(['--root', home, '--systemd-cgroup', 'run', '--bundle', directory, runtime.id()], without);
  assert.match(
    line,
    /connect to the user's bus: sd_bus_open_user \w+ — the user's systemd has to run, and XDG_RUNTIME_DIR/,
  );
});

test.run();
