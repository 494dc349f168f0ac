// `spec`: writes a config.json with runc's defaults.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Config } from '../../src/bundle/config.ts';
import { makeRootfs, writeConfig } from '../bundle.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('spec');
let folders = 0;

function newFolder(): string {
  const folder = join(runtime.folder, `spec${folders++}`);
  mkdirSync(folder);
  return folder;
}

function readConfig(folder: string): Config {
  return JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
}

function generate(flags: string[] = []): Config {
  const folder = newFolder();
  runtime.ok(['spec', ...flags, '--bundle', folder]);
  return readConfig(folder);
}

test('spec writes the defaults of runc', () => {
  const config = generate();
  assert.match(config.ociVersion, /^1\./);
  assert.equal(config.process?.args, ['sh']);
  assert.is(config.process?.terminal, true);
  assert.is(config.process?.noNewPrivileges, true);
  assert.equal(config.process?.rlimits, [{ type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024 }]);
  assert.equal(config.process?.capabilities?.bounding, ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE']);
  assert.equal(config.root, { path: 'rootfs', readonly: true });
  assert.equal(
    config.mounts?.map(({ destination }) => destination),
    ['/proc', '/dev', '/dev/pts', '/dev/shm', '/dev/mqueue', '/sys', '/sys/fs/cgroup'],
  );
  assert.equal(config.linux?.resources, { devices: [{ allow: false, access: 'rwm' }] });
  const types = config.linux?.namespaces?.map(({ type }) => type) ?? [];
  for (const type of ['pid', 'network', 'ipc', 'uts', 'mount'] as const) assert.ok(types.includes(type), type);
  assert.ok(config.linux?.maskedPaths?.includes('/proc/kcore'));
  assert.ok(config.linux?.readonlyPaths?.includes('/proc/sys'));
});

test('spec writes into the working directory without --bundle', () => {
  const folder = newFolder();
  runtime.ok(['spec'], { cwd: folder });
  assert.match(readConfig(folder).ociVersion, /^1\./);
});

test('spec --rootless adds a user namespace with the caller as root', () => {
  const { linux, mounts } = generate(['--rootless']);
  assert.ok(linux?.namespaces?.some(({ type }) => type === 'user'));
  assert.not(linux?.namespaces?.some(({ type }) => type === 'network'));
  assert.equal(linux?.uidMappings, [{ containerID: 0, hostID: process.getuid?.(), size: 1 }]);
  assert.equal(linux?.gidMappings, [{ containerID: 0, hostID: process.getgid?.(), size: 1 }]);
  // sysfs needs a network namespace of one's own.
  assert.ok(mounts?.find(({ destination }) => destination === '/sys')?.options?.includes('rbind'));
});

test('spec refuses to overwrite a config.json', () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'config.json'), 'mine');
  runtime.fails(['spec', '--bundle', folder]);
  assert.is(readFileSync(join(folder, 'config.json'), 'utf8'), 'mine');
});

test('spec in a folder that does not exist is an error that names it', () => {
  assert.match(runtime.fails(['spec', '--bundle', '/no/such/folder']), /\/no\/such\/folder/);
});

test('the config that spec writes runs', () => {
  const folder = newFolder();
  runtime.ok(['spec', '--bundle', folder]);
  makeRootfs(join(folder, 'rootfs'));
  const config = readConfig(folder);
  const process = { ...config.process, cwd: '/', terminal: false, args: ['sh', '-c', 'id -u; touch /x 2>&1'] };
  writeConfig(folder, { ...config, process });
  const { stdout } = runtime.command(['run', '--bundle', folder, runtime.id()]);
  assert.is(stdout, '0\ntouch: /x: Read-only file system\n');
});

test.run();
