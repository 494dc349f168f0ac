import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rootTest } from '../../bindings/root-suite.ts';
import { planCgroup } from '../plan/cgroup.ts';
import { makeCgroup, placeCgroup, removeCgroup } from './cgroup.ts';
import { assertRefused } from './fixtures/files.ts';
import { freezeCgroup, thawCgroup, whileFrozen } from './freeze.ts';
import type { CgroupFolder } from './processes.ts';

const test = suite('cgroup/freeze');

const folder = mkdtempSync('/tmp/runts-freeze-');
test.after(() => rmSync(folder, { recursive: true }));

function fake(name: string, files: Record<string, string>): CgroupFolder {
  const directory = `${folder}/${name}`;
  mkdirSync(directory);
  for (const [file, text] of Object.entries(files)) writeFileSync(`${directory}/${file}`, text);
  return { directory, isOwn: true };
}

const read = ({ directory }: CgroupFolder, file: string): string => readFileSync(`${directory}/${file}`, 'utf8');

// A plain file says at once what was written to it, as a cgroup without processes does.
test('v1: the state is written', () => {
  const v1 = fake('v1', { 'freezer.state': 'THAWED\n' });
  freezeCgroup([v1]);
  assert.is(read(v1, 'freezer.state'), 'FROZEN');
  thawCgroup([v1]);
  assert.is(read(v1, 'freezer.state'), 'THAWED');
});

test('v2: is done when cgroup.events says so', () => {
  const v2 = fake('v2', { 'cgroup.freeze': '0\n', 'cgroup.events': 'populated 1\nfrozen 1\n' });
  freezeCgroup([v2]);
  assert.is(read(v2, 'cgroup.freeze'), '1');
  assertRefused(
    () => thawCgroup([v2], 20),
    /^thaw \S+\/v2\/cgroup\.freeze: the processes stay frozen — is a cgroup ab/,
  );
  assert.is(read(v2, 'cgroup.freeze'), '0');
});

test('v1 comes before v2 where a container is in both', () => {
  const both = [fake('two', { 'cgroup.freeze': '0' }), fake('one', { 'freezer.state': 'THAWED' })];
  freezeCgroup(both);
  assert.equal(
    [read(both[0] as CgroupFolder, 'cgroup.freeze'), read(both[1] as CgroupFolder, 'freezer.state')],
    ['0', 'FROZEN'],
  );
});

test('what does not freeze in time goes on', () => {
  const v2 = fake('slow', { 'cgroup.freeze': '0\n', 'cgroup.events': 'populated 1\nfrozen 0\n' });
  assertRefused(() => freezeCgroup([v2], 20), /^freeze \S+\/slow\/cgroup\.freeze: not all processes can be frozen/);
  assert.is(read(v2, 'cgroup.freeze'), '0');
});

test('without a freezer that is said', () => {
  assertRefused(() => freezeCgroup([{ directory: folder, isOwn: true }]), /^the container has no cgroup that can be/);
});

test('something is done while all are frozen', () => {
  const v1 = fake('moment', { 'freezer.state': 'THAWED\n', 'cgroup.procs': '' });
  whileFrozen([v1], () => assert.is(read(v1, 'freezer.state'), 'FROZEN'));
  assert.is(read(v1, 'freezer.state'), 'THAWED');
  const fail = () => {
    throw new Error('failed');
  };
  assert.throws(() => whileFrozen([v1], fail), 'failed');
  assert.is(read(v1, 'freezer.state'), 'THAWED');
});

test('what is frozen already stays so; what cannot be frozen, or holds the runtime itself, is left as it is', () => {
  const frozen = fake('before', { 'freezer.state': 'FROZEN\n', 'cgroup.procs': '' });
  whileFrozen([frozen], () => {});
  assert.is(read(frozen, 'freezer.state'), 'FROZEN\n');
  const own = fake('self', { 'freezer.state': 'THAWED\n', 'cgroup.procs': `${process.pid}\n` });
  whileFrozen([own], () => assert.is(read(own, 'freezer.state'), 'THAWED\n'));
  let count = 0;
  whileFrozen([], () => count++);
  assert.is(count, 1);
});

rootTest(test, 'real processes stop and go on', () => {
  const placed = placeCgroup(planCgroup({ ociVersion: '1.3.0' }, `runts-freeze-${process.pid}`));
  makeCgroup(placed);
  try {
    const counter = `${folder}/counter`;
    const script = `for f in "$@"; do echo $$ >"$f/cgroup.procs"; done; while :; do echo x >>${counter}; done`;
    const folders = placed.map(({ directory }) => directory);
    spawnSync('sh', ['-c', `sh -c '${script}' sh "$@" >&- 2>&- & sleep 0.2`, 'sh', ...folders]);
    freezeCgroup(placed);
    const before = readFileSync(counter).length;
    Bun.sleepSync(50);
    assert.is(readFileSync(counter).length, before);
    thawCgroup(placed);
    Bun.sleepSync(50);
    assert.ok(readFileSync(counter).length > before);
  } finally {
    removeCgroup(placed);
  }
});

test.run();
