// Id-mapped mounts: the options idmap and ridmap, mappings of their own and of the container's user namespace.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { IdMapping, Mount } from '../../src/bundle/config.ts';
import { type Changes, withMounts } from '../bundle.ts';
import { isRunts } from '../runtime.ts';
import { giveAway, inUser } from '../user-namespace.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('idmap');
const reason = isRunts ? undefined : 'runc 1.1 has no id-mapped mounts';

const [major = 0, minor = 0] = release().split('.').map(Number);
const hasTmpfs = major > 6 || (major === 6 && minor >= 3);
const noTmpfs = reason ?? (hasTmpfs ? undefined : 'tmpfs can be id-mapped since Linux 6.3');

const ids = (hostID: number, containerID = 0, size = 10): IdMapping[] => [{ containerID, hostID, size }];
const mappings = (uid: IdMapping[], gid = uid) => ({ uidMappings: uid, gidMappings: gid });

// A folder with root's files, and a mount below it.
const source = join(runtime.folder, 'source');
mkdirSync(join(source, 'below'), { recursive: true });
writeFileSync(join(source, 'file'), 'x\n');

const bind = (changes: Partial<Mount>): Mount => ({
  destination: '/m',
  source,
  options: ['rbind', 'idmap'],
  ...changes,
});
const owners = (mount: Mount, changes: Changes = {}, script = "stat -c '%u %g' /m/file"): string =>
  runtime.inside(script, { ...changes, mounts: withMounts(mount) });

testUnless(reason, test, 'files of a mapped mount appear with the mapped ids', () => {
  assert.is(owners(bind(mappings(ids(7), ids(8)))), '7 8\n');
  assert.is(owners(bind({ options: ['bind', 'ro'], ...mappings(ids(7)) })), '7 7\n');
});

testUnless(reason, test, 'ids without a mapping are nobody', () => {
  assert.is(owners(bind(mappings(ids(7, 5)))), '65534 65534\n');
});

testUnless(reason, test, 'what is written is stored with the ids that the mapping comes from', () => {
  const process = { user: { uid: 7, gid: 7 } };
  owners(bind(mappings(ids(7))), { process }, 'echo y > /m/written; stat -c %u /m/written');
  const { uid, gid } = statSync(join(source, 'written'));
  assert.equal([uid, gid], [0, 0]);
});

testUnless(reason, test, 'each mount has its own mappings', () => {
  const mounts = withMounts(bind(mappings(ids(7))), { ...bind(mappings(ids(9))), destination: '/n' });
  assert.is(runtime.inside("stat -c '%u' /m/file /n/file", { mounts }), '7\n9\n');
});

for (const [option, below] of [
  ['idmap', '0'],
  ['ridmap', '7'],
] as const) {
  testUnless(
    option === 'ridmap' ? noTmpfs : reason,
    test,
    `${option} maps ${option === 'idmap' ? 'one mount' : 'all mounts below too'}`,
    () => {
      const place = join(source, 'below');
      Bun.spawnSync(['mount', '-t', 'tmpfs', 'tmpfs', place]);
      try {
        const mount = bind({ options: ['rbind', option], ...mappings(ids(7)) });
        assert.is(owners(mount, {}, 'stat -c %u /m /m/below'), `7\n${below}\n`);
      } finally {
        Bun.spawnSync(['umount', place]);
      }
    },
  );
}

testUnless(noTmpfs, test, 'a new file system is mapped', () => {
  const mount: Mount = { destination: '/m', type: 'tmpfs', source: 'x', options: ['idmap'], ...mappings(ids(7)) };
  assert.is(owners(mount, {}, 'stat -c %u /m'), '7\n');
});

/** What the script prints in a user namespace. */
function inUserNamespace(mount: Mount, script: string): string {
  const bundle = runtime.bundle({
    ...{ linux: inUser(), mounts: withMounts(mount), process: { args: ['sh', '-c', script] } },
  });
  giveAway(bundle);
  return runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]);
}

testUnless(
  reason,
  test,
  "without mappings those of the container's user namespace are taken: root's are root's",
  () => {
    const mount = bind({ destination: '/root' });
    assert.is(inUserNamespace(mount, "stat -c '%u %g' /root/file; echo y > /root/inside"), '0 0\n');
    assert.is(statSync(join(source, 'inside')).uid, 0);
  },
);

testUnless(reason, test, 'mappings of its own are taken in a user namespace as well', () => {
  const mount = bind({ destination: '/root', options: ['rbind', 'ridmap'], ...mappings(ids(100_042)) });
  assert.is(inUserNamespace(mount, "stat -c '%u %g' /root/file"), '42 42\n');
});

testUnless(reason, test, 'a joined user namespace gives its mappings', () => {
  const first = runtime.bundle({ linux: inUser(), process: { args: ['sleep', '60'] } });
  giveAway(first);
  const id = runtime.create(first);
  const path = `/proc/${runtime.state(id).pid}/ns/user`;
  const second = runtime.bundle({
    hostname: undefined,
    mounts: [
      { destination: '/proc', type: 'proc' },
      { destination: '/dev', type: 'tmpfs' },
      { ...bind({ destination: '/root' }) },
    ],
    linux: {
      namespaces: [{ type: 'user', path }, { type: 'mount' }, { type: 'pid' }],
      ...{ maskedPaths: [], readonlyPaths: [] },
    },
    process: { args: ['stat', '-c', '%u', '/root/file'] },
  });
  giveAway(second);
  assert.is(runtime.ok(['run', '--bundle', second.directory, runtime.id()]), '0\n');
});

const failing: [name: string, mount: Mount, line: RegExp, linux?: Changes['linux']][] = [
  ['without mappings and without a user namespace', bind({}), /\/mounts\/7\/options\/1: "idmap" needs uidMappings/],
  ['with uidMappings alone', bind({ uidMappings: ids(7) }), /\/mounts\/7\/gidMappings/],
  [
    'of a file system that cannot be mapped',
    bind({ source: '/proc', ...mappings(ids(7)) }),
    /mount \/mounts\/7 .*mount_setattr MOUNT_ATTR_IDMAP \/proc EINVAL — .*can't be id-mapped/,
  ],
  [
    'of a new file system in a user namespace',
    { destination: '/m', type: 'tmpfs', source: 'x', options: ['idmap'] },
    /\/mounts\/7: can't be id-mapped/,
    inUser(),
  ],
];
for (const [name, mount, line, linux = {}] of failing) {
  testUnless(reason, test, `an id-mapped mount ${name} is an error that names it, and leaves nothing`, () => {
    const before = snapshot(runtime);
    const bundle = runtime.bundle({ mounts: withMounts(mount), linux });
    assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), line);
    assert.equal(leftovers(before), []);
  });
}

test.run();
