// linux.sysctl: values of the container's own namespaces, and nothing else.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { withNamespaces, writeConfig } from '../bundle.ts';
import { isRunts } from '../runtime.ts';
import { readText } from './host.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('sysctl');
const fileOf = (name: string): string => `/proc/sys/${name.replaceAll('.', '/')}`;

for (const [name, value] of [
  ['net.ipv4.ip_forward', '1'],
  ['net.core.somaxconn', '777'],
  ['net.ipv4.ping_group_range', '5\t6'],
  ['kernel.msgmax', '9000'],
  ['kernel.sem', '251\t32001\t33\t129'],
  ['kernel.shmmax', '123456789'],
  ['kernel.shm_rmid_forced', '1'],
  ['fs.mqueue.msg_max', '11'],
] as const) {
  test(`${name} is set inside and stays as it is on the host`, () => {
    const host = readText(fileOf(name));
    const linux = { sysctl: { [name]: value.replaceAll('\t', ' ') } };
    assert.is(runtime.inside(`cat ${fileOf(name)}`, { linux }).trim(), value);
    assert.is(readText(fileOf(name)), host);
  });
}

test('several sysctls are set together, also without /proc/sys being writable for the container', () => {
  const sysctl = { 'net.ipv4.ip_forward': '1', 'kernel.msgmax': '9001' };
  const script = `cat ${Object.keys(sysctl).map(fileOf).join(' ')}`;
  assert.is(runtime.inside(script, { linux: { sysctl } }), '1\n9001\n');
});

test('sysctls with a slash as separator work', () => {
  const linux = { sysctl: { 'net/ipv4/ip_forward': '1' } };
  if (isRunts) assert.is(runtime.inside('cat /proc/sys/net/ipv4/ip_forward', { linux }), '1\n');
});

for (const name of ['vm.swappiness', 'kernel.pid_max', 'kernel.core_pattern', 'fs.file-max', 'kernel.panic', 'dev.x']) {
  test(`${name} belongs to the host and is refused by name`, () => {
    const bundle = runtime.bundle({ linux: { sysctl: { [name]: '1' } } });
    const host = readText(fileOf(name));
    assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), name);
    assert.is(readText(fileOf(name)), host);
  });
}

for (const name of ['net/../vm/swappiness', 'net...vm.swappiness', 'net.ipv4/../../vm/swappiness', '', '/', '../x']) {
  test(`the sysctl "${name}" does not lead out of its namespace`, () => {
    const host = readText('/proc/sys/vm/swappiness');
    const bundle = runtime.bundle({ linux: { sysctl: { [name]: '1' } } });
    runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
    assert.is(readText('/proc/sys/vm/swappiness'), host);
  });
}

for (const [name, namespaces] of [
  ['net.ipv4.ip_forward', ['mount', 'pid', 'ipc']],
  ['kernel.msgmax', ['mount', 'pid', 'network']],
  ['fs.mqueue.msg_max', ['mount', 'pid', 'network']],
] as const) {
  test(`${name} without a namespace of its own is refused, and the host keeps its value`, () => {
    const host = readText(fileOf(name));
    const { linux, ...rest } = withNamespaces(...namespaces);
    const bundle = runtime.bundle({ ...rest, linux: { ...linux, sysctl: { [name]: '1' } } });
    assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), name);
    assert.is(readText(fileOf(name)), host);
  });
}

test('a value that the kernel refuses is an error with its name and errno', () => {
  const bundle = runtime.bundle({ linux: { sysctl: { 'net.ipv4.ip_forward': 'many' } } });
  const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
  assert.match(line, /ip_forward/);
  assert.match(line, /EINVAL|invalid argument/);
});

test('a sysctl that this kernel does not have is an error with its name', () => {
  const bundle = runtime.bundle({ linux: { sysctl: { 'net.no_such_thing': '1' } } });
  assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), /no_such_thing/);
});

test("in a joined mount namespace sysctls don't go through what is at /proc there", async () => {
  const trap = join(runtime.folder, 'trap');
  mkdirSync(join(trap, 'sys/kernel'), { recursive: true });
  writeFileSync(join(trap, 'sys/kernel/msgmax'), 'untouched');
  const script = `mount --bind ${trap} /proc && echo ready && exec sleep 60`;
  const holder = spawn('unshare', ['--mount', 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  const joined = { type: 'mount' as const, path: `/proc/${holder.pid}/ns/mnt` };
  const bundle = runtime.bundle({
    process: { args: ['cat', '/proc/sys/kernel/msgmax'] },
    linux: { namespaces: [{ type: 'pid' }, { type: 'ipc' }, { type: 'network' }, { type: 'uts' }, joined] },
  });
  writeConfig(bundle.directory, {
    ...bundle.config,
    linux: { ...bundle.config.linux, sysctl: { 'kernel.msgmax': '9002' } },
  });
  try {
    const { exit, stdout, stderr } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
    assert.equal([exit, stdout, stderr], [0, '9002\n', '']);
    assert.is(readText(join(trap, 'sys/kernel/msgmax')), 'untouched');
  } finally {
    holder.kill('SIGKILL');
  }
});

test.run();
