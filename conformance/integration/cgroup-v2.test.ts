// What only cgroup v2 has: controllers along the path, threaded trees, ownership for a cgroup namespace.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Changes, withMounts } from '../bundle.ts';
import { contentOf, placeOf, versionOf } from './cgroup-files.ts';
import { parseMountinfo, readText } from './host.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('cgroup-v2');

const v2 = parseMountinfo(readText('/proc/self/mountinfo')).find(({ type }) => type === 'cgroup2')?.target ?? '';
const reason = versionOf('pids') === 2 ? undefined : 'the host has no pids controller on cgroup v2';
const RESOURCES = { pids: { limit: 50 } };

test.after(() => {
  for (const name of existsSync(v2) ? readdirSync(v2) : []) {
    if (name.startsWith(`${runtime.tag}-`)) removeTree(join(v2, name));
  }
});

function removeTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  }
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      rmdirSync(folder);
      return;
    } catch {
      Bun.sleepSync(20);
    }
  }
}

function cgroup(name: string): string {
  const folder = join(v2, `${runtime.tag}-${name}`);
  mkdirSync(folder);
  return folder;
}

const below = (folder: string): string => `${folder.slice(v2.length)}/inner/leaf`;

testUnless(reason, test, 'controllers are enabled along a nested path', () => {
  const cgroupsPath = below(cgroup('nested'));
  const id = runtime.running({ linux: { cgroupsPath, resources: RESOURCES } });
  const { outside } = placeOf(runtime.state(id).pid, 'pids');
  assert.is(outside, `${v2}${cgroupsPath}`);
  assert.is(contentOf(outside, 'pids.max'), '50');
  assert.is(contentOf(outside, 'cgroup.subtree_control'), '');
  runtime.remove(id);
});

testUnless(reason, test, 'a container without limits has all controllers too, for statistics', () => {
  const id = runtime.running();
  const { outside } = placeOf(runtime.state(id).pid, 'pids');
  assert.equal(contentOf(outside, 'cgroup.controllers'), contentOf(v2, 'cgroup.controllers'));
  runtime.remove(id);
});

testUnless(
  reason,
  test,
  'below a cgroup with processes, limits are refused with the reason, a plain container runs',
  () => {
    const folder = cgroup('busy');
    const sleeper = Bun.spawn(['sleep', '60']);
    writeFileSync(join(folder, 'cgroup.procs'), String(sleeper.pid));
    const cgroupsPath = below(folder);
    const before = snapshot(runtime);
    const bundle = runtime.bundle({ linux: { cgroupsPath, resources: RESOURCES } });
    const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
    assert.match(
      line,
      /\/linux\/resources\/pids\/limit: the controller pids cannot be enabled: .*: EBUSY — that cgroup has proc/,
    );
    assert.equal(
      leftovers(before).filter((thing) => !thing.includes('/inner')),
      [],
    );
    assert.is(runtime.inside('echo fine', { linux: { cgroupsPath } }), 'fine\n');
    sleeper.kill('SIGKILL');
  },
);

testUnless(reason, test, 'a cgroup in a threaded tree is refused', () => {
  const folder = cgroup('threaded');
  mkdirSync(join(folder, 'thread'));
  writeFileSync(join(folder, 'thread/cgroup.type'), 'threaded');
  const bundle = runtime.bundle({ linux: { cgroupsPath: `${folder.slice(v2.length)}/other` } });
  const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
  assert.match(line, /other is "domain invalid": the cgroup above it is threaded — choose a linux\.cgroupsPath/);
});

testUnless(reason, test, 'a frozen cgroup is refused', () => {
  const folder = cgroup('frozen');
  writeFileSync(join(folder, 'cgroup.freeze'), '1');
  const bundle = runtime.bundle({ linux: { cgroupsPath: `${folder.slice(v2.length)}/inner` } });
  assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), /: the cgroup is frozen — /);
});

const WRITABLE = {
  destination: '/sys/fs/cgroup',
  type: 'cgroup',
  source: 'cgroup',
  options: ['nosuid', 'noexec', 'nodev', 'relatime'],
};
const namespaces = (['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'] as const).map((type) => ({ type }));
const delegated: Changes = {
  mounts: [...withMounts().filter(({ destination }) => destination !== '/sys/fs/cgroup'), WRITABLE],
  process: { user: { uid: 1000, gid: 1000 } },
  linux: { namespaces },
};

function owners(changes: Changes): Map<string, number> {
  const id = runtime.running(changes);
  const { outside } = placeOf(runtime.state(id).pid, 'pids');
  const found = new Map(['.', ...readdirSync(outside)].map((file) => [file, statSync(join(outside, file)).uid]));
  runtime.remove(id);
  return found;
}

testUnless(reason, test, 'a writable cgroup belongs to the user, but for what it could raise its limits with', () => {
  const found = owners(delegated);
  const list = readFileSync('/sys/kernel/cgroup/delegate', 'utf8').trim().split('\n');
  const changed = [...found].filter(([, uid]) => uid === 1000).map(([file]) => file);
  assert.equal(changed.sort(), ['.', ...list.filter((file) => found.has(file))].sort());
  assert.is(found.get('pids.max'), 0);
});

testUnless(reason, test, 'the user may make cgroups in there', () => {
  const script = 'mkdir /sys/fs/cgroup/own && echo 0 >/sys/fs/cgroup/own/cgroup.procs && cat /proc/self/cgroup';
  assert.is(runtime.inside(script, delegated), '0::/own\n');
});

for (const [name, changes] of [
  ['is mounted read-only', { ...delegated, mounts: withMounts() }],
  ['is without a namespace', { ...delegated, linux: { namespaces: namespaces.slice(0, -1) } }],
] as const) {
  testUnless(reason, test, `a cgroup that ${name} stays the runtime's`, () => {
    assert.equal([...new Set(owners(changes).values())], [0]);
  });
}

test.run();
