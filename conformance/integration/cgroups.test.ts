// linux.cgroupsPath: made, joined in every hierarchy, and removed.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { withNamespaces, writeConfig } from '../bundle.ts';
import { isRunts, waitUntil } from '../runtime.ts';
import { versionOf } from './cgroup-files.ts';
import { cgroupsOf, placesOf, procsOf, readText } from './host.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('cgroups');
const sleeper = { process: { args: ['sleep', '60'] } };

/** The cgroup of a process in each hierarchy, by /proc/<pid>/cgroup. */
function pathsOf(pid: number): string[] {
  return readText(`/proc/${pid}/cgroup`)
    .trim()
    .split('\n')
    .map((line) => line.split(':').slice(2).join(':'));
}

test('an absolute cgroupsPath is relative to the mount of each hierarchy', () => {
  const path = `/${runtime.tag}-absolute`;
  const id = runtime.running({ linux: { cgroupsPath: path } });
  for (const found of pathsOf(runtime.state(id).pid)) assert.is(found, path);
  runtime.ok(['delete', '--force', id]);
  assert.equal(cgroupsOf(path), []);
});

test('a nested cgroupsPath is made with its parents', () => {
  const path = `/${runtime.tag}-parent/middle/leaf`;
  const id = runtime.running({ linux: { cgroupsPath: path } });
  for (const found of pathsOf(runtime.state(id).pid)) assert.is(found, path);
  runtime.ok(['delete', '--force', id]);
  assert.equal(cgroupsOf(`${runtime.tag}-parent/middle/leaf`), []);
});

test('a relative cgroupsPath leads to the same place each time', () => {
  const path = `${runtime.tag}-relative/leaf`;
  const found = [0, 1].map(() => {
    const id = runtime.running({ linux: { cgroupsPath: path } });
    const paths = pathsOf(runtime.state(id).pid);
    runtime.ok(['delete', '--force', id]);
    return paths;
  });
  assert.equal(found[0], found[1]);
  for (const each of found[0] ?? []) assert.ok(each.endsWith(path));
});

test('without cgroupsPath each container has a cgroup of its own in each hierarchy', () => {
  const ids = [runtime.running(), runtime.running()];
  const [first = [], second = []] = ids.map((id) => pathsOf(runtime.state(id).pid));
  first.forEach((path, index) => {
    assert.match(path, ids[0] ?? '');
    assert.is.not(path, second[index]);
  });
  for (const id of ids) runtime.remove(id);
});

test('the container is in its cgroup from create on, and all its processes stay there', () => {
  const path = `/${runtime.tag}-all`;
  const bundle = runtime.bundle({
    process: { args: ['sh', '-c', 'sleep 60 & sleep 60 & wait'] },
    linux: { cgroupsPath: path },
  });
  const id = runtime.create(bundle);
  const { pid } = runtime.state(id);
  for (const found of pathsOf(pid)) assert.is(found, path);
  runtime.ok(['start', id]);
  const procs = procsOf(path);
  assert.ok(waitUntil(() => readText(procs).trim().split('\n').length === 3));
  runtime.remove(id);
});

test('the runtime itself is not in the cgroup of the container', () => {
  const path = `/${runtime.tag}-alone`;
  const id = runtime.create(runtime.bundle({ ...sleeper, linux: { cgroupsPath: path } }));
  for (const directory of cgroupsOf(path)) {
    assert.is(readText(join(directory, 'cgroup.procs')).trim(), String(runtime.state(id).pid));
  }
  runtime.remove(id);
});

test('the cgroups are removed by delete, and not before', () => {
  const path = `/${runtime.tag}-removed`;
  const id = runtime.running({ linux: { cgroupsPath: path } });
  runtime.ok(['kill', id, 'KILL']);
  runtime.waitFor(id, 'stopped');
  assert.ok(cgroupsOf(path).length > 0);
  runtime.ok(['delete', id]);
  assert.equal(cgroupsOf(path), []);
});

test('cgroups that the container made below its own are removed too', () => {
  const path = `/${runtime.tag}-children`;
  const id = runtime.running({ linux: { cgroupsPath: path } });
  for (const directory of cgroupsOf(path)) Bun.spawnSync(['mkdir', '-p', join(directory, 'a/b')]);
  runtime.remove(id);
  assert.equal(cgroupsOf(path), []);
});

test('a cgroup that was there before is joined', () => {
  const path = `/${runtime.tag}-before`;
  for (const place of placesOf(path)) Bun.spawnSync(['mkdir', place]);
  const id = runtime.running({ linux: { cgroupsPath: path } });
  for (const found of pathsOf(runtime.state(id).pid)) assert.is(found, path);
  runtime.remove(id);
});

