import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rootTest } from '../../bindings/root-suite.ts';
import type { Process } from '../bundle/config.ts';
import { readHostFacts } from '../create/host.ts';
import { Script } from '../final/script.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { runScript } from './fixtures/stage.ts';
import { joinKeyring, resetSignals, takePrivileges } from './privileges.ts';

const test = suite('init/privileges');

const HOST = readHostFacts();

type Status = Record<string, string>;

// /proc/PID/status of a process after a script, and its limits under "limits".
function after(build: (script: Script) => void): Status {
  let status: Status = {};
  const look = (pid: number) => {
    const lines = readFileSync(`/proc/${pid}/status`, 'utf8').split('\n');
    status = Object.fromEntries(
      lines.map((line) => line.split(/:\s*/)).map(([name, value = '']) => [name, value.trim()]),
    );
    status.limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  };
  const line = runScript(build, { look });
  return line === 'done' ? status : { failure: line };
}

function withProcess(process: Partial<Process>): Status {
  const plan = samplePlan({ ociVersion: '1.3.0', process: { cwd: '/', ...process } }, HOST);
  const { process: planned } = plan;
  if (planned === undefined) throw new Error('no process');
  return after((script) => takePrivileges(script, plan, planned));
}

const mask = (...numbers: number[]): string =>
  numbers
    .reduce((bits, number) => bits | (1n << BigInt(number)), 0n)
    .toString(16)
    .padStart(16, '0');
const [CHOWN, KILL, SETGID] = [0, 5, 6];
const MASKS = ['CapBnd', 'CapPrm', 'CapEff', 'CapInh', 'CapAmb'];
const masksOf = (status: Status) => MASKS.map((name) => status[name]);

rootTest(test, 'without capabilities in the config there are none', () => {
  const status = withProcess({});
  assert.equal(masksOf(status), Array(5).fill(mask()));
  assert.is(status.NoNewPrivs, '0');
});

rootTest(test, 'each capability set is as the config says, for root and for others', () => {
  const capabilities = {
    bounding: ['CAP_CHOWN', 'CAP_KILL', 'CAP_SETGID'],
    permitted: ['CAP_CHOWN', 'CAP_KILL'],
    effective: ['CAP_KILL'],
    inheritable: ['CAP_KILL'],
    ambient: ['CAP_KILL'],
  };
  const masks = [mask(CHOWN, KILL, SETGID), mask(CHOWN, KILL), mask(KILL), mask(KILL), mask(KILL)];
  for (const uid of [0, 1000]) assert.equal(masksOf(withProcess({ capabilities, user: { uid } })), masks, `uid ${uid}`);
});

rootTest(test, 'ids, groups and mask are those of the user', () => {
  const status = withProcess({ user: { uid: 1000, gid: 2000, additionalGids: [7, 5], umask: 0o027 } });
  const ids = ['Uid', 'Gid', 'Groups', 'Umask'].map((name) => status[name]);
  assert.equal(ids, ['1000\t1000\t1000\t1000', '2000\t2000\t2000\t2000', '5 7', '0027']);
});

rootTest(test, "the runtime's groups are left behind", () => assert.is(withProcess({}).Groups, ''));

rootTest(test, 'limits are set, with all of their bits', () => {
  const { limits = '' } = withProcess({
    rlimits: [
      { type: 'RLIMIT_NOFILE', soft: 7, hard: 8 },
      { type: 'RLIMIT_CORE', soft: 0, hard: 18446744073709551615n },
    ],
  });
  assert.match(limits, /^Max open files +7 +8 /m);
  assert.match(limits, /^Max core file size +0 +unlimited /m);
});

rootTest(test, 'no_new_privs is set if it is asked for', () => {
  assert.is(withProcess({ noNewPrivileges: true }).NoNewPrivs, '1');
});

rootTest(test, 'a limit that the kernel refuses is told by its place in the config', () => {
  const { failure } = withProcess({ rlimits: [{ type: 'RLIMIT_NOFILE', soft: 9, hard: 8 }] });
  assert.is(failure, '/process/rlimits/0 (RLIMIT_NOFILE): prlimit64 EINVAL');
});

test('signals have their default action and are not blocked', () => {
  const SIG_BLOCK = 0;
  const status = after((script) => {
    const ignore = script.program.bytes(new Uint8Array(BigUint64Array.of(1n, 0n, 0n, 0n).buffer), 8);
    for (const signal of [1, 13]) script.call('rt_sigaction', [signal, ignore, 0, 8]);
    script.call('rt_sigprocmask', [SIG_BLOCK, script.words(0xff00), 0, 8]);
    resetSignals(script, [1, 13]);
  });
  const [ignored, blocked] = [BigInt(`0x${status.SigIgn}`), BigInt(`0x${status.SigBlk}`)];
  assert.equal([ignored & ((1n << 0n) | (1n << 12n) | (3n << 31n)), blocked], [0n, 0n]);
});

test('the session keyring is called after the container', () => {
  assert.not.ok(after((script) => joinKeyring(script, 'web1')).failure?.includes('EINVAL'));
  const script = new Script(3);
  joinKeyring(script, 'web1');
  const calls = script.program.operations.filter((operation) => operation.kind === 'call');
  assert.equal(
    calls.map(({ name, options }) => [name, options.ignoreErrnos]),
    [
      ['keyctl', [38]],
      ['keyctl', undefined],
    ],
  );
});

test.run();
