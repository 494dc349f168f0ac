// process.apparmorProfile, process.selinuxLabel, linux.mountLabel: on a kernel that has the module they hold, on one
// that has not they are an error of `create`.
import { existsSync } from 'node:fs';
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

test.run();
