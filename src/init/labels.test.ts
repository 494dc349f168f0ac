import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Script } from '../final/script.ts';
import { argsOf, callsOf, scriptOf, stepsOf } from './fixtures/lines.ts';
import { runScript } from './fixtures/stage.ts';
import { openHostProc, setLabels } from './labels.ts';

const test = suite('init/labels');

const PROFILE = { apparmorProfile: 'web', selinuxLabel: undefined };
const LABEL = { apparmorProfile: undefined, selinuxLabel: 'u:r:t:s0' };

test('a profile is announced in the words of the kernel, in one write', () => {
  const script = scriptOf((one) => setLabels(one, PROFILE, 12));
  const [open] = callsOf(script, 'openat');
  const [write] = callsOf(script, 'write');
  assert.equal(open && argsOf(script, open).slice(0, 2), [12, 'self/attr/apparmor/exec']);
  assert.equal(write && argsOf(script, write), ['slot', 'exec web', 8]);
  assert.is(stepsOf(script).at(-1), 'close');
});

test('a label is for the program and its keyring', () => {
  const script = scriptOf((one) => setLabels(one, LABEL, 12));
  assert.equal(
    callsOf(script, 'openat').map((call) => argsOf(script, call)[1]),
    ['self/attr/keycreate', 'self/attr/exec'],
  );
  assert.equal(
    callsOf(script, 'write').map((call) => argsOf(script, call)[1]),
    ['u:r:t:s0', 'u:r:t:s0'],
  );
});

// Without the module the file is missing, or refuses what is written.
const refused: [name: string, build: (script: Script) => void, line: RegExp][] = [
  [
    'profile',
    (script) => setLabels(script, { ...PROFILE, apparmorProfile: 'no such' }, openHostProc(script)),
    /^\/process\/apparmorProfile no such: (openat|write) \/proc\/self\/attr\/apparmor\/exec (ENOENT|EINVAL)$/,
  ],
  [
    'label',
    (script) => setLabels(script, { ...LABEL, selinuxLabel: 'x:y' }, openHostProc(script)),
    /^\/process\/selinuxLabel x:y: (openat|write) \/proc\/self\/attr\/keycreate E[A-Z]+$/,
  ],
];
for (const [name, build, line] of refused) {
  test(`a ${name} that the kernel does not have is told by its name`, () => assert.match(runScript(build), line));
}

test.run();
