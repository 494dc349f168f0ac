import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { contextOption, hasLabels, planLabels } from './labels.ts';

const test = suite('plan/labels');

test('an empty label asks for nothing', () => {
  const none = { apparmorProfile: undefined, selinuxLabel: undefined };
  assert.equal(planLabels({ cwd: '/' }), none);
  assert.equal(planLabels({ cwd: '/', apparmorProfile: '', selinuxLabel: '' }), none);
  assert.equal([hasLabels(undefined), hasLabels(none)], [false, false]);
});

test('each of them is a label', () => {
  const [profile, label] = [{ apparmorProfile: 'p' }, { selinuxLabel: 'l' }].map((part) =>
    planLabels({ cwd: '/', ...part }),
  );
  assert.equal([profile?.apparmorProfile, label?.selinuxLabel], ['p', 'l']);
  assert.equal([hasLabels(profile), hasLabels(label)], [true, true]);
});

const LABEL = 'u:object_r:t:s0:c1,c2';
const options: [name: string, found: string[], expected: string[]][] = [
  ['a new file system', contextOption(LABEL, 'tmpfs'), [`context=${LABEL}`]],
  ['the tmpfs of a cgroup mount', contextOption(LABEL, 'cgroup'), [`context=${LABEL}`]],
  ['one that has a context already', contextOption(LABEL, 'tmpfs', ['context=x']), []],
  ['proc, which is shared', contextOption(LABEL, 'proc'), []],
  ['no label', contextOption(undefined, 'tmpfs'), []],
];
for (const [name, found, expected] of options) test(`the context of ${name}`, () => assert.equal(found, expected));

test.run();
