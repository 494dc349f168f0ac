// config-linux.md, "Network Devices": interfaces of the runtime's network namespace, which here is one of the test's own.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import * as assert from 'uvu/assert';
import type { Changes } from '../bundle.ts';
import { isRunts, waitUntil } from '../runtime.ts';
import { readText } from './host.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('net-devices');
const reason = isRunts ? undefined : 'runc 1.1 does not know them';

const host: ChildProcess = spawn('unshare', ['--net', 'sleep', '600'], { stdio: 'ignore' });
const hostPid = String(host.pid);
test.after(() => void host.kill('SIGKILL'));
process.once('exit', () => host.kill('SIGKILL'));
waitUntil(() => readlinkSync(`/proc/${hostPid}/ns/net`) !== readlinkSync('/proc/self/ns/net'));

const onHost = { wrapper: ['nsenter', '--target', hostPid, '--net'] };

interface Shown {
  ifname: string;
  flags: string[];
  addr_info: { local: string; prefixlen: number; scope: string }[];
}

function ip(line: string, pid = hostPid): string {
  const { status, stdout, stderr } = spawnSync('nsenter', ['--target', pid, '--net', 'ip', ...line.split(' ')], {
    encoding: 'utf8',
  });
  assert.is(status, 0, `ip ${line}: ${stderr}`);
  return stdout;
}

const devicesSeenBy = (pid = hostPid): Shown[] => JSON.parse(ip('-json address show', pid));
const globalsOf = (device: Shown | undefined): string[] =>
  (device?.addr_info ?? []).filter(({ scope }) => scope === 'global').map((one) => `${one.local}/${one.prefixlen}`);
const deviceNamed = (name: string, pid?: string): Shown | undefined =>
  devicesSeenBy(pid).find(({ ifname }) => ifname === name);

let pairs = 0;
function makePair(): [string, string] {
  const names: [string, string] = [`rt${pairs}a`, `rt${pairs}b`];
  pairs++;
  ip(`link add ${names[0]} type veth peer name ${names[1]}`);
  return names;
}

function create(changes: Changes): string {
  const id = runtime.id();
  runtime.ok(['create', '--bundle', runtime.bundle(changes).directory, id], onHost);
  return id;
}

const failsToCreate = (changes: Changes): string =>
  runtime.fails(['create', '--bundle', runtime.bundle(changes).directory, runtime.id()], onHost);

testUnless(reason, test, 'a device is in the container under its new name, up, with its addresses', () => {
  const [name, peer] = makePair();
  ip(`address add 192.0.2.7/24 dev ${name}`);
  ip(`address add 2001:db8::7/64 nodad dev ${name}`);
  const id = create({ process: { args: ['sleep', '60'] }, linux: { netDevices: { [name]: { name: 'inside0' } } } });
  const pid = String(runtime.state(id).pid);
  const device = deviceNamed('inside0', pid);
  assert.equal(globalsOf(device), ['192.0.2.7/24', '2001:db8::7/64']);
  assert.ok(device?.flags.includes('UP'));
  assert.is(deviceNamed(name), undefined);
  runtime.remove(id);
  // A virtual device ends with its namespace, and its peer with it.
  assert.ok(waitUntil(() => deviceNamed(peer) === undefined));
});

testUnless(reason, test, 'the program sees it, and it works', () => {
  const [name, peer] = makePair();
  ip(`address add 198.51.100.1/24 dev ${name}`);
  ip(`address add 198.51.100.2/24 dev ${peer}`);
  ip(`link set ${peer} up`);
  const script = 'cat /sys/class/net/net0/operstate; ip -4 address show net0 | grep -o "inet [0-9./]*"';
  const { directory } = runtime.bundle({
    process: { args: ['sh', '-c', script] },
    linux: { netDevices: { [name]: { name: 'net%d' } } },
  });
  const said = runtime.ok(['run', '--bundle', directory, runtime.id()], onHost);
  assert.is(said, 'up\ninet 198.51.100.1/24\n');
});

