import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sampleRecord } from '../state/fixtures/record.ts';
import { cgroupsOfInit, chosenCgroups } from './exec-cgroups.ts';

const test = suite('create/exec-cgroups');
const folder = mkdtempSync('/tmp/runts-exec-cgroups-');
test.after(() => rmSync(folder, { recursive: true }));
for (const name of ['a/sub/deep', 'b/sub/deep']) mkdirSync(`${folder}/${name}`, { recursive: true });
const record = sampleRecord({ cgroups: ['a', 'b'].map((name) => ({ directory: `${folder}/${name}`, isOwn: true })) });
const below = (path: string): string[] => [`${folder}/a${path}`, `${folder}/b${path}`];

test('without a choice it is the cgroup of the container', () => {
  assert.equal(chosenCgroups(record, []), below(''));
});

for (const [choice, path] of [
  ['sub', '/sub'],
  ['/sub//deep/', '/sub/deep'],
  ['/', ''],
  ['./sub', '/sub'],
] as const) {
  test(`--cgroup ${choice} is ${path} below it in each hierarchy`, () => {
    assert.equal(chosenCgroups(record, [choice]), below(path));
  });
}

for (const [choice, line] of [
  ['../b', /leads out/],
  ['sub/../../b', /leads out/],
  ['none', /a\/none does not exist/],
  ['nothing:sub', /no cgroup v1 hierarchy with "nothing"/],
] as const) {
  test(`--cgroup ${choice} is refused`, () => {
    assert.throws(() => chosenCgroups(record, [choice]), line);
  });
}

test('where the process is counts for the v2 cgroup only', () => {
  assert.equal(cgroupsOfInit(sampleRecord({ pid: process.pid }), ['/elsewhere/a']), ['/elsewhere/a']);
});

test.run();
