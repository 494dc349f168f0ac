import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { CLONE_NEWUTS } from '../../bindings/constants.ts';
import { inChild, rootTest, strictSuite } from '../../bindings/strict-suite.ts';
import type { Config } from '../bundle/config.ts';
import { RuntimeError } from '../errors.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { adjustOomScore, setHostNames, setSysctls } from './settings.ts';

const test = strictSuite('init/settings', import.meta.path);

const read = (path: string): string => readFileSync(`/proc/${path}`, 'utf8').trim();
const withSysctl = (sysctl: Record<string, string>): Config => ({ ociVersion: '1.3.0', linux: { sysctl } });

rootTest(test, 'host names are those of the config', () => {
  const answer = inChild(() => {
    setHostNames(samplePlan({ ociVersion: '1.3.0', hostname: 'web', domainname: 'test.lan' }));
    return `${read('sys/kernel/hostname')} ${read('sys/kernel/domainname')}`;
  }, CLONE_NEWUTS);
  assert.is(answer, 'web test.lan');
});

test('names that are not set, or empty, change nothing', () => {
  const before = read('sys/kernel/hostname');
  setHostNames(samplePlan({ ociVersion: '1.3.0' }));
  setHostNames(samplePlan({ ociVersion: '1.3.0', hostname: '', domainname: '' }));
  assert.is(read('sys/kernel/hostname'), before);
});

test('the OOM score is set, and left alone if the config says nothing', () => {
  const scoreWith = (oomScoreAdj?: number) => {
    const process = { cwd: '/', ...(oomScoreAdj !== undefined && { oomScoreAdj }) };
    return inChild(() => {
      adjustOomScore(samplePlan({ ociVersion: '1.3.0', process }));
      return read('self/oom_score_adj');
    });
  };
  assert.equal([scoreWith(), scoreWith(777)], [read('self/oom_score_adj'), '777']);
});

const spellings: [key: string, path: string][] = [
  ['kernel.msgmax', 'sys/kernel/msgmax'],
  ['kernel/msgmax', 'sys/kernel/msgmax'],
];
for (const [key, path] of spellings) {
  rootTest(test, `${key} is ${path}`, () => {
    const answer = inChild(() => {
      setSysctls(samplePlan(withSysctl({ [key]: '4321' })));
      return read(path);
    });
    assert.is(answer, '4321');
  });
}

const missing: [key: string, path: string][] = [
  ['net.ipv4.conf.none/1.mtu', '/proc/sys/net/ipv4/conf/none.1/mtu'],
  ['net/ipv4/conf/none.1/mtu', '/proc/sys/net/ipv4/conf/none.1/mtu'],
];
for (const [key, path] of missing) {
  test(`${key} is looked for at ${path}, and named when it is not there`, () => {
    const namesBoth = (error: unknown) =>
      error instanceof RuntimeError && error.oneLine === `/linux/sysctl/${key}: open ${path} ENOENT`;
    assert.throws(() => setSysctls(samplePlan(withSysctl({ [key]: '1' }))), namesBoth);
  });
}

test.run();
