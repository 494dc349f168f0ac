// process.apparmorProfile, process.selinuxLabel, linux.mountLabel: on a kernel that has the module they hold, on one
// that has not they are an error of `create`.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Changes } from '../bundle.ts';
import { isRunts } from '../runtime.ts';
import { readText } from './host.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('labels');

const hasAppArmor = readText('/sys/module/apparmor/parameters/enabled').startsWith('Y');
const hasSelinux = existsSync('/sys/fs/selinux/enforce');
const LABEL = 'system_u:object_r:container_file_t:s0:c1,c2';

const REFUSED: [pointer: string, isThere: boolean, changes: Changes, name: string][] = [
  ['/process/apparmorProfile', hasAppArmor, { process: { apparmorProfile: 'web' } }, 'AppArmor'],
  ['/process/selinuxLabel', hasSelinux, { process: { selinuxLabel: 'u:r:container_t:s0' } }, 'SELinux'],
  ['/linux/mountLabel', hasSelinux, { linux: { mountLabel: LABEL } }, 'SELinux'],
];
for (const [pointer, isThere, changes, name] of REFUSED) {
  const reason = isThere ? `this kernel has ${name}` : isRunts ? undefined : 'runc says it in other words';
  testUnless(reason, test, `${pointer} without ${name} is an error of \`create\`, and nothing is left`, () => {
    const before = snapshot(runtime);
    const line = runtime.fails(['create', '--bundle', runtime.bundle(changes).directory, runtime.id()]);
    assert.match(line, `: ${pointer}: ${name} is not enabled on this host`);
    assert.equal(leftovers(before), []);
  });
}

for (const option of ['--apparmor=web', '--process-label=u:r:container_t:s0']) {
  const reason = hasAppArmor || hasSelinux ? 'this kernel has security modules' : isRunts ? undefined : 'as above';
  testUnless(reason, test, `exec ${option}: the same`, () => {
    const id = runtime.running();
    assert.match(runtime.fails(['exec', option, id, 'true']), /(AppArmor|SELinux) is not enabled on this host/);
    runtime.remove(id);
  });
}

const withoutAppArmor = hasAppArmor ? undefined : 'this kernel has no AppArmor';
testUnless(withoutAppArmor, test, 'a profile that is not loaded is told by its name', () => {
  const bundle = runtime.bundle({ process: { apparmorProfile: 'runts-no-such-profile' } });
  assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), /runts-no-such-profile.*ENOENT/);
});

testUnless(withoutAppArmor, test, 'without a profile, or with "unconfined", the program runs unconfined', () => {
  for (const apparmorProfile of [undefined, '', 'unconfined']) {
    assert.is(runtime.inside('cat /proc/self/attr/current', { process: { apparmorProfile } }), 'unconfined\n');
  }
});

const PROFILE = 'runts-it-labels';
const RULES = `profile ${PROFILE} flags=(attach_disconnected,mediate_deleted) {
  file, capability, network, signal, ptrace, mount, umount, pivot_root, unix,
  deny /denied w,
}`;

/** Loads or removes the profile; what is missing for that, or undefined. */
function parse(option: '--replace' | '--remove'): string | undefined {
  const { status, error } = spawnSync('apparmor_parser', [option, '--skip-cache'], { input: RULES });
  return error !== undefined || status !== 0 ? 'apparmor_parser does not work here' : undefined;
}

const withoutProfile = withoutAppArmor ?? parse('--replace');
if (withoutProfile === undefined) test.after(() => void parse('--remove'));

const CONFINED = `${PROFILE} (enforce)\n`;
for (const process of [
  { noNewPrivileges: true },
  { noNewPrivileges: false },
  { noNewPrivileges: true, user: { uid: 1000, gid: 1000 } },
]) {
  testUnless(withoutProfile, test, `a profile confines the program: ${JSON.stringify(process)}`, () => {
    const script = 'cat /proc/self/attr/current; : >/tmp/allowed && echo allowed; (: >/denied) 2>&1';
    const bundle = runtime.bundle({ process: { ...process, apparmorProfile: PROFILE, args: ['sh', '-c', script] } });
    chmodSync(bundle.rootfs, 0o777);
    const { stdout } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
    assert.match(stdout, `${CONFINED}allowed\n`);
    assert.match(stdout, /Permission denied/);
  });
}

testUnless(withoutProfile, test, 'the profile holds with a seccomp profile, and for processes of `exec`', () => {
  const seccomp = { defaultAction: 'SCMP_ACT_ALLOW' };
  const id = runtime.running({ process: { apparmorProfile: PROFILE }, linux: { seccomp } });
  assert.is(runtime.ok(['exec', id, 'cat', '/proc/self/attr/current']), CONFINED);
  assert.is(runtime.ok(['exec', '--apparmor', 'unconfined', id, 'cat', '/proc/self/attr/current']), 'unconfined\n');
  assert.is(readText(`/proc/${runtime.state(id).pid}/attr/current`), CONFINED);
  runtime.remove(id);
});

testUnless(withoutProfile, test, 'the profile holds for startContainer hooks', () => {
  const bundle = runtime.bundle({
    process: { apparmorProfile: PROFILE },
    hooks: { startContainer: [{ path: '/bin/sh', args: ['sh', '-c', 'cat /proc/self/attr/current >/hook'] }] },
  });
  runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.is(readText(join(bundle.rootfs, 'hook')), CONFINED);
});

test.run();
