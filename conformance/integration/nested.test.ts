// A container in a container: the inner runtime sees a part of each hierarchy, and works in there.
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Changes, withMounts } from '../bundle.ts';
import { repository, runtimePath } from '../runtime.ts';
import { versionOf } from './cgroup-files.ts';
import { parseStatus, readText } from './host.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('nested');

// All that this process may: the inner runtime needs as much as the outer one.
const mask = BigInt(`0x${parseStatus(readText('/proc/self/status')).get('CapBnd') ?? '0'}`);
const NAMES =
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE ' +
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE';
const capabilities = NAMES.split(' ')
  .filter((_, bit) => (mask & (1n << BigInt(bit))) !== 0n)
  .map((name) => `CAP_${name}`);

// v1 shows the container's own cgroup; v2 all, and /proc/self/cgroup says where in there.
const LOOK =
  'cat /proc/self/cgroup; own=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup); ' +
  'echo limit $(cat /sys/fs/cgroup/pids/pids.max $own/pids.max 2>/dev/null)';
const inner = runtime.bundle({ process: { args: ['sh', '-c', LOOK] } });
const limited = runtime.bundle({ ...inner.config, linux: { resources: { pids: { limit: 33 } } } });

const bind = (path: string) => ({ destination: path, type: 'bind', source: path, options: ['rbind', 'rw'] });
const folders = ['/usr', '/lib', '/lib64', '/bin', repository, runtime.folder];

function privileged(namespaces: 'with' | 'without'): Changes {
  const types = [
    'pid',
    'network',
    'ipc',
    'uts',
    'mount',
    ...(namespaces === 'with' ? (['cgroup'] as const) : []),
  ] as const;
  const cgroup = { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['rw'] };
  const others = withMounts().filter(({ destination }) => destination !== '/sys/fs/cgroup');
  return {
    process: {
      noNewPrivileges: false,
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    },
    mounts: [...others, cgroup, ...folders.map(bind)],
    linux: {
      namespaces: types.map((type) => ({ type })),
      resources: { devices: [{ allow: true, access: 'rwm' }] },
      maskedPaths: [],
      readonlyPaths: [],
    },
  };
}

const run = (directory: string): string =>
  `${runtimePath} --root /tmp/state run --bundle ${directory} ${runtime.tag}-inner 2>&1`;

for (const namespaces of ['with', 'without'] as const) {
  test(`a runtime in a container ${namespaces} a cgroup namespace runs a plain one, and leaves nothing`, () => {
    const script = `${run(inner.directory)}; echo exit $?; find /sys/fs/cgroup -name '*-inner'`;
    const lines = runtime.inside(script, privileged(namespaces)).trim().split('\n');
    assert.ok(
      lines.some((line) => line.endsWith(`/${runtime.tag}-inner`)),
      lines.join('\n'),
    );
    assert.is(lines.at(-1), 'exit 0');
  });
}

// cgroup v2 has no controllers below a cgroup with processes: they have to make room first, as Docker in Docker does.
const MAKE_ROOM =
  'if [ -e /sys/fs/cgroup/cgroup.procs ]; then mkdir /sys/fs/cgroup/init; ' +
  'for p in $(cat /sys/fs/cgroup/cgroup.procs); do echo $p >/sys/fs/cgroup/init/cgroup.procs 2>/dev/null; done; fi; ';

test('the inner container can have limits', () => {
  const out = runtime.inside(`${MAKE_ROOM}${run(limited.directory)}; echo exit $?`, privileged('with'));
  assert.match(out, /^limit 33\nexit 0\n$/m);
});

testUnless(
  versionOf('pids') === 2 ? undefined : 'cgroup v1 allows processes beside children',
  test,
  'where processes are in the way, that is said',
  () => {
    const out = runtime.inside(`${run(limited.directory)}; echo exit $?`, privileged('with'));
    assert.match(
      out,
      /the controller pids cannot be enabled: .*: EBUSY — that cgroup has processes of its own: move them/,
    );
    assert.match(out, /exit 1\n$/);
  },
);

// On cgroup v2 a container with the host's cgroup namespace sees all of the hierarchy.
test('what the inner container gets stays within the outer one', () => {
  const cgroupsPath = join('/', `${runtime.tag}-outer`);
  const isV2 = versionOf('pids') === 2;
  const changes = privileged(isV2 ? 'with' : 'without');
  const out = runtime.inside(`${run(inner.directory)}`, { ...changes, linux: { ...changes.linux, cgroupsPath } });
  const paths = out.split('\n').flatMap((line) => /^\d+:(?!name=)[\w,]*:(\/.*)$/.exec(line)?.[1] ?? []);
  assert.ok(paths.length > 0, out);
  for (const path of paths.filter((one) => one.includes('-inner'))) {
    assert.ok(isV2 ? !path.startsWith('/..') : path.startsWith(cgroupsPath), path);
  }
});

test.run();
