// A user without privileges as the runtime's user: what `spec --rootless` writes, maps by newuidmap, missing cgroups.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Config, Linux } from '../../src/bundle/config.ts';
import { type Changes, makeBundle, writeConfig } from '../bundle.ts';
import { type Result, runtimePath, waitUntil } from '../runtime.ts';
import { cgroupsOf } from './host.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('rootless');
const USER = 4242;
const FIRST_SUB_ID = 500_000;

// The user's own folder, and a passwd and subuid that know the user, in a mount namespace of the command's own.
const home = join(runtime.folder, 'home');
mkdirSync(home);
chownSync(home, USER, USER);
chmodSync(runtime.folder, 0o711);
const files = { passwd: `${readFileSync('/etc/passwd', 'utf8')}runts-test:x:${USER}:${USER}::${home}:/bin/sh\n` };
const subIds = `${USER}:${FIRST_SUB_ID}:65536\n`;
for (const [name, text] of Object.entries({ ...files, subuid: subIds, subgid: subIds })) {
  writeFileSync(join(runtime.folder, name), text);
}
const SCRIPT = [
  'cd "$0"; for file in passwd subuid subgid; do',
  'test -e /etc/$file && mount --bind $file /etc/$file; done; cd home',
  `exec setpriv --reuid=${USER} --regid=${USER} --clear-groups "$@"`,
].join('\n');
const wrapper = ['unshare', '--mount', 'sh', '-c', SCRIPT, runtime.folder];
const options = { wrapper, env: { XDG_RUNTIME_DIR: home, HOME: home } };

function reasonToSkip(): string | undefined {
  const [file = '', ...args] = wrapper;
  const { status } = spawnSync(file, [...args, 'test', '-x', runtimePath], { stdio: 'ignore' });
  return status === 0 ? undefined : `a user without privileges can't reach ${runtimePath}`;
}
const reason = reasonToSkip();
const noHelper = reason ?? (existsSync('/usr/bin/newuidmap') ? undefined : 'newuidmap is not installed');

let bundles = 0;

/** A bundle of the user's with what `spec --rootless` writes, changed. */
function bundle(args: string[], linux: Partial<Linux> = {}, process: Changes['process'] = {}): string {
  const { directory } = makeBundle(join(runtime.folder, `user${bundles++}`));
  Bun.spawnSync(['rm', join(directory, 'config.json')]);
  Bun.spawnSync(['chown', '-R', '-h', `${USER}:${USER}`, directory]);
  runtime.ok(['spec', '--rootless', '--bundle', directory], options);
  const config: Config = JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8'));
  Object.assign(config.process ?? {}, { terminal: false, args }, process);
  Object.assign(config.linux ?? {}, linux);
  writeConfig(directory, config);
  return directory;
}

const run = (directory: string): Result =>
  runtime.command(['--root', home, 'run', '--bundle', directory, runtime.id()], options);

function inside(script: string, linux: Partial<Linux> = {}, process: Changes['process'] = {}): string {
  const { exit, stdout, stderr } = run(bundle(['sh', '-c', script], linux, process));
  if (exit !== 0) throw new Error(`exit ${exit}: ${stderr}${stdout}`);
  return stdout;
}

testUnless(reason, test, 'what spec --rootless writes is run: root inside, the user outside', () => {
  const text = inside('id -u; id -g; cat /proc/self/uid_map /proc/self/setgroups; stat -c %u /dev/mqueue /root');
  assert.is(text.replace(/ +/g, ' '), `0\n0\n 0 ${USER} 1\ndeny\n0\n0\n`);
});

testUnless(reason, test, 'it has the devices, and the capabilities that the config grants', () => {
  const text = inside('head -c 1 /dev/zero | wc -c; grep CapEff /proc/self/status');
  assert.is(text, '1\nCapEff:\t0000000020000420\n');
});

testUnless(reason, test, 'exec of the same again is the same, by the launcher without an engine', () => {
  const [id, launcher] = [runtime.id(), join(runtime.folder, 'runts')];
  copyFileSync(runtimePath, launcher);
  const command = (...args: string[]) => runtime.ok(['--root', home, ...args], options);
  command('create', '--bundle', bundle(['sleep', '60']), id);
  command('start', id);
  // HOME's file has to be some time old (exec-again.test.ts).
  waitUntil(() => false, 150);
  const seen =
    'id; env; grep -E "^(Cap|NoNew|Groups|Sig[BIC]|FDSize)" /proc/self/status; ls /proc/self/fd; echo err >&2';
  const words = ['exec', id, 'sh', '-c', `{ ${seen}; } 2>&1`];
  const [file = '', ...more] = [...wrapper, launcher, '--root', home, ...words];
  const first = command(...words);
  const { stdout, stderr } = spawnSync(file, more, { encoding: 'utf8', env: { ...process.env, ...options.env } });
  assert.equal([stdout, stderr], [first, '']);
  command('delete', '--force', id);
});

