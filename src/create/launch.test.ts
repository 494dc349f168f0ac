// What is looked up on the host before anything is started. That it starts: conformance/integration.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wait } from '../../bindings/process.ts';
import type { Config, Linux } from '../bundle/config.ts';
import { toRuntimeError } from '../errors.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { launch } from './launch.ts';

const test = suite('create/launch');

const folder = mkdtempSync('/tmp/runts-launch-');
mkdirSync(`${folder}/rootfs`);
writeFileSync(`${folder}/file`, '');
test.after(() => rmSync(folder, { recursive: true }));

function failureOf(parts: Partial<Config>): string {
  const plan = samplePlan({ ociVersion: '1.3.0', ...parts }, { bundle: folder });
  const fds = { syncFd: -1, startFd: -1, resultFd: -1 };
  try {
    launch({ plan, placedCgroup: [], ...fds, rootMountPoint: folder, makeFilter: undefined });
    return 'started';
  } catch (error) {
    return toRuntimeError(error)?.oneLine ?? String(error);
  }
}

const joining = (type: 'network' | 'uts', path: string): { linux: Linux } => ({
  linux: { namespaces: [{ type: 'mount' }, { type, path }] },
});

const failures: [name: string, parts: Partial<Config>, line: string][] = [
  ['a root that is missing', { root: { path: 'none' } }, `/root/path ${folder}/none: open ${folder}/none ENOENT`],
  ['a root that is a file', { root: { path: 'file' } }, `/root/path ${folder}/file: open ${folder}/file ENOTDIR`],
  [
    'the source of a bind mount that is missing',
    { mounts: [{ destination: '/x', source: `${folder}/none`, options: ['bind'] }] },
    `mount /mounts/0 (bind of ${folder}/none on /x): stat ${folder}/none ENOENT`,
  ],
  [
    'a namespace that is missing',
    joining('network', `${folder}/none`),
    `/linux/namespaces/1/path ${folder}/none: open ${folder}/none ENOENT`,
  ],
  [
    'a namespace that is none',
    joining('network', `${folder}/file`),
    `/linux/namespaces/1/path ${folder}/file: is no namespace, not one of type network`,
  ],
  [
    'a namespace of another kind',
    joining('network', '/proc/self/ns/uts'),
    '/linux/namespaces/1/path /proc/self/ns/uts: is a uts namespace, not one of type network',
  ],
];
for (const [name, parts, line] of failures) {
  test(`${name} is told before anything is started`, () => {
    assert.is(failureOf(parts), line);
    assert.is(wait(-1, { block: false }), undefined);
  });
}

test.run();
