// linux.namespaces: new ones, inherited ones, ones that are joined by path, and what is refused.
import { existsSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { NAMESPACE_TYPES, type Namespace, type NamespaceType } from '../../src/bundle/config.ts';
import { withNamespaces } from '../bundle.ts';
import { isRunts } from '../runtime.ts';
import { giveAway, inUser } from '../user-namespace.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('namespaces');

// The file names in /proc/<pid>/ns.
const FILES: Record<NamespaceType, string> = {
  user: 'user',
  mount: 'mnt',
  uts: 'uts',
  ipc: 'ipc',
  network: 'net',
  pid: 'pid',
  cgroup: 'cgroup',
  time: 'time',
};

function namespaceOf(pid: number | 'self', type: NamespaceType): string {
  return readlinkSync(`/proc/${pid}/ns/${FILES[type]}`);
}

/** Why a type can't be tested: runc 1.1 has no time namespaces, user namespaces need maps (issue 3). */
function reasonToSkip(type: NamespaceType): string | undefined {
  if (!existsSync(`/proc/self/ns/${FILES[type]}`)) return `this kernel has no ${type} namespaces`;
  if (type === 'time' && !isRunts) return 'runc 1.1 has no time namespaces';
  return undefined;
}

const TESTED = NAMESPACE_TYPES.filter((type) => type !== 'user');
// The rootfs needs a mount namespace; proc of another pid namespace cannot be mounted, but that is not asked here.
const others = (type: NamespaceType): NamespaceType[] => (type === 'mount' ? ['mount'] : ['mount', type]);
// Almost nothing to mount: every combination of namespaces must do.
const bare = {
  mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
  linux: { maskedPaths: [], readonlyPaths: [] },
};
const sleeper = { process: { args: ['sleep', '60'] } };

function running(namespaces: Namespace[]): number {
  const hostname = namespaces.some(({ type }) => type === 'uts') ? {} : { hostname: undefined };
  const id = runtime.running({ ...hostname, ...bare, linux: { ...bare.linux, namespaces } });
  return runtime.state(id).pid;
}

for (const type of TESTED) {
  testUnless(reasonToSkip(type), test, `a ${type} namespace without a path is new`, () => {
    const pid = running(others(type).map((each) => ({ type: each })));
    assert.is.not(namespaceOf(pid, type), namespaceOf('self', type));
  });

  if (type === 'mount') continue;
  test(`a ${type} namespace that the config does not name is inherited`, () => {
    const pid = running([{ type: 'mount' }]);
    assert.is(namespaceOf(pid, type), namespaceOf('self', type));
  });

  testUnless(reasonToSkip(type), test, `a ${type} namespace of another container is joined by its path`, () => {
    const first = running(others(type).map((each) => ({ type: each })));
    const path = `/proc/${first}/ns/${FILES[type]}`;
    const second = running([{ type: 'mount' }, { type, path }]);
    assert.is(namespaceOf(second, type), namespaceOf(first, type));
    assert.is.not(namespaceOf(second, type), namespaceOf('self', type));
  });
}

test('all namespaces of another container are joined at once', () => {
  const types: NamespaceType[] = ['ipc', 'uts', 'network', 'pid', 'cgroup'];
  const first = running([{ type: 'mount' }, ...types.map((type) => ({ type }))]);
  const joined = types.map((type) => ({ type, path: `/proc/${first}/ns/${FILES[type]}` }));
  const second = running([{ type: 'mount' }, ...joined]);
  for (const type of types) assert.is(namespaceOf(second, type), namespaceOf(first, type));
});

test('a namespace that is kept by a bind mount, as of `ip netns`, is joined', () => {
  const path = join(runtime.folder, 'netns');
  writeFileSync(path, '');
  assert.is(Bun.spawnSync(['unshare', `--net=${path}`, 'true']).exitCode, 0);
  const pid = running([{ type: 'mount' }, { type: 'network', path }]);
  assert.is.not(namespaceOf(pid, 'network'), namespaceOf('self', 'network'));
});

test('in a joined pid namespace the container is not PID 1, and ends when that namespace does', () => {
  const first = running(others('pid').map((type) => ({ type })));
  const path = `/proc/${first}/ns/pid`;
  const namespaces: Namespace[] = [{ type: 'mount' }, { type: 'pid', path }];
  const text = runtime.inside('echo $$; ls -d /proc/1', {
    ...bare,
    hostname: undefined,
    linux: { ...bare.linux, namespaces },
  });
  assert.match(text, /^([2-9]|\d\d+)\n\/proc\/1\n$/);
});

test('a new network namespace has only loopback, and it is up or down as the kernel made it', () => {
  const names = runtime.inside('ls /sys/class/net').trim().split('\n');
  assert.ok(names.includes('lo'));
  assert.not(names.includes('eth0'));
});

test('the cgroup namespace makes the container see itself at the root of every hierarchy', () => {
  const types = ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'] as const;
  const lines = runtime
    .inside('cat /proc/self/cgroup', withNamespaces(...types))
    .trim()
    .split('\n');
  for (const line of lines) assert.match(line, /^\d+:[^:]*:\/$/);
});

const noTime = reasonToSkip('time');
const inTime: Namespace[] = [{ type: 'mount' }, { type: 'pid' }, { type: 'time' }];

testUnless(noTime, test, 'timeOffsets move the clocks of a new time namespace', () => {
  const timeOffsets = { boottime: { secs: 1_000_000 }, monotonic: { secs: 5, nanosecs: 999_999_999 } };
  const linux = { ...bare.linux, namespaces: inTime, timeOffsets };
  const text = runtime.inside('cat /proc/self/timens_offsets /proc/uptime', { ...bare, hostname: undefined, linux });
  assert.match(text, /^monotonic +5 +999999999\nboottime +1000000 +0\n1\d{6}/);
});

testUnless(noTime, test, 'a clock that would run below zero is an error with its name, and leaves nothing', () => {
  const linux = { ...bare.linux, namespaces: inTime, timeOffsets: { monotonic: { secs: -1_000_000_000_000 } } };
  const bundle = runtime.bundle({ ...sleeper, ...bare, hostname: undefined, linux });
  const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
  assert.match(line, /\/linux\/timeOffsets\/monotonic: .*ERANGE/);
});

testUnless(noTime, test, 'a joined time namespace keeps its offsets', () => {
  const linux = { ...bare.linux, namespaces: inTime, timeOffsets: { boottime: { secs: 1_000_000 } } };
  const first = runtime.running({ ...bare, hostname: undefined, linux });
  const path = `/proc/${runtime.state(first).pid}/ns/time`;
  const namespaces: Namespace[] = [{ type: 'mount' }, { type: 'pid' }, { type: 'time', path }];
  const joined = { ...bare, hostname: undefined, linux: { ...bare.linux, namespaces } };
  assert.match(runtime.inside('cat /proc/uptime', joined), /^1\d{6}/);
});

function failsToCreate(namespaces: Namespace[]): string {
  const bundle = runtime.bundle({ ...sleeper, hostname: undefined, ...bare, linux: { ...bare.linux, namespaces } });
  return runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
}

for (const [type, file] of [
  ['network', 'uts'],
  ['ipc', 'net'],
  ['pid', 'mnt'],
  ['uts', 'pid'],
] as const) {
  test(`a path of a ${file} namespace for type ${type} is an error that names it`, () => {
    const path = `/proc/self/ns/${file}`;
    const absolute = `/proc/${process.pid}/ns/${file}`;
    assert.ok(existsSync(path));
    assert.match(failsToCreate([{ type: 'mount' }, { type, path: absolute }]), isRunts ? absolute : /./);
  });
}

for (const path of ['/etc/passwd', '/proc', '/no/such/namespace', '/dev/null']) {
  test(`the namespace path ${path} is an error that names it`, () => {
    assert.match(failsToCreate([{ type: 'mount' }, { type: 'ipc', path }]), isRunts ? path : /./);
  });
}

test('a relative namespace path is refused', () => {
  assert.match(failsToCreate([{ type: 'mount' }, { type: 'ipc', path: 'proc/self/ns/ipc' }]), /namespaces|path/);
});

for (const type of ['network', 'mount', 'pid', 'ipc'] as const) {
  test(`two entries of type ${type} are an error`, () => {
    assert.match(failsToCreate([{ type: 'mount' }, { type }, { type }]), isRunts ? type : /./);
  });
}

test('an unknown type is an error that names it', () => {
  const bundle = runtime.bundle(sleeper);
  const text = JSON.stringify(bundle.config).replace('"type":"ipc"', '"type":"nope"');
  writeFileSync(join(bundle.directory, 'config.json'), text);
  assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), /nope/);
});

