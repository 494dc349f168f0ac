// config.md, "POSIX-platform Hooks": order, namespaces, state on standard input, environment.
import { chmodSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { HOOK_KINDS, type HookKind, type Hooks } from '../../src/bundle/config.ts';
import { type Bundle, type Changes, withMounts, writeConfig } from '../bundle.ts';
import { isRunts, waitUntil } from '../runtime.ts';
import { UP } from './attack.ts';
import { HookScripts } from './hook-scripts.ts';
import { readText } from './host.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('hooks');
const annotations = { 'org.example.hook': 'yes' };

function bundleWith(scripts: HookScripts, hooks: Hooks, args = ['sleep', '60']): Bundle {
  return runtime.bundle({ process: { args }, mounts: withMounts(scripts.mount), annotations, hooks });
}

/** One hook of each kind, called as the kind. */
function oneOfEach(scripts: HookScripts): Hooks {
  return Object.fromEntries(HOOK_KINDS.map((kind) => [kind, [scripts.hook(kind)]]));
}

test('the hooks run in the order of the lifecycle, each list in its own order', () => {
  const scripts = new HookScripts(runtime);
  const twice = HOOK_KINDS.map((kind) => [kind, [scripts.hook(`${kind}1`), scripts.hook(`${kind}2`)]]);
  const bundle = bundleWith(scripts, Object.fromEntries(twice), [
    'sh',
    '-c',
    `echo program >> ${scripts.folder}/order; sleep 60`,
  ]);
  const id = runtime.create(bundle);
  const both = (...kinds: HookKind[]): string[] => kinds.flatMap((kind) => [`${kind}1`, `${kind}2`]);
  const created = both('prestart', 'createRuntime', 'createContainer');
  assert.equal(scripts.order(), created);
  runtime.ok(['start', id]);
  assert.ok(waitUntil(() => scripts.order().includes('program')));
  const started = scripts.order().filter((name) => name !== 'program');
  assert.equal(started, [...created, ...both('startContainer', 'poststart')]);
  runtime.ok(['kill', id, 'KILL']);
  runtime.waitFor(id, 'stopped');
  runtime.ok(['delete', id]);
  const order = scripts.order();
  assert.equal(order.slice(-2), both('poststop'));
  assert.ok(order.indexOf('program') > order.indexOf('startContainer2'));
});

test('poststart hooks come after what the program does first', () => {
  const scripts = new HookScripts(runtime);
  const busy = `i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); done; echo program >> ${scripts.folder}/order; sleep 60`;
  const id = runtime.create(bundleWith(scripts, { poststart: [scripts.hook('poststart')] }, ['sh', '-c', busy]));
  runtime.ok(['start', id]);
  assert.equal(scripts.order(), ['program', 'poststart']);
});

test('a program that never waits does not hold its poststart hooks up', () => {
  const scripts = new HookScripts(runtime);
  const endless = ['sh', '-c', 'while :; do :; done'];
  const id = runtime.create(bundleWith(scripts, { poststart: [scripts.hook('poststart')] }, endless));
  runtime.ok(['start', id]);
  assert.equal(scripts.order(), ['poststart']);
});

test('a foreground run runs all hooks', () => {
  const scripts = new HookScripts(runtime);
  runtime.ok(['run', '--bundle', bundleWith(scripts, oneOfEach(scripts), ['true']).directory, runtime.id()]);
  assert.equal(scripts.order(), [...HOOK_KINDS]);
});

test('hooks run in the namespaces that the specification names', () => {
  const scripts = new HookScripts(runtime);
  const id = runtime.create(bundleWith(scripts, oneOfEach(scripts)));
  const { pid } = runtime.state(id);
  const namespaces = (process: number | 'self', types: string[]): Record<string, string> =>
    Object.fromEntries(types.map((type) => [type, readlinkSync(`/proc/${process}/ns/${type}`)]));
  const types = ['mnt', 'net', 'pid', 'uts', 'ipc'];
  const inContainer = namespaces(pid, types);
  const onHost = namespaces('self', types);
  runtime.ok(['start', id]);
  runtime.remove(id);
  for (const kind of ['prestart', 'createRuntime', 'poststart', 'poststop']) {
    assert.equal(scripts.ran(kind).namespaces, onHost, kind);
  }
  for (const kind of ['createContainer', 'startContainer'])
    assert.equal(scripts.ran(kind).namespaces, inContainer, kind);
});

test('each hook gets the state of the container on its standard input', () => {
  const scripts = new HookScripts(runtime);
  const bundle = bundleWith(scripts, oneOfEach(scripts));
  const id = runtime.create(bundle);
  const { pid } = runtime.state(id);
  runtime.ok(['start', id]);
  runtime.remove(id);
  const statuses: Record<HookKind, string> = {
    prestart: 'created',
    createRuntime: 'created',
    createContainer: 'created',
    startContainer: 'created',
    poststart: 'running',
    poststop: 'stopped',
  };
  for (const kind of HOOK_KINDS) {
    const { state } = scripts.ran(kind);
    assert.match(state.ociVersion, /^1\./);
    assert.equal([state.id, state.bundle, state.annotations], [id, bundle.directory, annotations], kind);
    assert.is(state.status, statuses[kind], kind);
    // runtime.md, "State": the pid as seen by the runtime, or by the container for hooks in its namespaces.
    if (kind === 'poststop') assert.is(state.pid ?? 0, 0);
    else assert.is(state.pid, kind === 'createContainer' || kind === 'startContainer' ? 1 : pid, kind);
  }
});

test('createRuntime hooks can set up the network namespace of the container', () => {
  const scripts = new HookScripts(runtime);
  const script = 'pid=$(sed \'s/.*"pid": *\\([0-9]*\\).*/\\1/\' up.state); nsenter -t $pid -n ip link set lo up';
  const hooks = { createRuntime: [scripts.hook('up', `tr -d "\\n" < up.state > flat; mv flat up.state; ${script}`)] };
  const bundle = bundleWith(scripts, hooks, ['sh', '-c', 'cat /sys/class/net/lo/operstate; ip link show lo']);
  assert.match(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]), /LOOPBACK,UP/);
});

