// Containers with more mounts, paths and devices than the runtime may have open files.
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Mount } from '../../src/bundle/config.ts';
import { type Bundle, type Changes, withMounts } from '../bundle.ts';
import { isRunts } from '../runtime.ts';
import { giveAway, inUser } from '../user-namespace.ts';
import { parseMountinfo } from './host.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('many-mounts');

const wrapper = ['prlimit', '--nofile=1024:1024'];
const numbers = Array.from({ length: 700 }, (_, number) => number);

/** Runs `cat /proc/self/mountinfo` with that limit: how many of the mount points are below /many. */
function mountsBelowMany(changes: Changes, prepare: (bundle: Bundle) => void = () => {}): number {
  const bundle = runtime.bundle({ ...changes, process: { args: ['cat', '/proc/self/mountinfo'] } });
  prepare(bundle);
  const output = runtime.ok(['run', '--bundle', bundle.directory, runtime.id()], { wrapper });
  return parseMountinfo(output).filter(({ target }) => target.startsWith('/many/')).length;
}

const source = join(runtime.folder, 'source');
mkdirSync(source);
const bind = (number: number): Mount => ({ destination: `/many/${number}`, source, options: ['rbind', 'ro'] });
const tmpfs = (number: number): Mount => ({ destination: `/many/${number}`, type: 'tmpfs', source: 'tmpfs' });

test('700 bind mounts work with 1024 open files', () => {
  assert.is(mountsBelowMany({ mounts: withMounts(...numbers.map(bind)) }), 700);
});

test('700 bind mounts in a user namespace do', () => {
  chmodSync(runtime.folder, 0o711);
  const changes = { linux: inUser(), mounts: withMounts(...numbers.map(bind)) };
  assert.is(mountsBelowMany(changes, giveAway), 700);
});

test('700 file systems do', () => {
  assert.is(mountsBelowMany({ mounts: withMounts(...numbers.map(tmpfs)) }), 700);
});

test('700 masked and read-only paths do', () => {
  const paths = numbers.map((number) => `/many/${number}`);
  const linux = { maskedPaths: paths.slice(0, 350), readonlyPaths: paths.slice(350) };
  const made = mountsBelowMany({ linux }, ({ rootfs }) => {
    mkdirSync(join(rootfs, 'many'));
    for (const [index, path] of paths.entries()) {
      if (index % 2 === 0) mkdirSync(join(rootfs, path));
      else writeFileSync(join(rootfs, path), '');
    }
  });
  assert.is(made, 700);
});

test('1100 folders with devices do', () => {
  const folders = [...numbers, ...numbers.slice(0, 400).map((number) => 700 + number)];
  const devices = folders.map((number) => ({ path: `/dev/${number}/fifo`, type: 'p' as const }));
  const bundle = runtime.bundle({ linux: { devices }, process: { args: ['sh', '-c', 'ls -d /dev/*/fifo | wc -l'] } });
  assert.is(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()], { wrapper }), '1100\n');
});

// One loop of the container's program has 4095 rows.
const many = Array.from({ length: 4200 }, (_, number) => number);

test('4200 masked paths do, and an error names the right one', () => {
  const paths = many.map((number) => `/many/${number}`);
  const args = ['sh', '-c', 'find /many -type f | wc -l; find /many -type c | wc -l'];
  const bundle = runtime.bundle({ linux: { maskedPaths: paths }, process: { args } });
  mkdirSync(join(bundle.rootfs, 'many'));
  for (const [index, path] of paths.entries()) {
    const place = join(bundle.rootfs, path);
    if (index % 3 === 0) mkdirSync(place);
    if (index % 3 !== 2) writeFileSync(index % 3 === 0 ? join(place, 'secret') : place, 'secret');
  }
  assert.is(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]), '0\n1400\n');
  rmSync(join(bundle.rootfs, 'many/4150'), { force: true });
  symlinkSync('4150', join(bundle.rootfs, 'many/4150'));
  const line = runtime.fails(['run', '--bundle', bundle.directory, runtime.id()]);
  if (isRunts) assert.match(line, '/linux/maskedPaths/4150 (/many/4150): openat2 /many/4150 ELOOP');
});

test('4200 devices do, each with its own number and owner', () => {
  const devices = many.map((number) => {
    return { path: `/dev/many/${number}`, type: 'c' as const, major: 1, minor: number, uid: number + 1, gid: 7 };
  });
  const args = ['sh', '-c', "find /dev/many -exec stat -c '%n %T %u %g' {} + | sort"];
  const bundle = runtime.bundle({ linux: { devices }, process: { args } });
  const lines = runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]).trimEnd().split('\n');
  const expected = devices.map(({ path, minor, uid, gid }) => `${path} ${minor.toString(16)} ${uid} ${gid}`);
  assert.equal(lines.slice(1), expected.sort());
});

test.run();
