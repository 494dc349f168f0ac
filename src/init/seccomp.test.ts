import { closeSync, readFileSync, readlinkSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rootTest } from '../../bindings/root-suite.ts';
import type { Config } from '../bundle/config.ts';
import { SECCOMP_STEP } from '../final/report.ts';
import type { Script } from '../final/script.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { argsOf, callsOf, firstOutOfOrder, linesOf, scriptOf } from './fixtures/lines.ts';
import { runScript } from './fixtures/stage.ts';
import { capabilitiesKept, installFilter, installWithListener } from './seccomp.ts';

const test = suite('init/seccomp');

// One instruction: everything is allowed, or fails with EPERM.
const returning = (value: number): Uint8Array => {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint16(0, 0x06, true);
  view.setUint32(4, value, true);
  return new Uint8Array(view.buffer);
};
const ALLOW = returning(0x7fff0000);
const DENY = returning(0x00050001);

const SYS_ADMIN = 1n << 21n;
const seccomp = { defaultAction: 'SCMP_ACT_ALLOW' };
const keeping: [name: string, parts: Partial<Config>, kept: bigint][] = [
  ['without a profile', { process: { cwd: '/' } }, 0n],
  ['with one, without no_new_privs', { process: { cwd: '/' }, linux: { seccomp } }, SYS_ADMIN],
  ['with no_new_privs', { process: { cwd: '/', noNewPrivileges: true }, linux: { seccomp } }, 0n],
  ['without a process', { linux: { seccomp } }, 0n],
];
for (const [name, parts, kept] of keeping) {
  test(`${name}, ${kept === 0n ? 'no capability is' : 'CAP_SYS_ADMIN is'} kept`, () => {
    assert.is(capabilitiesKept(samplePlan({ ociVersion: '1.3.0', ...parts })), kept);
  });
}

const noNewPrivileges = (script: Script): void => script.call('prctl', [38, 1, 0, 0, 0]);

function statusAfter(build: (script: Script) => void): { line: string; seccomp: string | undefined } {
  let status = '';
  const look = (pid: number): void => {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  };
  const line = runScript(build, { look });
  return { line, seccomp: /^Seccomp:\s+(\d)/m.exec(status)?.[1] };
}

test('a filter is installed, with its flags', () => {
  const install = (script: Script): void => {
    noNewPrivileges(script);
    installFilter(script, { filter: ALLOW, flags: 1 }, { isAlone: true });
  };
  assert.equal(statusAfter(install), { line: 'done', seccomp: '2' });
  const script = scriptOf(install);
  const [call] = callsOf(script, 'seccomp');
  assert.equal(call && argsOf(script, call).slice(0, 2), [1, 1]);
  assert.is(call?.options.step, SECCOMP_STEP);
});

rootTest(test, 'the filter lies apart from what a waiting program touches', () => {
  const { program } = scriptOf((script) => installFilter(script, { filter: ALLOW, flags: 0 }, { isAlone: true }));
  assert.equal([program.bulk.length, program.constant.length], [8, 16]);
});

// Whatever the filter, what is told afterwards is told by the thread that has none.
for (const [name, filter] of [
  ['allows everything', ALLOW],
  ['forbids everything', DENY],
] as const) {
  test(`the listener of a filter that ${name} reaches the runtime`, () => {
    const told: string[] = [];
    const answer = (event: { type: string }, fd: number | undefined): void => {
      told.push(`${event.type} ${fd === undefined ? '' : readlinkSync(`/proc/self/fd/${fd}`)}`);
      if (fd !== undefined) closeSync(fd);
    };
    const TSYNC = 1;
    const line = runScript(
      (script) => {
        noNewPrivileges(script);
        installWithListener(script, { filter, flags: TSYNC }, () => script.tell({ type: 'ready' }));
        script.program.exit(0);
      },
      { answer },
    );
    assert.is(line, 'done');
    assert.equal(told, ['connectAgent ', 'listener anon_inode:seccomp notify']);
  });
}

test('a filter that the kernel refuses is told with its place in the config', () => {
  const { line } = statusAfter((script) => {
    noNewPrivileges(script);
    installWithListener(script, { filter: new Uint8Array(), flags: 0 }, () => {});
  });
  assert.is(line, '/linux/seccomp: seccomp EINVAL');
});

test('it is the runtime that is asked for the agent before the filter is there', () => {
  const lines = linesOf(scriptOf((script) => installWithListener(script, { filter: ALLOW, flags: 0 }, () => {})));
  const order = ['/linux/seccomp: tell connectAgent', 'wait', '/linux/seccomp: clone3', '/linux/seccomp: seccomp'];
  assert.is(firstOutOfOrder(lines, order), undefined);
});

test.run();
