// The systemd cgroup driver: scopes, what systemd knows of them and what the kernel does, and that nothing is left.
// `make vm-systemd` runs it; CGROUP_DRIVER=systemd lets other test files use the driver, too.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { DeviceRule, Resources } from '../../src/bundle/config.ts';
import { type Changes, withNamespaces } from '../bundle.ts';
import { waitUntil } from '../runtime.ts';
import { contentOf, placeOf, versionOf } from './cgroup-files.ts';
import { cgroupsOf, readText, removeCgroup } from './host.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('systemd');
const isThere = existsSync('/run/systemd/system') && existsSync('/run/dbus/system_bus_socket');
const reason = isThere ? undefined : 'systemd does not run here';
const globals = ['--systemd-cgroup'];
const options = { globals };

const MB = 1024 * 1024;
const isV1 = versionOf('memory') === 1;
const COUNT = Number(process.env.CYCLES ?? 500);

function property(unit: string, name: string): string {
  const args = ['show', '--value', `--property=${name}`, unit];
  return spawnSync('systemctl', args, { encoding: 'utf8' }).stdout.trimEnd();
}

/** Units that this file has made: all have the runtime's tag in their names. */
function units(): string {
  const args = ['list-units', '--all', '--plain', '--no-legend', '--type=scope', `*${runtime.tag}*`];
  return spawnSync('systemctl', args, { encoding: 'utf8' }).stdout;
}

function running(changes: Changes = {}): { id: string; unit: string; pid: number } {
  const id = runtime.id();
  const bundle = runtime.bundle({ ...changes, process: { args: ['sleep', '60'], ...changes.process } });
  runtime.ok(['run', '--detach', '--bundle', bundle.directory, id], options);
  return { id, unit: `runts-${id}.scope`, pid: runtime.state(id).pid };
}

testUnless(reason, test, 'without cgroupsPath it is a scope in system.slice', () => {
  const { id, unit, pid } = running();
  const { outside } = placeOf(pid, 'pids');
  assert.ok(outside.endsWith(`/system.slice/${unit}`), outside);
  const known = ['Slice', 'Delegate', 'Transient', 'ActiveState', 'Description'].map((name) => property(unit, name));
  assert.equal(known, ['system.slice', 'yes', 'yes', 'active', `runts: container ${id} in ${runtime.root}`]);
  assert.is(readText(join(outside, 'cgroup.procs')), `${pid}\n`);
  runtime.remove(id);
  assert.is(units(), '');
  assert.not(existsSync(outside));
});

testUnless(reason, test, 'slice:prefix:name leads below the slices above', () => {
  const cgroupsPath = `runts-a-b.slice:pre:${runtime.tag}`;
  const { id, pid } = running({ linux: { cgroupsPath } });
  const path = `/runts.slice/runts-a.slice/runts-a-b.slice/pre-${runtime.tag}.scope`;
  assert.ok(placeOf(pid, 'pids').outside.endsWith(path));
  const bundle = runtime.bundle({ linux: { cgroupsPath } });
  const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()], options);
  assert.match(line, `the unit pre-${runtime.tag}.scope exists already (runts: container ${id} in ${runtime.root})`);
  // The one that is there is as it was.
  assert.is(runtime.state(id).status, 'running');
  assert.is(property(`pre-${runtime.tag}.scope`, 'ActiveState'), 'active');
  runtime.remove(id);
  spawnSync('systemctl', ['stop', 'runts.slice']);
});

testUnless(reason, test, 'annotations are properties of the scope', () => {
  const annotations = {
    'org.systemd.property.TimeoutStopUSec': 'uint64 7000000',
    'org.systemd.property.KillSignal': '10',
  };
  const { id, unit } = running({ annotations });
  assert.equal([property(unit, 'TimeoutStopUSec'), property(unit, 'KillSignal')], ['7s', '10']);
  runtime.remove(id);
  const bundle = runtime.bundle({ annotations: { 'org.systemd.property.NoSuchThing': 'true' } });
  const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()], options);
  assert.match(line, /StartTransientUnit runts-[\w-]+\.scope: .*NoSuchThing/);
  assert.is(units(), '');
});

