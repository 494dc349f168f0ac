// Whatever fails leaves nothing behind and says why in one line; --log and --log-format.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Changes } from '../bundle.ts';
import { withMounts } from '../bundle.ts';
import { isRunts } from '../runtime.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('errors');

interface Failure {
  what: string;
  changes: Changes;
  /** What the line holds: path or value, and the errno's name (runc prints its text instead). */
  shown: RegExp[];
}

const tmpfs = { destination: '/m', type: 'tmpfs', source: 'tmpfs' };
const FAILURES: Failure[] = [
  { what: 'a missing rootfs', changes: { root: { path: 'nowhere' } }, shown: [/nowhere/, /ENOENT/] },
  {
    what: 'a missing bind source',
    changes: { mounts: withMounts({ destination: '/m', source: '/no/source', options: ['bind'] }) },
    shown: [/\/no\/source/, /ENOENT/, /\/mounts\/7/],
  },
  {
    what: 'a bad data option',
    changes: { mounts: withMounts({ ...tmpfs, options: ['size=64q'] }) },
    shown: [/size=64q/, /EINVAL/, /\/mounts\/7/],
  },
  {
    what: 'an unknown file system',
    changes: { mounts: withMounts({ ...tmpfs, type: 'nofs' }) },
    shown: [/nofs/, /ENODEV/, /\/mounts\/7/],
  },
  {
    what: 'a mount below a file',
    changes: { mounts: withMounts({ ...tmpfs, destination: '/etc/passwd/m' }) },
    shown: [/\/etc\/passwd/, /ENOTDIR/, /\/mounts\/7/],
  },
  {
    what: 'a path to mask below a file',
    changes: { linux: { maskedPaths: ['/proc/kcore', '/nope', '/etc/passwd/x', '/proc/keys'] } },
    shown: [/\/linux\/maskedPaths\/2 \(\/etc\/passwd\/x\): openat2 \/etc\/passwd\/x ENOTDIR/],
  },
  {
    what: 'a read-only path below a file',
    changes: { linux: { readonlyPaths: ['/', '/proc/bus', '/etc/passwd/x'] } },
    shown: [/\/linux\/readonlyPaths\/2 \(\/etc\/passwd\/x\): openat2 \/etc\/passwd\/x ENOTDIR/],
  },
  {
    what: 'a device whose name is too long',
    changes: {
      linux: {
        devices: [
          { path: '/dev/one', type: 'c', major: 10, minor: 229 },
          { path: `/dev/${'ö'.repeat(130)}`, type: 'c', major: 10, minor: 230 },
        ],
      },
    },
    shown: [/\/linux\/devices\/1 \(\/dev\/ö+\): mknodat \/dev\/ö+ ENAMETOOLONG/],
  },
  {
    what: 'a namespace of the wrong kind',
    changes: { linux: { namespaces: [{ type: 'mount' }, { type: 'uts', path: `/proc/${process.pid}/ns/net` }] } },
    shown: [new RegExp(`/proc/${process.pid}/ns/net`), /uts/],
  },
  {
    what: 'a missing namespace',
    changes: { linux: { namespaces: [{ type: 'mount' }, { type: 'uts', path: '/no/such/ns' }] } },
    shown: [/\/no\/such\/ns/, /ENOENT/],
  },
  { what: 'a sysctl of the host', changes: { linux: { sysctl: { 'vm.swappiness': '1' } } }, shown: [/vm\.swappiness/] },
  {
    what: 'a value that a sysctl refuses',
    changes: { linux: { sysctl: { 'net.ipv4.ip_forward': 'x' } } },
    shown: [/net.ipv4.ip_forward/, /EINVAL/],
  },
  {
    what: 'a cwd that is a file',
    changes: { process: { cwd: '/etc/passwd' } },
    shown: [/\/etc\/passwd/, /ENOTDIR|EEXIST/],
  },
  {
    what: 'a failing hook',
    changes: { hooks: { createRuntime: [{ path: '/bin/false' }] } },
    shown: [/createRuntime/, /\/bin\/false/],
  },
  {
    what: 'a failing hook in the container',
    changes: { hooks: { createContainer: [{ path: '/bin/false' }] } },
    shown: [/createContainer/, /\/bin\/false/],
  },
  {
    what: 'a device rule that the kernel does not know',
    changes: { linux: { resources: { devices: [{ allow: true, type: 'c', access: 'xyz' }] } } },
    shown: [/xyz/],
  },
  {
    what: 'an unknown rlimit',
    changes: { process: { rlimits: [{ type: 'RLIMIT_X', soft: 1, hard: 1 }] } },
    shown: [/RLIMIT_X/],
  },
  {
    what: 'a hard limit above that of the caller',
    changes: { process: { rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1, hard: 18446744073709551615n }] } },
    shown: [/RLIMIT_NOFILE/, /EPERM/],
  },
];

