// Each standard mount option (config.md, "Linux mount options"), read back from mountinfo inside the container.
import * as assert from 'uvu/assert';
import { withMounts } from '../bundle.ts';
import { type MountLine, parseMountinfo } from './host.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('mount-options');

/** What mountinfo shows for a tmpfs with these options. */
function mountWith(options: string[]): MountLine {
  const mounts = withMounts({ destination: '/m', type: 'tmpfs', source: 'tmpfs', options });
  const found = parseMountinfo(runtime.inside('cat /proc/self/mountinfo', { mounts })).find(
    ({ target }) => target === '/m',
  );
  if (found === undefined) throw new Error('/m is not mounted');
  return found;
}

// Flags of the mount, in the kernel's order. mount(8): without an access time option, relatime is in force.
const MOUNT_FLAGS: [options: string[], shown: string[]][] = [
  [[], ['rw', 'relatime']],
  [['defaults'], ['rw', 'relatime']],
  [['rw'], ['rw', 'relatime']],
  [['ro'], ['ro', 'relatime']],
  [['nosuid'], ['rw', 'nosuid', 'relatime']],
  [['suid'], ['rw', 'relatime']],
  [['nodev'], ['rw', 'nodev', 'relatime']],
  [['dev'], ['rw', 'relatime']],
  [['noexec'], ['rw', 'noexec', 'relatime']],
  [['exec'], ['rw', 'relatime']],
  [['noatime'], ['rw', 'noatime']],
  [['atime'], ['rw', 'relatime']],
  [['nodiratime'], ['rw', 'nodiratime', 'relatime']],
  [['diratime'], ['rw', 'relatime']],
  [['relatime'], ['rw', 'relatime']],
  [['norelatime'], ['rw', 'relatime']],
  [['strictatime'], ['rw']],
  [['nostrictatime'], ['rw', 'relatime']],
  [['nosymfollow'], ['rw', 'relatime', 'nosymfollow']],
  [['symfollow'], ['rw', 'relatime']],
  [['async'], ['rw', 'relatime']],
  [['nomand'], ['rw', 'relatime']],
  [['noiversion'], ['rw', 'relatime']],
  [['iversion'], ['rw', 'relatime']],
  [['nolazytime'], ['rw', 'relatime']],
  [['silent'], ['rw', 'relatime']],
  [['loud'], ['rw', 'relatime']],
  [['mand'], ['rw', 'relatime']],
  [
    ['ro', 'nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime'],
    ['ro', 'nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime'],
  ],
];

for (const [options, shown] of MOUNT_FLAGS) {
  test(`options ${JSON.stringify(options)} are shown as ${shown}`, () => {
    assert.equal(mountWith(options).options.toSorted(), shown.toSorted());
  });
}

for (const option of ['sync', 'dirsync', 'lazytime']) {
  test(`option ${option} is a flag of the file system`, () => {
    assert.ok(mountWith([option]).superOptions.includes(option));
  });
}

for (const [first, second] of [
  ['ro', 'rw'],
  ['nosuid', 'suid'],
  ['nodev', 'dev'],
  ['noexec', 'exec'],
  ['sync', 'async'],
  ['nodiratime', 'diratime'],
  ['lazytime', 'nolazytime'],
  ['nosymfollow', 'symfollow'],
] as const) {
  test(`of "${first}" and "${second}" the later one wins`, () => {
    const { options, superOptions } = mountWith([first, second]);
    assert.not([...options, ...superOptions].includes(first));
    const reversed = mountWith([second, first]);
    assert.ok([...reversed.options, ...reversed.superOptions].includes(first));
  });
}

test('ro keeps the container from writing, with EROFS', () => {
  const mounts = withMounts({ destination: '/m', type: 'tmpfs', source: 'tmpfs', options: ['ro'] });
  assert.match(runtime.inside('touch /m/x 2>&1 || true', { mounts }), /Read-only file system/);
});

test('remount changes a mount that is there', () => {
  const tmpfs = { destination: '/m', type: 'tmpfs', source: 'tmpfs' };
  const mounts = withMounts({ ...tmpfs, options: ['size=1m'] }, { ...tmpfs, options: ['remount', 'ro', 'size=2m'] });
  const lines = parseMountinfo(runtime.inside('cat /proc/self/mountinfo', { mounts }));
  const found = lines.filter(({ target }) => target === '/m');
  assert.is(found.length, 1);
  assert.is(found[0]?.options[0], 'ro');
  assert.ok(found[0]?.superOptions.includes('size=2048k'));
});

const PROPAGATION: [option: string, shown: RegExp | undefined][] = [
  ['shared', /^shared:/],
  ['rshared', /^shared:/],
  ['private', undefined],
  ['rprivate', undefined],
  ['slave', undefined],
  ['rslave', undefined],
  ['unbindable', /^unbindable$/],
  ['runbindable', /^unbindable$/],
];
for (const [option, shown] of PROPAGATION) {
  test(`propagation ${option} of a new mount is shown as ${shown?.source ?? 'nothing'}`, () => {
    const { propagation } = mountWith([option]);
    if (shown === undefined) assert.equal(propagation, []);
    else assert.match(propagation.join(' '), shown);
  });
}

test.run();
