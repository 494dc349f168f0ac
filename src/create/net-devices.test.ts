import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { isolatedSuite, rootTest } from '../../bindings/root-suite.ts';
import { toRuntimeError } from '../errors.ts';
import { planNetDevices } from '../plan/net-devices.ts';
import { NetDevices } from './net-devices.ts';

// In a network namespace of its own, which plays the host's; "containers" are processes in others.
const test = isolatedSuite('create/net-devices', import.meta.path, ['--net']);

const containers: ChildProcess[] = [];
test.after(() => {
  for (const container of containers) container.kill('SIGKILL');
});

function makeContainer(): number {
  const container = spawn('unshare', ['--net', 'sleep', '60'], { stdio: 'ignore' });
  containers.push(container);
  const own = readlinkSync('/proc/self/ns/net');
  const end = performance.now() + 5000;
  const pid = container.pid ?? 0;
  while (readlinkSync(`/proc/${pid}/ns/net`) === own && performance.now() < end) Bun.sleepSync(5);
  return pid;
}

function ip(line: string, pid?: number): string {
  const prefix = pid === undefined ? [] : ['nsenter', '--target', String(pid), '--net'];
  const [file = '', ...args] = [...prefix, 'ip', ...line.split(' ')];
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  assert.is(status, 0, `ip ${line}: ${stderr}`);
  return stdout;
}

interface Shown {
  ifname: string;
  flags: string[];
  addr_info: { local?: string; prefixlen: number; scope: string; label?: string; address?: string }[];
}

const shown = (pid?: number): Shown[] => JSON.parse(ip('-json address show', pid));
const find = (name: string, pid?: number): Shown | undefined => shown(pid).find(({ ifname }) => ifname === name);
const globals = (device: Shown | undefined): string[] =>
  (device?.addr_info ?? [])
    .filter(({ scope }) => scope === 'global')
    .map(({ local, prefixlen }) => `${local}/${prefixlen}`);

function attempt(netDevices: Record<string, { name?: string }>, pid: number): [line: string, devices: NetDevices] {
  const devices = new NetDevices(planNetDevices(netDevices));
  try {
    devices.move(pid);
    return ['done', devices];
  } catch (error) {
    return [toRuntimeError(error)?.oneLine ?? String(error), devices];
  }
}

rootTest(test, 'a device goes with its permanent global addresses, and is up then', () => {
  const pid = makeContainer();
  ip('link add a0 type veth peer name b0');
  for (const address of [
    '10.9.0.1/24 brd 10.9.0.255',
    'fd00::1/64 nodad',
    '10.9.1.1/32 scope host',
    '10.9.2.1/24 label a0:x',
  ]) {
    ip(`address add ${address} dev a0`);
  }
  ip('address add 10.9.3.1/24 valid_lft 100 preferred_lft 100 dev a0');
  const [line, devices] = attempt({ a0: { name: 'inside' } }, pid);
  assert.is(line, 'done');
  const device = find('inside', pid);
  assert.equal(globals(device), ['10.9.0.1/24', '10.9.2.1/24', 'fd00::1/64']);
  assert.equal(device?.addr_info.filter(({ scope }) => scope === 'host').length, 0);
  assert.equal(
    device?.addr_info.flatMap(({ label = [] }) => label),
    ['inside', 'a0:x'],
  );
  assert.ok(device?.flags.includes('UP'));
  assert.is(find('a0'), undefined);
  devices.moveBack();
  devices.close();
  assert.equal(globals(find('a0')), ['10.9.0.1/24', '10.9.2.1/24', 'fd00::1/64']);
  assert.ok(find('a0')?.flags.includes('UP') === false);
  assert.is(find('inside', pid), undefined);
});

rootTest(test, 'an index that is taken in there is no hindrance; with %d there is a free name', () => {
  const pid = makeContainer();
  ip('link add c0 type veth peer name c1');
  const [c0]: { ifindex: number }[] = JSON.parse(ip('-json link show c0'));
  ip(`link add net0 index ${c0?.ifindex} type veth peer name net1`, pid);
  const [line, devices] = attempt({ c0: { name: 'net%d' }, c1: { name: 'net%d' } }, pid);
  devices.close();
  assert.is(line, 'done');
  const names = shown(pid).map(({ ifname }) => ifname);
  assert.equal(names.filter((name) => name.startsWith('net')).length, 4);
  assert.ok(names.includes('net2'));
});

rootTest(test, 'a name that is taken is refused before any device is moved', () => {
  const pid = makeContainer();
  ip('link add d0 type veth peer name d1');
  const [line, devices] = attempt({ d0: {}, d1: { name: 'lo' } }, pid);
  devices.close();
  assert.is(line, '/linux/netDevices/d1: the container\'s network namespace has an interface "lo" already');
  assert.ok(find('d0') !== undefined);
});

rootTest(test, 'a device that is not there is an error', () => {
  const [line, devices] = attempt({ none0: {} }, makeContainer());
  devices.close();
  assert.is(line, '/linux/netDevices/none0: there is no network interface "none0" in the runtime\'s network namespace');
});

rootTest(test, 'a device that the kernel does not move is an error, and those before it can be moved back', () => {
  const pid = makeContainer();
  ip('link add e0 type veth peer name e1');
  ip('address add 10.8.0.1/24 dev e0');
  ip('link set e0 up');
  const [line, devices] = attempt({ e0: { name: 'x0' }, lo: { name: 'x1' } }, pid);
  assert.match(line, /^\/linux\/netDevices\/lo: RTM_SETLINK lo( \(.+\))? EINVAL$/);
  assert.ok(find('x0', pid) !== undefined);
  devices.moveBack();
  devices.close();
  assert.equal([globals(find('e0')), find('e0')?.flags.includes('UP')], [['10.8.0.1/24'], true]);
});

rootTest(test, "the runtime's own namespace is none to move to", () => {
  const [line, devices] = attempt({ lo: {} }, process.pid);
  devices.close();
  assert.is(line, "/linux/netDevices: the container's network namespace is the runtime's own");
});

test.run();
