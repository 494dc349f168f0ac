import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rootTest } from '../../bindings/root-suite.ts';
import { assertRefused } from './fixtures/files.ts';
import { readHierarchies } from './hierarchies.ts';
import { checkDomain, enableControllers, whyNotEnabled } from './subtree.ts';

const test = suite('cgroup/subtree');

let mountPoint = '';
test.before.each(() => {
  mountPoint = mkdtempSync('/tmp/runts-subtree-');
  cgroup('', 'cpu io memory', 'cpu');
  cgroup('a', 'cpu', '');
  cgroup('a/b', '', '');
});
test.after.each(() => rmSync(mountPoint, { recursive: true }));

function cgroup(path: string, controllers: string, enabled: string): void {
  mkdirSync(`${mountPoint}/${path}`, { recursive: true });
  writeFileSync(`${mountPoint}/${path}/cgroup.controllers`, `${controllers}\n`);
  writeFileSync(`${mountPoint}/${path}/cgroup.subtree_control`, `${enabled}\n`);
}

const folder = () => ({ mountPoint, directory: `${mountPoint}/a/b` });
const written = (path: string): string => readFileSync(`${mountPoint}/${path}/cgroup.subtree_control`, 'utf8');

// Plain files keep what is written last.
test('all controllers are enabled above the cgroup, not in it', () => {
  enableControllers(folder());
  assert.equal(['', 'a', 'a/b'].map(written), ['+io +memory', '+cpu +io +memory', '\n']);
});

test('only those that are wanted and there', () => {
  enableControllers(folder(), ['memory', 'rdma']);
  assert.equal(['', 'a'].map(written), ['+memory', '+memory']);
});

test('nothing is written when the cgroup has them', () => {
  writeFileSync(`${mountPoint}/a/b/cgroup.controllers`, 'cpu memory\n');
  enableControllers(folder(), ['cpu']);
  assert.equal(['', 'a'].map(written), ['cpu\n', '\n']);
});

test('where processes are in the way nothing is enabled, but in the root', () => {
  writeFileSync(`${mountPoint}/a/cgroup.type`, 'domain\n');
  for (const path of ['', 'a']) writeFileSync(`${mountPoint}/${path}/cgroup.procs`, '17\n');
  enableControllers(folder());
  assert.equal(['', 'a'].map(written), ['+io +memory', '\n']);
  assert.match(
    whyNotEnabled(folder(), 'cpu')?.oneLine ?? '',
    /a\/cgroup\.subtree_control: EBUSY — that cgroup has proc/,
  );
});

test('a controller that the host does not have has no other reason', () => {
  assert.is(whyNotEnabled(folder(), 'rdma'), undefined);
});

for (const [type, isRefused] of [
  ['domain', false],
  ['domain threaded', false],
  ['domain invalid', true],
  ['threaded', true],
] as const) {
  test(`processes may ${isRefused ? 'not ' : ''}be in a cgroup whose type is ${type}`, () => {
    writeFileSync(`${mountPoint}/a/b/cgroup.type`, `${type}\n`);
    if (isRefused)
      assertRefused(() => checkDomain(folder()), /\/a\/b is "[a-z ]+": the cgroup above it is threaded — /);
    else checkDomain(folder());
  });
}

test('a kernel without types has domains only', () => assert.not.throws(() => checkDomain(folder())));

rootTest(
  test,
  'in a real hierarchy: controllers come, a cgroup with processes keeps them out, threaded is told',
  () => {
    const v2 = readHierarchies().find(({ version }) => version === 2);
    const [controller] =
      v2 === undefined ? [] : readFileSync(`${v2.mountPoint}/cgroup.controllers`, 'utf8').split(/\s/);
    if (v2 === undefined || !controller) {
      console.log('skipped: no cgroup v2 controllers: in a real hierarchy controllers come');
      return;
    }
    const outer = `${v2.mountPoint}/runts-subtree-${process.pid}`;
    const place = { mountPoint: v2.mountPoint, directory: `${outer}/inner` };
    mkdirSync(place.directory, { recursive: true });
    try {
      enableControllers(place, [controller]);
      assert.match(readFileSync(`${place.directory}/cgroup.controllers`, 'utf8'), controller);
      checkDomain(place);
      writeFileSync(`${outer}/cgroup.subtree_control`, `-${controller}`);
      const sleeper = Bun.spawn(['sleep', '60']);
      writeFileSync(`${outer}/cgroup.procs`, String(sleeper.pid));
      enableControllers(place, [controller]);
      const why = whyNotEnabled(place, controller)?.oneLine ?? '';
      sleeper.kill('SIGKILL');
      assert.match(
        why,
        new RegExp(`^the controller ${controller} cannot be enabled: .*: EBUSY — that cgroup has proc`),
      );
      while (existsSync(`/proc/${sleeper.pid}/exe`)) Bun.sleepSync(5);
      writeFileSync(`${place.directory}/cgroup.type`, 'threaded');
      const below = `${outer}/below`;
      mkdirSync(below);
      assertRefused(() => checkDomain({ ...place, directory: below }), /below is "domain invalid": the cgroup above/);
      rmdirSync(below);
    } finally {
      rmdirSync(place.directory);
      for (let attempt = 0; existsSync(outer) && attempt < 100; attempt++) {
        try {
          rmdirSync(outer);
        } catch {
          Bun.sleepSync(10);
        }
      }
    }
  },
);

test.run();
