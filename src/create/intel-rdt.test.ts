// On a folder that looks like a resctrl file system; the real one needs certain processors.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { IntelRdt } from '../bundle/config.ts';
import { toRuntimeError } from '../errors.ts';
import { planIntelRdt } from '../plan/intel-rdt.ts';
import { sampleRecord } from '../state/fixtures/record.ts';
import { addIntelRdt, joinGroups, lookUpGroups, makeGroups, removeGroups, resctrlMountPoint } from './intel-rdt.ts';
import { UndoList } from './undo.ts';

const test = suite('create/intel-rdt');

let root = '';
test.before.each(() => {
  root = mkdtempSync('/tmp/runts-resctrl-');
  for (const folder of ['info', 'mon_groups', 'gold', 'gold/mon_groups']) mkdirSync(`${root}/${folder}`);
  writeFileSync(`${root}/schemata`, 'L3:0=fff;1=fff\n');
  writeFileSync(`${root}/gold/schemata`, '    L3:0=00f;1=0f0\n    MB:0=50;1=50\n');
});
test.after.each(() => rmSync(root, { recursive: true }));

// Everything up to the process 77 in its groups; what has failed, in the user's words.
function make(intelRdt: IntelRdt): { line: string; made: string[]; own: string[] } {
  const made: string[] = [];
  let own: string[] = [];
  const plan = planIntelRdt(intelRdt, 'web1');
  if (plan === undefined) throw new Error('no plan');
  try {
    const groups = lookUpGroups(plan, root);
    own = groups.own.map((folder) => folder.slice(root.length));
    makeGroups(groups, (folder) => made.push(folder.slice(root.length)));
    joinGroups(groups, 77);
    return { line: 'done', made, own };
  } catch (error) {
    return { line: (toRuntimeError(error)?.oneLine ?? String(error)).replaceAll(root, ''), made, own };
  }
}

const textOf = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

test('without closID there is a group of its own, which goes with the container', () => {
  assert.equal(make({ schemata: ['L3:0=f', 'MB:0=10'] }), { line: 'done', made: ['/web1'], own: ['/web1'] });
  assert.equal([textOf('/web1/schemata'), textOf('/web1/tasks')], ['L3:0=f\nMB:0=10\n', '77\n']);
});

test('a group of that name that was there before stays', () => {
  mkdirSync(`${root}/web1`);
  assert.equal(make({}), { line: 'done', made: [], own: [] });
  assert.not.ok(existsSync(`${root}/web1/schemata`));
});

test('a group with a closID is made if there is a schema for it, and stays', () => {
  const silver: IntelRdt = { closID: 'silver', memBwSchema: 'MB:0=20', l3CacheSchema: 'L3:0=f', schemata: ['L2:0=1'] };
  assert.equal(make(silver), { line: 'done', made: ['/silver'], own: [] });
  assert.is(textOf('/silver/schemata'), 'L3:0=f\nMB:0=20\nL2:0=1\n');
});

test('a group that is there is used, with nothing written but the pid', () => {
  const before = textOf('/gold/schemata');
  assert.equal(make({ closID: 'gold' }), { line: 'done', made: [], own: [] });
  assert.equal([textOf('/gold/schemata'), textOf('/gold/tasks')], [before, '77\n']);
});

test('the default group is the root', () => {
  assert.is(make({ closID: '/' }).line, 'done');
  assert.is(textOf('/tasks'), '77\n');
});

test('a group that is not there is an error without a schema', () => {
  assert.is(
    make({ closID: 'silver' }).line,
    '/linux/intelRdt/closID: there is no group /silver, and no schema to make one with',
  );
  assert.not.ok(existsSync(`${root}/silver`));
});

test('a group that has other values is an error, one with the same is not', () => {
  assert.is(
    make({ closID: 'gold', l3CacheSchema: 'L3:0=f;1=f0', memBwSchema: 'MB:0=60' }).line,
    '/linux/intelRdt/memBwSchema: MB:0=60 is not what the group /gold has',
  );
  assert.is(make({ closID: 'gold', l3CacheSchema: 'L3:0=f;1=f0', memBwSchema: 'MB:0=50' }).line, 'done');
});

test('the monitoring group is made in the group, joined, and removed first', () => {
  const made = ['/web1', '/web1/mon_groups/web1'];
  // The kernel makes mon_groups together with the group.
  mkdirSync(`${root}/web1`);
  mkdirSync(`${root}/web1/mon_groups`);
  assert.equal(make({ enableMonitoring: true }), { line: 'done', made: made.slice(1), own: made.slice(1) });
  assert.equal([textOf('/web1/tasks'), textOf('/web1/mon_groups/web1/tasks')], ['77\n', '77\n']);
  const plan = planIntelRdt({ enableMonitoring: true }, 'web2');
  assert.equal(plan && lookUpGroups(plan, '/m').own, ['/m/web2/mon_groups/web2', '/m/web2']);
});

test('a monitoring group that cannot be made is an error', () => {
  mkdirSync(`${root}/gold/mon_groups/web1`);
  const { line } = make({ closID: 'gold', enableMonitoring: true });
  assert.is(line, '/linux/intelRdt: mkdir /gold/mon_groups/web1 EEXIST');
});

test("a refused schema is told with the file system's own reason", () => {
  mkdirSync(`${root}/web1`);
  mkdirSync(`${root}/web1/schemata`);
  writeFileSync(`${root}/info/last_cmd_status`, "Unknown or unsupported resource name 'L9'\n");
  assert.is(
    make({ schemata: ['L9:0=1'] }).line,
    "/linux/intelRdt/schemata/0 L9:0=1: open /web1/schemata EISDIR — Unknown or unsupported resource name 'L9'",
  );
});

test('groups are removed, and those that are gone are no error', () => {
  removeGroups([`${root}/gold/mon_groups`, `${root}/none`]);
  assert.not.ok(existsSync(`${root}/gold/mon_groups`));
});

test('the file system is found where it is mounted', () => {
  const line = '30 25 0:27 / /sys/fs/res\\040ctrl rw,nosuid - resctrl resctrl rw\n';
  assert.is(resctrlMountPoint(`25 1 0:5 / / rw - ext4 /dev/sda rw\n${line}`), '/sys/fs/res ctrl');
  assert.is(resctrlMountPoint('25 1 0:5 / / rw - ext4 /dev/sda rw\n'), undefined);
});

test('where it is not mounted, that is the error', () => {
  const plan = planIntelRdt({}, 'web1');
  if (plan === undefined || resctrlMountPoint(readFileSync('/proc/self/mountinfo', 'utf8')) !== undefined) return;
  const record = sampleRecord();
  let line = '';
  try {
    addIntelRdt(plan, record, new UndoList());
  } catch (error) {
    line = toRuntimeError(error)?.oneLine ?? String(error);
  }
  assert.match(line, /^\/linux\/intelRdt: no resctrl file system is mounted — mount it with: /);
  assert.is(record.resctrl, undefined);
});

test.run();