testUnless(reason, test, 'sysctls of the device can be set', () => {
  const [name] = makePair();
  const linux = { netDevices: { [name]: {} }, sysctl: { [`net.ipv4.conf.${name}.forwarding`]: '1' } };
  const { directory } = runtime.bundle({
    process: { args: ['cat', `/proc/sys/net/ipv4/conf/${name}/forwarding`] },
    linux,
  });
  assert.is(runtime.ok(['run', '--bundle', directory, runtime.id()], onHost), '1\n');
});

testUnless(reason, test, 'it goes into a user namespace too', () => {
  const [name] = makePair();
  ip(`address add 203.0.113.1/24 dev ${name}`);
  const idMap = [{ containerID: 0, hostID: 0, size: 65_536 }];
  const namespaces = (['user', 'pid', 'mount', 'network', 'ipc', 'uts'] as const).map((type) => ({ type }));
  const id = create({
    process: { args: ['sleep', '60'] },
    linux: { netDevices: { [name]: {} }, namespaces, uidMappings: idMap, gidMappings: idMap },
  });
  assert.equal(globalsOf(deviceNamed(name, String(runtime.state(id).pid))), ['203.0.113.1/24']);
  runtime.remove(id);
});

testUnless(reason, test, 'a create that fails later gives it back as it was, and leaves nothing', () => {
  const before = snapshot(runtime);
  const [name, peer] = makePair();
  ip(`address add 192.0.2.9/24 dev ${name}`);
  ip(`link set ${name} up`);
  const linux = { netDevices: { [name]: { name: 'inside0' }, [peer]: {} } };
  const hooks = { createContainer: [{ path: '/bin/false' }] };
  assert.match(failsToCreate({ linux, hooks }), /createContainer/);
  assert.equal([globalsOf(deviceNamed(name)), deviceNamed(name)?.flags.includes('UP')], [['192.0.2.9/24'], true]);
  assert.is(deviceNamed(peer)?.flags.includes('UP'), false);
  const mounts = [{ destination: '/x', type: 'nofs' }];
  assert.match(failsToCreate({ linux, mounts }), /nofs/);
  assert.equal(globalsOf(deviceNamed(name)), ['192.0.2.9/24']);
  assert.equal(leftovers(before), []);
});

testUnless(
  reason,
  test,
  'a device that is not there, a name that is taken and a namespace that is not new are errors',
  () => {
    const [name] = makePair();
    assert.match(failsToCreate({ linux: { netDevices: { none9: {} } } }), /\/linux\/netDevices\/none9: .*none9/);
    assert.match(failsToCreate({ linux: { netDevices: { [name]: { name: 'lo' } } } }), /"lo" already/);
    const path = `/proc/${hostPid}/ns/net`;
    const namespaces = [{ type: 'mount' as const }, { type: 'pid' as const }, { type: 'network' as const, path }];
    const own = { hostname: undefined, linux: { namespaces, netDevices: { [name]: { name: 'x' } } } };
    assert.match(failsToCreate(own), /\/linux\/netDevices: .*the runtime's own/);
    assert.ok(deviceNamed(name) !== undefined);
  },
);

testUnless(reason, test, 'a device goes into a joined namespace, and stays there when the container is deleted', () => {
  const [name] = makePair();
  const other = spawn('unshare', ['--net', 'sleep', '60'], { stdio: 'ignore' });
  waitUntil(() => readText(`/proc/${other.pid}/cmdline`).startsWith('sleep'));
  const path = `/proc/${other.pid}/ns/net`;
  const namespaces = [{ type: 'mount' as const }, { type: 'pid' as const }, { type: 'network' as const, path }];
  const id = create({ hostname: undefined, linux: { namespaces, netDevices: { [name]: { name: 'kept0' } } } });
  runtime.remove(id);
  assert.ok(deviceNamed('kept0', String(other.pid)) !== undefined);
  other.kill('SIGKILL');
});

test.run();