testUnless(reason, test, 'another form of cgroupsPath is refused', () => {
  const bundle = runtime.bundle({ linux: { cgroupsPath: '/a/b' } });
  const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()], options);
  assert.match(line, 'config.json: /linux/cgroupsPath: "/a/b" must be slice:prefix:name');
});

interface Known {
  controller: string;
  file: string;
  value: string;
  properties: Record<string, string>;
}

const limits: { resources: Resources; v1?: Known; v2: Known }[] = [
  {
    resources: { memory: { limit: 64 * MB, swap: 96 * MB, reservation: 32 * MB } },
    v1: {
      ...{ controller: 'memory', file: 'memory.limit_in_bytes', value: '67108864' },
      properties: { MemoryLimit: '67108864' },
    },
    v2: {
      ...{ controller: 'memory', file: 'memory.max', value: '67108864' },
      properties: { MemoryMax: '67108864', MemorySwapMax: '33554432', MemoryLow: '33554432' },
    },
  },
  {
    resources: { cpu: { shares: 512 } },
    v1: { controller: 'cpu', file: 'cpu.shares', value: '512', properties: { CPUShares: '512' } },
    v2: { controller: 'cpu', file: 'cpu.weight', value: '59', properties: { CPUWeight: '59' } },
  },
  {
    // systemd would make 34 % of it.
    resources: { cpu: { quota: 33_333, period: 50_000 } },
    v1: {
      ...{ controller: 'cpu', file: 'cpu.cfs_quota_us', value: '33333' },
      properties: { CPUQuotaPerSecUSec: '670ms', CPUQuotaPeriodUSec: '50ms' },
    },
    v2: {
      ...{ controller: 'cpu', file: 'cpu.max', value: '33333 50000' },
      properties: { CPUQuotaPerSecUSec: '670ms', CPUQuotaPeriodUSec: '50ms' },
    },
  },
  {
    resources: { cpu: { cpus: '0', mems: '0' } },
    v1: { controller: 'cpuset', file: 'cpuset.cpus', value: '0', properties: {} },
    v2: {
      ...{ controller: 'cpuset', file: 'cpuset.cpus', value: '0' },
      properties: { AllowedCPUs: '0', AllowedMemoryNodes: '0' },
    },
  },
  {
    resources: { pids: { limit: 17 } },
    v1: { controller: 'pids', file: 'pids.max', value: '17', properties: { TasksMax: '17' } },
    v2: { controller: 'pids', file: 'pids.max', value: '17', properties: { TasksMax: '17' } },
  },
  {
    resources: { unified: { 'memory.high': '50331648' } },
    v2: { controller: 'memory', file: 'memory.high', value: '50331648', properties: { MemoryHigh: '50331648' } },
  },
  {
    // Without a property.
    resources: { cpu: { burst: 1000, quota: 20_000 } },
    v1: { controller: 'cpu', file: 'cpu.cfs_burst_us', value: '1000', properties: {} },
    v2: { controller: 'cpu', file: 'cpu.max.burst', value: '1000', properties: {} },
  },
];
for (const { resources, ...versions } of limits) {
  const known = isV1 ? versions.v1 : versions.v2;
  const without = known === undefined ? 'cgroup v1 has no such limit' : undefined;
  testUnless(reason ?? without, test, `${JSON.stringify(resources)} is set, and known to systemd`, () => {
    const { controller, file, value, properties } = known as Known;
    const { id, unit, pid } = running({ linux: { resources } });
    const { outside, inside } = placeOf(pid, controller);
    assert.ok(outside.endsWith(`/${unit}`), outside);
    assert.is(contentOf(outside, file), value);
    if (inside !== undefined) assert.is(contentOf(inside, file), value);
    for (const [name, text] of Object.entries(properties)) assert.is(property(unit, name), text, name);
    runtime.remove(id);
  });
}