testUnless(reason, test, 'all commands work on it, and leave nothing', () => {
  const id = runtime.id();
  const command = (...args: string[]) => runtime.ok(['--root', home, ...args], options);
  command('create', '--bundle', bundle(['sleep', '60'], {}, { oomScoreAdj: 500 }), id);
  assert.match(command('state', id), /"status": "created"/);
  command('start', id);
  const { pid, owner } = JSON.parse(command('state', id));
  assert.is(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'), '500\n');
  assert.is(readFileSync(`/proc/${pid}/uid_map`, 'utf8').trim().split(/\s+/)[1], String(USER));
  assert.ok(owner === USER || owner === 'runts-test' || typeof owner === 'string');
  assert.match(command('list'), id);
  assert.is(command('exec', id, 'id', '-u'), '0\n');
  command('kill', id, 'KILL');
  command('delete', '--force', id);
  assert.equal(cgroupsOf(id), []);
  assert.equal(command('list', '--quiet'), '');
});

testUnless(reason, test, 'the process stays in the cgroups of the runtime, and sees them', () => {
  assert.match(inside('cat /proc/self/cgroup; ls /sys/fs/cgroup'), /^\d+:/);
});

const SUB_IDS: Partial<Linux> = {
  uidMappings: [
    { containerID: 0, hostID: USER, size: 1 },
    { containerID: 1, hostID: FIRST_SUB_ID, size: 65_536 },
  ],
  gidMappings: [
    { containerID: 0, hostID: USER, size: 1 },
    { containerID: 1, hostID: FIRST_SUB_ID, size: 65_536 },
  ],
};

testUnless(noHelper, test, 'more ids are mapped by newuidmap and newgidmap', () => {
  const process = { user: { uid: 1000, gid: 1000, additionalGids: [7] } };
  const text = inside('cat /proc/self/uid_map; id -G', SUB_IDS, process);
  assert.is(text.replace(/ +/g, ' '), ` 0 ${USER} 1\n 1 ${FIRST_SUB_ID} 65536\n1000 7\n`);
});

testUnless(noHelper, test, 'ids that are not granted are an error in the words of newuidmap', () => {
  const uidMappings = [{ containerID: 0, hostID: 0, size: 10 }];
  const { exit, stderr } = run(bundle(['true'], { ...SUB_IDS, uidMappings }));
  assert.is.not(exit, 0);
  assert.match(stderr, /^runts: run \S+: \/linux\/uidMappings: newuidmap: .*not allowed[^\n]*\n$/);
});

testUnless(reason, test, 'the clocks of a time namespace are set', () => {
  const namespaces = (['user', 'mount', 'pid', 'ipc', 'uts', 'time'] as const).map((type) => ({ type }));
  const text = inside('cat /proc/self/timens_offsets', { namespaces, timeOffsets: { boottime: { secs: 77 } } });
  assert.match(text, /boottime +77 +0/);
});

testUnless(reason, test, 'hooks run, on both sides', () => {
  const directory = bundle(['cat', '/tmp/hook']);
  const path = join(directory, 'config.json');
  const config: Config = JSON.parse(readFileSync(path, 'utf8'));
  const hook = (text: string) => [
    { path: '/bin/sh', args: ['sh', '-c', `id -u; echo ${text} >> ${join(home, 'hooks')}`] },
  ];
  const inContainer = [{ path: '/bin/sh', args: ['sh', '-c', 'id -u > /tmp/hook'] }];
  config.hooks = { createRuntime: hook('runtime'), startContainer: inContainer, poststop: hook('poststop') };
  if (config.root !== undefined) config.root.readonly = false;
  writeConfig(directory, config);
  const { stdout, stderr } = run(directory);
  assert.is(stdout, '0\n', stderr);
  assert.is(readFileSync(join(home, 'hooks'), 'utf8'), 'runtime\npoststop\n');
});

testUnless(reason, test, 'groups are an error that names them', () => {
  const { stderr } = run(bundle(['true'], {}, { user: { uid: 0, gid: 0, additionalGids: [0] } }));
  assert.match(stderr, /\/process\/user\/additionalGids: setgroups 0 EPERM/);
});

testUnless(reason, test, 'a limit or a path of a cgroup that cannot be made is an error that says so', () => {
  for (const linux of [{ resources: { pids: { limit: 5 } } }, { cgroupsPath: '/runts-none' }]) {
    const { exit, stderr } = run(bundle(['true'], linux));
    assert.is.not(exit, 0);
    assert.match(stderr, /linux\/cgroupsPath or \/linux\/resources: .*(EACCES|EROFS|EPERM)/);
  }
});

testUnless(reason, test, 'with --rootless=false nothing is forgiven', () => {
  const args = ['--root', home, '--rootless', 'false', 'run', '--bundle', bundle(['true']), runtime.id()];
  assert.match(runtime.fails(args, options), /make cgroup .*(EACCES|EROFS|EPERM)/);
});

testUnless(reason, test, 'without a user namespace there is a hint', () => {
  const directory = bundle(['true'], { namespaces: [{ type: 'mount' }, { type: 'pid' }, { type: 'uts' }] });
  const config = JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8'));
  for (const name of ['uidMappings', 'gidMappings']) Reflect.deleteProperty(config.linux, name);
  writeConfig(directory, config);
  assert.match(run(directory).stderr, /clone3 EPERM — .*user namespace/);
});

test.run();
