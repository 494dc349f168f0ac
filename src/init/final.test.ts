import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import type { Process } from '../bundle/config.ts';
import type { Script } from '../final/script.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import type { Plan } from '../plan/plan.ts';
import type { SeccompPlan } from '../plan/seccomp.ts';
import { beginFinal, endFinal, type FinalInputs } from './final.ts';
import { argsOf, callsOf, firstOutOfOrder, halfWordsAt, linesOf, stepsOf, unrolled } from './fixtures/lines.ts';

const test = suite('init/final');

const PROCESS: Process = { cwd: '/', args: ['sh'], env: ['PATH=/a:/b'] };

function final(
  process: Process | undefined,
  parts: Partial<Plan> = {},
  { filter, procFd }: Partial<FinalInputs> = {},
): Script {
  const plan = { ...samplePlan({ ociVersion: '1.3.0', ...(process && { process }) }), ...parts };
  const inputs = { plan, syncFd: 9, startFd: 10, resultFd: 11, env: [], filter, procFd };
  return endFinal(beginFinal(inputs), inputs);
}

for (const [preserved, first] of [
  [0, 3],
  [2, 5],
] as const) {
  test(`first of all, descriptors from ${first} on are closed on exec if ${preserved} are preserved`, () => {
    const script = final(PROCESS, { preserveFds: preserved });
    assert.equal(stepsOf(script).slice(0, 2), ['prctl', 'close_range']);
    assert.equal(
      callsOf(script, 'close_range').map((call) => argsOf(script, call)),
      [[first, 0xffffffff, K.CLOSE_RANGE_CLOEXEC]],
    );
  });
}

test('before anything else nobody may trace it', () => {
  const [first] = callsOf(final(PROCESS), 'prctl').map((call) => argsOf(final(PROCESS), call));
  assert.equal(first, [K.PR_SET_DUMPABLE, 0, 0, 0, 0]);
});

test('signals come first, privileges last, then it tells that it is ready and waits to be started', () => {
  const order = [
    'reset signals: rt_sigprocmask',
    'new session keyring: keyctl',
    '/process/user/uid: setresuid 0',
    '/process/capabilities: capset',
    '/process/args/0: faccessat2 /a/sh',
    '/process/args/0: faccessat2 /b/sh',
    'prctl',
    'tell ready',
    'close',
    'report to 11',
    'wait',
    'exec /a/sh,/b/sh',
    'exit 1',
  ];
  assert.is(firstOutOfOrder(linesOf(final(PROCESS)), order), undefined);
});

test('of several places for the program only the last one can fail before it is started', () => {
  const script = final(PROCESS);
  const looks = callsOf(script, 'faccessat2').map(({ options }) => [options.ignoreErrnos, options.gotoOn?.length]);
  assert.equal(looks, [
    [[2, 20], 2],
    [undefined, 1],
  ]);
});

test('the parent-death signal is cleared right before it is ready, and nowhere else', () => {
  const script = final({ ...PROCESS, noNewPrivileges: true });
  const clearing = callsOf(script, 'prctl').filter((call) => argsOf(script, call)[0] === K.PR_SET_PDEATHSIG);
  assert.equal(
    clearing.map((call) => argsOf(script, call)),
    [[K.PR_SET_PDEATHSIG, 0, 0, 0, 0]],
  );
  const lines = linesOf(script);
  assert.is(lines[lines.indexOf('tell ready') - 1], 'prctl');
  assert.is(unrolled(script)[lines.indexOf('tell ready') - 1], clearing[0]);
});

test('the socket to the runtime is closed before it waits, the start FIFO after it; then failures go to the result FIFO', () => {
  const script = final(PROCESS);
  assert.equal(
    callsOf(script, 'close').map((call) => argsOf(script, call)),
    [[9], [10]],
  );
  const waits = script.program.operations.filter((operation) => operation.kind === 'waitByte');
  assert.equal(
    waits.map(({ fd }) => fd),
    [10],
  );
});

test('the keyring of the caller is kept only if the plan says so', () => {
  assert.ok(stepsOf(final(PROCESS, { newKeyring: true })).includes('new session keyring: keyctl'));
  assert.not.ok(stepsOf(final(PROCESS, { newKeyring: false })).includes('new session keyring: keyctl'));
});

test("labels are set through the host's /proc, before the keyring and the rights are taken", () => {
  const process = { ...PROCESS, apparmorProfile: 'web', selinuxLabel: 'u:r:t:s0:c1,c2' };
  const script = final(process, { newKeyring: true }, { procFd: 12 });
  const order = [
    '/process/apparmorProfile web: openat /proc/self/attr/apparmor/exec',
    '/process/apparmorProfile web: write /proc/self/attr/apparmor/exec',
    '/process/selinuxLabel u:r:t:s0:c1,c2: write /proc/self/attr/exec',
    'close',
    'new session keyring: keyctl',
    '/process/capabilities: capset',
  ];
  assert.is(firstOutOfOrder(linesOf(script), order), undefined);
});

const SECCOMP: SeccompPlan = { defaultAction: 0, architectures: [], rules: [], flags: 2, listener: undefined };

test('a seccomp filter is installed after it was started, right before the execve', () => {
  const lines = linesOf(final(PROCESS, { seccomp: SECCOMP }, { filter: new Uint8Array(8) }));
  assert.equal(lines.slice(lines.indexOf('wait')).slice(0, 4), ['wait', 'close', 'seccomp', 'exec /a/sh,/b/sh']);
});

test('a filter with a listener is installed before it is ready, and nothing but reading follows', () => {
  const seccomp = { ...SECCOMP, listener: { path: '/run/agent', metadata: undefined } };
  const lines = linesOf(final(PROCESS, { seccomp }, { filter: new Uint8Array(8) }));
  const installed = lines.indexOf('/linux/seccomp: seccomp');
  assert.is(firstOutOfOrder(lines.slice(0, installed), ['prctl', '/linux/seccomp: tell connectAgent']), undefined);
  const following = lines.slice(installed + 1).filter((line) => !/^(L\d+:|ifZero .*)$/.test(line));
  assert.equal(following.slice(0, 4), ['report to 11', 'wait', 'exec /a/sh,/b/sh', 'exit 1']);
});

test('what a filter needs to be installed is kept until then', () => {
  const kept = (parts: Partial<Process>): number | undefined => {
    const script = final({ ...PROCESS, ...parts }, { seccomp: SECCOMP }, { filter: new Uint8Array(8) });
    const [capset] = callsOf(script, 'capset');
    return capset && halfWordsAt(script, capset, 1, 1)[0];
  };
  assert.equal([kept({}), kept({ noNewPrivileges: true })], [1 << 21, 0]);
});

test('without a process it waits all the same, and ends with a failure when started', () => {
  const lines = linesOf(final(undefined));
  assert.equal(lines.slice(-7), ['prctl', 'tell ready', 'close', 'report to 11', 'wait', 'close', 'exit 1']);
  assert.not.ok(lines.some((line) => line.startsWith('/process')));
});

test.run();