test('createContainer hooks see the mounts of the container before the root is changed', () => {
  const scripts = new HookScripts(runtime);
  const script = 'cat /proc/self/mountinfo > mounts; ls /boot > host-root 2>&1 || true';
  const bundle = bundleWith(scripts, { createContainer: [scripts.hook('look', script)] });
  runtime.remove(runtime.create(bundle));
  assert.match(scripts.read('mounts'), `${bundle.rootfs}/dev/shm `);
});

test('createContainer hooks work where the runtime itself is in a chroot', () => {
  const scripts = new HookScripts(runtime);
  const [chroot, only] = ['chroot', 'only'].map((name) => join(scripts.folder, name)) as [string, string];
  for (const folder of [chroot, only]) mkdirSync(folder);
  const hook = scripts.hook('look', 'cat only/mark');
  const bundle = bundleWith(scripts, { createContainer: [{ ...hook, path: `${only}/hook` }] }, ['true']);
  // Only in the chroot there is something mounted on that folder.
  const script = `mount --make-rprivate / && mount --rbind / ${chroot} && mount -t tmpfs tmpfs ${chroot}${only} &&
    cp ${hook.path} ${chroot}${only}/hook && touch ${chroot}${only}/mark && exec chroot ${chroot} "$@"`;
  const wrapper = ['unshare', '--mount', 'sh', '-c', script, 'sh'];
  runtime.ok(['run', '--bundle', bundle.directory, runtime.id()], { wrapper });
  assert.equal(scripts.order(), ['look']);
});

test('startContainer hooks are programs of the container', () => {
  const scripts = new HookScripts(runtime);
  const hook = { path: '/bin/busybox', args: ['sh', '-c', `/bin/ls / > ${scripts.folder}/root`] };
  const id = runtime.create(bundleWith(scripts, { startContainer: [hook] }));
  runtime.ok(['start', id]);
  assert.not(scripts.read('root').split('\n').includes('boot'));
  runtime.remove(id);
});

