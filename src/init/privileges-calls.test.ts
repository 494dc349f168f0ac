// The order of the calls, and what they are given; privileges.test.ts makes them.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import type { Process } from '../bundle/config.ts';
import type { Call } from '../final/program.ts';
import type { Script } from '../final/script.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { argsOf, callsOf, halfWordsAt, scriptOf, stepsOf, wordsAt } from './fixtures/lines.ts';
import { joinKeyring, resetSignals, takePrivileges } from './privileges.ts';

const test = suite('init/privileges: calls');

/** The capabilities that leave the bounding set. */
const dropped = (script: Script): number[] =>
  callsOf(script, 'prctl').flatMap(({ args: [option, number] }) =>
    option === K.PR_CAPBSET_DROP ? [Number(number)] : [],
  );

function privileges(process: Partial<Process>, lastCapability = 2): Script {
  const plan = samplePlan({ ociVersion: '1.3.0', process: { cwd: '/', args: ['sh'], ...process } });
  const planned = plan.process;
  if (planned === undefined) throw new Error('no process');
  return scriptOf((script) => takePrivileges(script, { ...plan, lastCapability }, planned));
}

const CHOWN = ['CAP_CHOWN'];
const all = (script: Script, ...names: Call['name'][]) => callsOf(script, ...names).map((call) => argsOf(script, call));

function only(script: Script, name: Call['name']): Call {
  const [call] = callsOf(script, name);
  if (call === undefined) throw new Error(`no ${name}`);
  return call;
}

test('limits, mask, bounding set, groups, gid, uid, capabilities, no_new_privs: in that order', () => {
  const script = privileges({
    user: { uid: 1000, gid: 100, additionalGids: [7, 8], umask: 0o77 },
    rlimits: [{ type: 'RLIMIT_CORE', soft: 1, hard: 2 }],
    capabilities: { bounding: CHOWN, effective: CHOWN, permitted: CHOWN, inheritable: CHOWN, ambient: CHOWN },
    noNewPrivileges: true,
  });
  assert.equal(stepsOf(script), [
    '/process/rlimits/0 (RLIMIT_CORE): prlimit64',
    'RLIMIT_NOFILE: prlimit64',
    '/process/user/umask: umask',
    '/process/capabilities/bounding: prctl without CAP_DAC_OVERRIDE',
    '/process/capabilities/bounding: prctl without CAP_DAC_READ_SEARCH',
    '/process/user/additionalGids: setgroups 7,8',
    '/process/user/gid: setresgid 100',
    '/process/user/uid: prctl',
    '/process/user/uid: setresuid 1000',
    '/process/capabilities: capset',
    '/process/capabilities: prctl',
    '/process/capabilities: prctl ambient CAP_CHOWN',
    '/process/noNewPrivileges: prctl',
  ]);
  assert.equal(all(script, 'prctl'), [
    [K.PR_CAPBSET_DROP, 1, 0, 0, 0],
    [K.PR_CAPBSET_DROP, 2, 0, 0, 0],
    [K.PR_SET_KEEPCAPS, 1, 0, 0, 0],
    [K.PR_CAP_AMBIENT, K.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0],
    [K.PR_CAP_AMBIENT, K.PR_CAP_AMBIENT_RAISE, 0, 0, 0],
    [K.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0],
  ]);
});

const sets: [bounding: string[], numbers: number[]][] = [
  [[], []],
  [['CAP_CHOWN'], [0]],
  [['CAP_CHECKPOINT_RESTORE'], [40]],
  [
    ['CAP_KILL', 'CAP_AUDIT_WRITE', 'CAP_SETFCAP', 'CAP_MAC_OVERRIDE'],
    [5, 29, 31, 32],
  ],
];
for (const [bounding, numbers] of sets) {
  test(`the bounding set ${bounding} is what is left`, () => {
    const others = Array.from({ length: 41 }, (_, number) => number).filter((number) => !numbers.includes(number));
    assert.equal(dropped(privileges({ capabilities: { bounding } }, 40)), others);
  });
}

test('real, effective and saved ids are all set', () => {
  assert.equal(all(privileges({ user: { uid: 1000, gid: 100 } }), 'setresgid', 'setresuid'), [
    [100, 100, 100],
    [1000, 1000, 1000],
  ]);
});

test('being refused to drop the groups is an error only if some are asked for', () => {
  const EPERM = 1;
  const ignored = (additionalGids: number[]) =>
    only(privileges({ user: { uid: 0, gid: 0, additionalGids } }), 'setgroups').options.ignoreErrnos;
  assert.equal([ignored([]), ignored([5])], [[EPERM], []]);
});

test('groups are 32-bit numbers', () => {
  const script = privileges({ user: { uid: 1, gid: 1, additionalGids: [7, 4294967294] } });
  assert.equal(halfWordsAt(script, only(script, 'setgroups'), 1, 2), [7, 4294967294]);
});

test('capset gets effective, permitted and inheritable sets, low halves first', () => {
  const script = privileges({ capabilities: { effective: [], permitted: ['CAP_CHOWN', 'CAP_BPF'], inheritable: [] } });
  const capset = only(script, 'capset');
  assert.equal(halfWordsAt(script, capset, 0, 2), [K.LINUX_CAPABILITY_VERSION_3, 0]);
  assert.equal(halfWordsAt(script, capset, 1, 6), [0, 1, 0, 0, 1 << (39 - 32), 0]);
});

test('a process without capabilities loses all, ambient ones too', () => {
  const script = privileges({});
  assert.equal(halfWordsAt(script, only(script, 'capset'), 1, 6), [0, 0, 0, 0, 0, 0]);
  const options = all(script, 'prctl').map(([option, what]) => [option, what]);
  assert.equal(dropped(script), [0, 1, 2]);
  assert.equal(options.slice(3), [
    [K.PR_SET_KEEPCAPS, 1],
    [K.PR_CAP_AMBIENT, K.PR_CAP_AMBIENT_CLEAR_ALL],
  ]);
});

test("ignored signals and the C library's own get their default action, and none is blocked", () => {
  const script = scriptOf((to) => resetSignals(to, [1, 13]));
  assert.equal(
    all(script, 'rt_sigaction').map(([signal]) => signal),
    [1, 13, 32, 33],
  );
  assert.equal(wordsAt(script, only(script, 'rt_sigaction'), 1, 4), [0, 0, 0, 0]);
  const mask = only(script, 'rt_sigprocmask');
  assert.equal([mask.args[0], ...wordsAt(script, mask, 1, 1)], [K.SIG_SETMASK, 0]);
});

test('a kernel without keyrings has none to share', () => {
  const ENOSYS = 38;
  const script = scriptOf((to) => joinKeyring(to, 'web1'));
  const [join, rights] = callsOf(script, 'keyctl');
  assert.equal([join?.options.ignoreErrnos, rights?.options.ignore], [[ENOSYS], true]);
});

test('the keyring can be found by its name: its user may search it', () => {
  const script = scriptOf((to) => joinKeyring(to, 'web1'));
  const [join, rights] = all(script, 'keyctl');
  assert.equal(join, [K.KEYCTL_JOIN_SESSION_KEYRING, '_ses.web1']);
  assert.equal(rights, [K.KEYCTL_SETPERM, 'slot', 0x3f1b0000]);
});

test.run();
