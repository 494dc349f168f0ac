import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toRuntimeError } from '../errors.ts';
import { checkLabels } from './labels.ts';

const test = suite('create/labels');

const folder = mkdtempSync('/tmp/runts-labels-');
test.after(() => rmSync(folder, { recursive: true }));
const place = (name: string, text: string): string => {
  writeFileSync(`${folder}/${name}`, text);
  return `${folder}/${name}`;
};
const BOTH = {
  apparmor: place('apparmor', 'Y\n'),
  filesystems: place('filesystems', 'nodev\tproc\nnodev\tselinuxfs\n\text4\n'),
};
const NONE = { apparmor: `${folder}/none`, filesystems: place('few', 'nodev\tproc\n') };
const OFF = { ...NONE, apparmor: place('off', 'N\n') };

type Check = Parameters<typeof checkLabels>;

function check(...args: Check): string {
  try {
    checkLabels(...args);
    return 'good';
  } catch (error) {
    return toRuntimeError(error)?.oneLine ?? String(error);
  }
}

const profile = { apparmorProfile: 'p', selinuxLabel: undefined };
const label = { apparmorProfile: undefined, selinuxLabel: 'l' };
const neither = { apparmorProfile: undefined, selinuxLabel: undefined };
const noAppArmor = '/process/apparmorProfile: AppArmor is not enabled on this host';

const cases: [name: string, args: Check, line: string][] = [
  ['nothing is asked for', [neither, undefined, NONE], 'good'],
  ['a profile with AppArmor', [profile, undefined, BOTH], 'good'],
  ['a profile without AppArmor', [profile, undefined, NONE], noAppArmor],
  ['a profile with AppArmor switched off', [profile, undefined, OFF], noAppArmor],
  ['a label with SELinux', [label, 'm', BOTH], 'good'],
  ['a label without SELinux', [label, undefined, NONE], '/process/selinuxLabel: SELinux is not enabled on this host'],
  ['a mount label without SELinux', [undefined, 'm', NONE], '/linux/mountLabel: SELinux is not enabled on this host'],
];
for (const [name, args, line] of cases) test(name, () => assert.is(check(...args), line));

test.run();