// The program is the image's: whoever made that must not get more than the container has.
const LOOK = [
  'grep -E "^(Uid|Gid|Groups|Umask|NoNewPrivs|Cap[A-Z][a-z]+):" /proc/self/status',
  'echo limits $(ulimit -Sn) $(ulimit -Hn)',
  'echo oom $(cat /proc/self/oom_score_adj)',
  'pwd',
].join('; ');
const limitedProcess = {
  user: { uid: 1000, gid: 1001, additionalGids: [7, 8], umask: 0o27 },
  cwd: '/tmp',
  capabilities: {
    bounding: ['CAP_KILL', 'CAP_CHOWN'],
    effective: ['CAP_KILL'],
    permitted: ['CAP_KILL'],
    inheritable: ['CAP_KILL'],
    ambient: ['CAP_KILL'],
  },
  rlimits: [{ type: 'RLIMIT_NOFILE', soft: 66, hard: 77 }],
  noNewPrivileges: true,
  oomScoreAdj: 321,
};
const namespaced: Changes['linux'] = {
  namespaces: (['pid', 'network', 'ipc', 'uts', 'mount', 'user'] as const).map((type) => ({ type })),
  uidMappings: [{ containerID: 0, hostID: 100_000, size: 5000 }],
  gidMappings: [{ containerID: 0, hostID: 200_000, size: 5000 }],
  resources: undefined,
};
for (const [where, linux] of [
  ['', {}],
  [' in a user namespace', namespaced],
] as const) {
  test(`startContainer hooks have the ids, rights, limits and directory of the container process${where}`, () => {
    const scripts = new HookScripts(runtime);
    const args = ['sh', '-c', `(${LOOK}) > ${scripts.folder}/hook`];
    const bundle = runtime.bundle({
      process: { ...limitedProcess, args: ['sh', '-c', `(${LOOK}) > ${scripts.folder}/program`] },
      mounts: withMounts(scripts.mount),
      hooks: { startContainer: [{ path: '/bin/busybox', args, env: ['PATH=/bin'] }] },
      linux,
    });
    chmodSync(scripts.folder, 0o777);
    // So that the root of a user namespace gets to its root file system.
    chmodSync(runtime.folder, 0o711);
    runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]);
    assert.match(scripts.read('hook'), /Uid:\t1000\t1000\t1000\t1000\n/);
    assert.is(scripts.read('hook'), scripts.read('program'));
  });
}

test('createContainer hooks in a user namespace are its root', () => {
  const scripts = new HookScripts(runtime);
  const script = 'id -u; id -G; grep CapEff /proc/self/status; cat /proc/self/uid_map; touch "$ROOTFS/dev/shm/made"';
  chmodSync(scripts.folder, 0o777);
  chmodSync(runtime.folder, 0o711);
  const hook = scripts.hook('look', `(${script}) > look.out 2>&1`);
  const bundle = runtime.bundle({
    process: { args: ['stat', '-c', '%u:%g', '/dev/shm/made'] },
    hooks: { createContainer: [hook] },
    linux: namespaced,
  });
  hook.env = [`ROOTFS=${bundle.rootfs}`];
  writeConfig(bundle.directory, { ...bundle.config, hooks: { createContainer: [hook] } });
  assert.is(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]), '0:0\n');
  assert.match(scripts.read('look.out'), /^0\n0\nCapEff:\t000001f{10}\n +0 +100000 +5000\n$/);
});

// CVE-2024-21626: a link in the image leads over a descriptor that the runtime has open, and from there to the host.
test('a startContainer hook that is a link over /proc/self/fd does not lead to a program of the host', () => {
  const scripts = new HookScripts(runtime);
  const victim = join(scripts.folder, 'victim');
  writeFileSync(victim, `#!/bin/sh\ntouch ${scripts.folder}/reached\n`, { mode: 0o755 });
  const paths = Array.from({ length: 24 }, (_, number) => `/links/${number}`);
  const bundle = runtime.bundle({ hooks: { startContainer: [{ path: '/bin/true' }] }, process: { args: ['true'] } });
  mkdirSync(join(bundle.rootfs, 'links'));
  for (const [number, path] of paths.entries()) {
    symlinkSync(`/proc/self/fd/${number}/${UP}${victim}`, join(bundle.rootfs, path));
  }
  for (const path of paths) {
    writeConfig(bundle.directory, { ...bundle.config, hooks: { startContainer: [{ path }] } });
    const line = runtime.fails(['run', '--bundle', bundle.directory, runtime.id()]);
    if (isRunts) assert.match(line, /execve \S+ ENO(ENT|TDIR)/);
  }
});

test('args are the whole argument list, with the name of the program', () => {
  const scripts = new HookScripts(runtime);
  const args = ['my-name', '-c', `echo "$0|$1|$2" > ${scripts.folder}/args`, 'zero', 'one 1', 'two'];
  runtime.remove(runtime.create(bundleWith(scripts, { createRuntime: [{ path: '/bin/sh', args }] })));
  assert.is(scripts.read('args'), 'zero|one 1|two\n');
});

test('the working directory is the bundle, in the container that of the container process', () => {
  const scripts = new HookScripts(runtime);
  const hook = (kind: HookKind) => ({ path: '/bin/sh', args: ['sh', '-c', `pwd > ${scripts.folder}/${kind}.cwd`] });
  const bundle = bundleWith(scripts, Object.fromEntries(HOOK_KINDS.map((kind) => [kind, [hook(kind)]])), ['true']);
  runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]);
  for (const kind of HOOK_KINDS) {
    const expected = kind === 'startContainer' ? '/' : bundle.directory;
    assert.is(scripts.read(`${kind}.cwd`).trim(), expected, kind);
  }
});