for (const command of ['create', 'run']) {
  for (const { what, changes, shown } of FAILURES) {
    test(`${command} with ${what} leaves nothing behind and says why in one line`, () => {
      const bundle = runtime.bundle({ ...changes, ...(changes.linux?.namespaces && { hostname: undefined }) });
      const before = snapshot(runtime);
      const line = runtime.fails([command, '--bundle', bundle.directory, runtime.id()]);
      assert.equal(leftovers(before), []);
      if (isRunts) for (const part of shown) assert.match(line, part);
    });
  }
}

test('a pid file that cannot be written makes create fail and leaves nothing behind', () => {
  const before = snapshot(runtime);
  const { directory } = runtime.bundle();
  const line = runtime.fails(['create', '--bundle', directory, '--pid-file', '/no/such/folder/pid', runtime.id()]);
  assert.match(line, /\/no\/such\/folder/);
  assert.equal(leftovers(before), []);
});

test('a failing create does not remove the pid file of somebody else or the bundle', () => {
  const bundle = runtime.bundle({ linux: { sysctl: { 'vm.swappiness': '1' } } });
  const pidFile = join(runtime.folder, 'foreign.pid');
  writeFileSync(pidFile, '1');
  runtime.fails(['create', '--bundle', bundle.directory, '--pid-file', pidFile, runtime.id()]);
  assert.is(readFileSync(pidFile, 'utf8'), '1');
  assert.ok(existsSync(join(bundle.rootfs, 'bin/sh')));
});

test('after a failing create the same id can be used', () => {
  const id = runtime.id();
  const bad = runtime.bundle({ linux: { sysctl: { 'net.ipv4.ip_forward': 'x' } } });
  runtime.fails(['create', '--bundle', bad.directory, id]);
  runtime.ok(['create', '--bundle', runtime.bundle().directory, id]);
  runtime.remove(id);
});

test('a state root that cannot be made is an error that names it', () => {
  const file = join(runtime.folder, 'file');
  writeFileSync(file, '');
  const { directory } = runtime.bundle();
  const line = runtime.fails(['create', '--bundle', directory, runtime.id()], { globals: ['--root', `${file}/root`] });
  assert.match(line, file);
});

/** The log lines of a failing create. */
function logOf(format: string[]): string[] {
  const log = join(runtime.folder, `log-${format.length}-${runtime.id()}`);
  const { directory } = runtime.bundle({ root: { path: 'nowhere' } });
  const { exit } = runtime.command(['create', '--bundle', directory, runtime.id()], {
    globals: ['--log', log, ...format],
  });
  assert.is.not(exit, 0);
  return readFileSync(log, 'utf8').trimEnd().split('\n');
}

test('--log with --log-format json holds level, msg and time of the error', () => {
  const entry: { level: string; msg: string; time: string } = JSON.parse(logOf(['--log-format', 'json']).at(-1) ?? '');
  assert.is(entry.level, 'error');
  assert.match(entry.msg, /nowhere/);
  assert.match(entry.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
});

test('--log with the text format holds the same', () => {
  assert.match(logOf([]).at(-1) ?? '', /^time="?\S+ level=error msg=".*nowhere.*"$/);
});

test('with --log the error is also on standard error', () => {
  const log = join(runtime.folder, 'both.log');
  const { directory } = runtime.bundle({ root: { path: 'nowhere' } });
  const { stderr } = runtime.command(['create', '--bundle', directory, runtime.id()], { globals: ['--log', log] });
  assert.match(stderr, /nowhere/);
  assert.match(readFileSync(log, 'utf8'), /nowhere/);
});

test('an existing log is appended to', () => {
  const log = join(runtime.folder, 'append.log');
  writeFileSync(log, 'first\n');
  runtime.command(['state', 'nobody'], { globals: ['--log', log] });
  assert.match(readFileSync(log, 'utf8'), /^first\n.+\n$/);
});

test('a command that succeeds writes nothing on standard error', () => {
  const id = runtime.id();
  const { directory } = runtime.bundle();
  for (const args of [
    ['create', '--bundle', directory, id],
    ['state', id],
    ['start', id],
    ['list'],
    ['delete', '--force', id],
  ]) {
    const { exit, stderr } = runtime.command(args);
    assert.equal([exit, stderr], [0, '']);
  }
});

test('an unknown log format and a log that cannot be opened are errors', () => {
  runtime.fails(['list'], { globals: ['--log-format', 'xml'] });
  mkdirSync(join(runtime.folder, 'log-folder'));
  runtime.fails(['list'], { globals: ['--log', join(runtime.folder, 'log-folder')] });
});

test('output that cannot be written is an error, one that nobody reads is not', () => {
  const to = (redirection: string) => ({ wrapper: ['sh', '-c', `exec "$@" ${redirection}`, 'sh'] });
  if (isRunts) assert.match(runtime.fails(['list'], to('> /dev/full')), 'list: standard output: write ENOSPC');
  const id = runtime.running();
  if (isRunts) assert.match(runtime.fails(['state', id], to('> /dev/full')), ': standard output: write ENOSPC');
  assert.is(runtime.command(['list'], { wrapper: ['sh', '-c', '"$@" | true', 'sh'] }).exit, 0);
});

test.run();