testUnless(
  reason,
  test,
  'update reaches the kernel and systemd, which keeps the limits when it reads its units again',
  () => {
    const { id, unit, pid } = running({ linux: { resources: { memory: { limit: 64 * MB }, pids: { limit: 20 } } } });
    const resources = JSON.stringify({ memory: { limit: 80 * MB }, cpu: { shares: 2048 } });
    runtime.ok(['update', '--resources', '-', id], { input: resources });
    const files = isV1 ? ['memory.limit_in_bytes', 'cpu.shares'] : ['memory.max', 'cpu.weight'];
    const values = () =>
      [...files, 'pids.max'].map((file) => contentOf(placeOf(pid, file.split('.')[0] ?? '').outside, file));
    const expected = [String(80 * MB), isV1 ? '2048' : '174', '20'];
    assert.equal(values(), expected);
    assert.equal(
      [isV1 ? 'MemoryLimit' : 'MemoryMax', isV1 ? 'CPUShares' : 'CPUWeight', 'TasksMax'].map((name) =>
        property(unit, name),
      ),
      expected,
    );
    spawnSync('systemctl', ['daemon-reload']);
    assert.equal(values(), expected);
    runtime.remove(id);
  },
);

const KMSG = { path: '/dev/kmsg', type: 'c' as const, major: 1, minor: 11 };
const CAPS = ['CAP_SYSLOG', 'CAP_SYS_ADMIN', 'CAP_DAC_OVERRIDE'];
const capabilities = { bounding: CAPS, effective: CAPS, permitted: CAPS };

testUnless(
  reason,
  test,
  'devices: what is denied can not be opened, nor after systemd has read its units again',
  () => {
    const script =
      'while :; do (: </dev/kmsg) 2>/dev/null && echo open || echo denied; : >/dev/null && sleep 0.1; done';
    const devicesFor = (devices: DeviceRule[]) => ({
      process: { args: ['sh', '-c', script], capabilities },
      linux: { devices: [KMSG], resources: { devices } },
    });
    const bundle = runtime.bundle(devicesFor([{ allow: false }]));
    const id = runtime.id();
    const foreground = runtime.begin(['run', '--bundle', bundle.directory, id], { globals, timeoutMs: 120_000 });
    const says = (word: string) => {
      const start = foreground.stdout().length;
      assert.ok(
        waitUntil(() => foreground.stdout().slice(start).includes(word), 20_000),
        word,
      );
    };
    says('denied');
    const unit = `runts-${id}.scope`;
    assert.is(property(unit, 'DevicePolicy'), 'strict');
    runtime.ok(['update', '--resources', '-', id], {
      input: JSON.stringify({ devices: [{ allow: false }, { allow: true, ...KMSG, access: 'r' }] }),
    });
    says('open');
    spawnSync('systemctl', ['daemon-reload']);
    says('open');
    runtime.ok(['update', '--resources', '-', id], { input: JSON.stringify({ devices: [{ allow: false }] }) });
    says('denied');
    spawnSync('systemctl', ['daemon-reload']);
    says('denied');
    assert.not.match(property(unit, 'DeviceAllow'), '1:11');
    runtime.remove(id);
  },
);

testUnless(reason, test, 'exec, pause, resume, ps, events and kill --all work in a scope', () => {
  const { id, pid } = running(withNamespaces('mount', 'uts', 'ipc', 'network'));
  assert.is(runtime.ok(['exec', id, 'sh', '-c', 'echo $((1 + 1))']), '2\n');
  runtime.ok(['exec', '--detach', id, 'sleep', '70']);
  assert.is(runtime.ok(['ps', '--format', 'json', id]).split(',').length, 2);
  runtime.ok(['pause', id]);
  assert.is(runtime.state(id).status, 'paused');
  runtime.ok(['resume', id]);
  assert.is(JSON.parse(runtime.ok(['events', '--stats', id])).data.pids.current, 2);
  const { outside } = placeOf(pid, 'pids');
  runtime.ok(['kill', '--all', id, 'KILL']);
  runtime.waitFor(id, 'stopped');
  runtime.ok(['delete', id]);
  assert.is(units(), '');
  assert.not(existsSync(outside));
});