test('hostname and domainname are set in the UTS namespace of the container only', () => {
  const host = Bun.spawnSync(['hostname']).stdout.toString();
  const changes = isRunts ? { domainname: 'example.test' } : {};
  const text = runtime.inside('hostname; cat /proc/sys/kernel/domainname', { hostname: 'my-box', ...changes });
  assert.is(text.split('\n')[0], 'my-box');
  if (isRunts) assert.is(text.split('\n')[1], 'example.test');
  assert.is(Bun.spawnSync(['hostname']).stdout.toString(), host);
});

test('a hostname without a UTS namespace of its own is an error, and the host keeps its name', () => {
  const host = Bun.spawnSync(['hostname']).stdout.toString();
  const changes = { ...withNamespaces('mount', 'pid'), hostname: 'evil' };
  const bundle = runtime.bundle(changes);
  assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), /hostname/);
  assert.is(Bun.spawnSync(['hostname']).stdout.toString(), host);
});

test('a hostname that is too long is an error that names it', () => {
  const bundle = runtime.bundle({ hostname: 'x'.repeat(65) });
  assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), /hostname/);
});

test('the loopback interface of a new network namespace is up', () => {
  const up = 0x1;
  assert.ok(Number(runtime.inside('cat /sys/class/net/lo/flags').trim()) & up);
  const mapped = runtime.bundle({ process: { args: ['cat', '/sys/class/net/lo/flags'] }, linux: inUser() });
  giveAway(mapped);
  assert.ok(Number(runtime.ok(['run', '--bundle', mapped.directory, runtime.id()]).trim()) & up);
});

test.run();