test('env is exactly what the config says', () => {
  const scripts = new HookScripts(runtime);
  const args = ['sh', '-c', `cat /proc/self/environ > ${scripts.folder}/env`];
  const hook = { path: '/bin/sh', args, env: ['PATH=/usr/bin:/bin', 'A=1', 'B=two words'] };
  runtime.remove(runtime.create(bundleWith(scripts, { createRuntime: [hook] })));
  const names = scripts.read('env').split('\0').filter(Boolean);
  assert.equal(names.filter((entry) => !/^(PWD|SHLVL|_|OLDPWD)=/.test(entry)).toSorted(), hook.env.toSorted());
});

test('without env it is that of the caller; for a startContainer hook that of the container process', () => {
  const scripts = new HookScripts(runtime);
  const show = (name: string) => ({
    path: '/bin/sh',
    args: ['sh', '-c', `cat /proc/self/environ > ${scripts.folder}/${name}`],
  });
  const hooks = Object.fromEntries(
    [...AT_HOST, 'startContainer'].map((kind) => [kind, [kind === 'startContainer' ? inBox(show(kind)) : show(kind)]]),
  );
  const bundle = bundleWith(scripts, hooks, ['true']);
  const env = { RUNTS_TEST_OF_ENV: 'yes', BUN_OTHER: 'no' };
  runtime.ok(['run', '--bundle', bundle.directory, runtime.id()], { env });
  for (const kind of AT_HOST) {
    assert.match(scripts.read(kind), /\0RUNTS_TEST_OF_ENV=yes\0/, kind);
    if (isRunts) assert.not.match(`\0${scripts.read(kind)}`, /\0(BUN_|MIMALLOC|RUNTS_(FD|NO|RE))/, kind);
  }
  const own = scripts.read('startContainer').split('\0');
  assert.equal(own.filter((entry) => /^(TERM|PATH|RUNTS)/.test(entry)).toSorted(), bundle.config.process?.env);
});

const AT_HOST = ['prestart', 'createRuntime', 'createContainer', 'poststart', 'poststop'] as const;
const inBox = ({ args }: { args: string[] }) => ({ path: '/bin/busybox', args });

test('a hook that does not read its input is no error, however large the state is', () => {
  const scripts = new HookScripts(runtime);
  const bundle = runtime.bundle({
    mounts: withMounts(scripts.mount),
    annotations: { large: 'x'.repeat(300_000) },
    hooks: { createRuntime: [{ path: '/bin/true' }], poststop: [scripts.hook('read')] },
  });
  runtime.remove(runtime.create(bundle));
  assert.is(scripts.ran('read').state.annotations?.large?.length, 300_000);
});

test('hooks start with default signals and no descriptors of the runtime', () => {
  const scripts = new HookScripts(runtime);
  const script = 'grep Sig /proc/self/status > signals; ls -l /proc/self/fd > fds';
  const kinds = ['createRuntime', 'createContainer', 'poststart'] as const;
  const hooks = Object.fromEntries(
    kinds.map((kind) => [kind, [scripts.hook(kind, script.replaceAll(/ (\w+)(;|$)/g, ` ${kind}-$1$2`))]]),
  );
  const id = runtime.create(bundleWith(scripts, hooks));
  runtime.ok(['start', id]);
  runtime.remove(id);
  for (const kind of kinds) {
    assert.match(scripts.read(`${kind}-signals`), /SigBlk:\t0{16}\nSigIgn:\t0{16}\n/, kind);
    const descriptors = [...scripts.read(`${kind}-fds`).matchAll(/ (\d+) -> (\S+)/g)];
    const foreign = descriptors.filter(([, number, target]) => Number(number) > 2 && !/\/fd$/.test(target ?? ''));
    assert.equal(
      foreign.map(([line]) => line),
      [],
      kind,
    );
  }
});

test('the standard output of a hook does not mix with that of the runtime', () => {
  const scripts = new HookScripts(runtime);
  const bundle = bundleWith(scripts, { createRuntime: [scripts.hook('noisy', 'echo noise; echo noise >&2')] });
  const id = runtime.id();
  const { exit, stdout } = runtime.command(['create', '--bundle', bundle.directory, id]);
  assert.is(exit, 0);
  if (isRunts) assert.is(stdout, '');
  runtime.remove(id);
});

test('a hook may leave a process behind without holding the runtime up', () => {
  const scripts = new HookScripts(runtime);
  const bundle = bundleWith(scripts, {
    createRuntime: [scripts.hook('daemon', 'sleep 20 > /dev/null 2>&1 & echo $! > pid')],
  });
  const id = runtime.create(bundle);
  process.kill(Number(scripts.read('pid')), 'SIGKILL');
  assert.is(readText(join(scripts.folder, 'order')), 'daemon\n');
  runtime.remove(id);
});

test.run();