testUnless(reason, test, 'hooks find nothing but the container process in the cgroup', () => {
  const list = join(runtime.folder, 'list');
  const script = `cat $(ls -d /sys/fs/cgroup/pids/system.slice /sys/fs/cgroup/system.slice 2>/dev/null | head -n 1)/runts-*${runtime.tag}*/cgroup.procs > ${list}`;
  const id = runtime.id();
  const hooks = { createRuntime: [{ path: '/bin/sh', args: ['sh', '-c', script] }] };
  const bundle = runtime.bundle({ hooks, process: { args: ['sleep', '60'] } });
  runtime.ok(['create', '--bundle', bundle.directory, id], options);
  assert.is(readText(list), `${runtime.state(id).pid}\n`);
  runtime.remove(id);
});

testUnless(reason, test, 'a create that fails leaves no unit', () => {
  const before = snapshot(runtime);
  const failing = [
    runtime.bundle({ linux: { resources: { cpu: { cpus: '4000' } } } }),
    runtime.bundle({ hooks: { prestart: [{ path: '/bin/false' }] } }),
    runtime.bundle({ mounts: [{ destination: '/m', type: 'bind', source: '/nowhere', options: ['bind'] }] }),
  ];
  for (const { directory } of failing) runtime.fails(['create', '--bundle', directory, runtime.id()], options);
  assert.equal(leftovers(before), []);
  assert.is(units(), '');
});

testUnless(reason, test, 'what a killed create leaves is removed by delete --force', () => {
  const hooks = { createRuntime: [{ path: '/bin/sleep', args: ['sleep', '50'] }] };
  const id = runtime.id();
  const bundle = runtime.bundle({ hooks });
  const creating = runtime.begin(['create', '--bundle', bundle.directory, id], options);
  assert.ok(waitUntil(() => units() !== '', 20_000));
  creating.child.kill('SIGKILL');
  runtime.remove(id);
  assert.is(units(), '');
  assert.equal(cgroupsOf(id), []);
});

testUnless(reason, test, "a scope of the same name that is another container's is left alone", () => {
  const other = running();
  const { id } = running();
  const stateOf = (name: string) => join(runtime.root, name, 'state.json');
  const { scope, cgroups } = JSON.parse(readText(stateOf(other.id)));
  const record = JSON.parse(readText(stateOf(id)));
  // As if `create` had been killed before it saw that the name was taken.
  writeFileSync(stateOf(id), JSON.stringify({ ...record, cgroups, scope: { ...scope, description: 'x' } }));
  runtime.remove(id);
  assert.is(runtime.state(other.id).status, 'running');
  runtime.remove(other.id);
  spawnSync('systemctl', ['stop', record.scope.unit]);
  for (const { directory } of record.cgroups) removeCgroup(directory);
  assert.is(units(), '');
});

testUnless(reason, test, 'a scope that somebody else has stopped is no obstacle', () => {
  const { id, unit } = running();
  spawnSync('systemctl', ['stop', unit]);
  runtime.waitFor(id, 'stopped');
  runtime.ok(['delete', id]);
  assert.equal(cgroupsOf(id), []);
});

testUnless(reason, test, `${COUNT} times create and delete leave no cgroup and no unit`, () => {
  const bundle = runtime.bundle({ linux: { resources: { memory: { limit: 64 * MB }, pids: { limit: 20 } } } });
  const id = runtime.id();
  for (let index = 0; index < COUNT; index++) {
    runtime.ok(['create', '--bundle', bundle.directory, id], options);
    runtime.ok(['delete', '--force', id]);
  }
  assert.is(units(), '');
  assert.equal(cgroupsOf(runtime.tag), []);
});

const without = isThere ? 'systemd runs here' : undefined;
testUnless(without, test, 'where no systemd runs, the error says what is missing', () => {
  const line = runtime.fails(['create', '--bundle', runtime.bundle().directory, runtime.id()], options);
  assert.match(
    line,
    /^runts: create [\w-]+: (connect to the system bus: sd_bus_open_system \w+ — systemd and D-Bus have to run|libsystemd.so.0 cannot be loaded)/,
  );
});

test.run();