test('a process that survives in the cgroup is ended by delete --force', () => {
  const path = `/${runtime.tag}-survivor`;
  const namespaces = [{ type: 'mount' as const }];
  const id = runtime.running({
    hostname: undefined,
    process: { args: ['sh', '-c', 'setsid sleep 66 & sleep 60'] },
    linux: { cgroupsPath: path, namespaces },
  });
  const procs = (): string[] => readText(procsOf(path)).trim().split('\n');
  assert.ok(waitUntil(() => procs().length >= 2));
  const survivors = procs();
  runtime.remove(id);
  for (const pid of survivors) assert.ok(waitUntil(() => !existsSync(`/proc/${pid}/exe`)));
  assert.equal(cgroupsOf(path), []);
});

for (const namespaces of [['mount'], ['pid', 'mount']] as const) {
  testUnless(
    isRunts ? undefined : 'runc signals everything in there',
    test,
    `others in a joined cgroup survive kill --all and delete --force of a container with ${namespaces.join(' and ')} namespace`,
    () => {
      const path = `/${runtime.tag}-shared`;
      for (const place of placesOf(path)) Bun.spawnSync(['mkdir', place]);
      const foreign = Bun.spawn(['sh', '-c', `echo 0 >${procsOf(path)}; exec sleep 60`]);
      const procs = () => readText(procsOf(path)).split('\n').filter(Boolean);
      assert.ok(waitUntil(() => procs().length === 1));
      for (const end of [(id: string) => runtime.ok(['kill', '--all', id, 'KILL']), () => undefined]) {
        const bundle = runtime.bundle({
          ...withNamespaces(...namespaces),
          process: { args: ['sh', '-c', 'sleep 71 & sleep 60'] },
        });
        writeConfig(bundle.directory, { ...bundle.config, linux: { ...bundle.config.linux, cgroupsPath: path } });
        const id = runtime.create(bundle);
        runtime.ok(['start', id]);
        assert.ok(waitUntil(() => procs().length === 3));
        end(id);
        runtime.remove(id);
        assert.ok(waitUntil(() => procs().length === 1));
      }
      assert.equal(procs(), [String(foreign.pid)]);
      foreign.kill('SIGKILL');
    },
  );
}

for (const path of ['/', '//', '/.']) {
  test(`the cgroupsPath ${path} is refused: it is the whole host`, () => {
    const before = snapshot(runtime);
    const bundle = runtime.bundle({ linux: { cgroupsPath: path } });
    const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
    if (isRunts) assert.match(line, `/linux/cgroupsPath: "${path}" must not lead to the root`);
    assert.equal(leftovers(before), []);
  });
}

for (const [path, outside] of [
  ['/../TAG', '/sys/fs/cgroup/TAG'],
  ['../../TAG', '/sys/fs/TAG'],
  ['/a/../../../../../tmp/TAG', '/tmp/TAG'],
] as const) {
  test(`the cgroupsPath ${path} does not lead out of the hierarchy`, () => {
    const name = `${runtime.tag}-outside`;
    const bundle = runtime.bundle({ ...sleeper, linux: { cgroupsPath: path.replace('TAG', name) } });
    const id = runtime.id();
    const { exit } = runtime.command(['create', '--bundle', bundle.directory, id]);
    if (exit === 0) for (const found of pathsOf(runtime.state(id).pid)) assert.not.match(found, /\.\./);
    assert.not(existsSync(outside.replace('TAG', name)));
    runtime.command(['delete', '--force', id]);
  });
}

// As in a container whose root is the host's: mountinfo shows the host's hierarchies still.
testUnless(
  versionOf('devices') === 1 ? undefined : 'the host has no cgroup v1',
  test,
  'hidden hierarchies do not count',
  () => {
    const cover = [
      'mount -t tmpfs none /sys/fs/cgroup',
      'mkdir /sys/fs/cgroup/devices',
      'mount -t cgroup -o devices none /sys/fs/cgroup/devices',
    ];
    const wrapper = ['unshare', '--mount', 'sh', '-ec', `${cover.join('; ')}; exec "$@"`, 'sh'];
    const lines = runtime.inside('cat /proc/self/cgroup', {}, { wrapper }).split('\n');
    const ours = lines.filter((line) => line.includes(runtime.tag)).map((line) => line.split(':')[1]);
    assert.equal(ours, ['devices']);
  },
);

test.run();
