import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmdirSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { attachedDevicePrograms } from '../../bindings/bpf.ts';
import { rootTest } from '../../bindings/root-suite.ts';
import type { DeviceRule } from '../bundle/config.ts';
import { attachRules } from './attach-devices.ts';
import { orderRules } from './device-rules.ts';
import { readHierarchies } from './hierarchies.ts';

const test = suite('cgroup/attach-devices');

const v2 = readHierarchies().find(({ version }) => version === 2);
const directory = `${v2?.mountPoint}/runts-attach-${process.pid}`;

// What a process in the cgroup may do with /dev/kmsg (1:11): read, write, make a node.
function may(): string {
  const script = `echo 0 >${directory}/cgroup.procs
    (: </dev/kmsg) 2>&- && printf r; (: >>/dev/kmsg) 2>&- && printf w; (: <>/dev/kmsg) 2>&- && printf b
    mknod -m 600 ${process.env.TMPDIR ?? '/tmp'}/runts-$$ c 1 11 2>&- && printf m; rm -f /tmp/runts-$$`;
  return spawnSync('sh', ['-c', script], { encoding: 'utf8' }).stdout;
}

const attach = (rules: DeviceRule[]) =>
  attachRules(
    directory,
    orderRules(rules, '/r').filter(({ label }) => label !== 'default devices'),
  );

function programs(): number {
  const fd = openSync(directory, 'r');
  const { length } = attachedDevicePrograms(fd);
  closeSync(fd);
  return length;
}

const KMSG = { type: 'c', major: 1, minor: 11 };

rootTest(test, 'the kernel asks the program, and a new one replaces it', () => {
  if (v2 === undefined) {
    console.log('skipped: no cgroup v2 hierarchy is mounted: the kernel asks the program');
    return;
  }
  mkdirSync(directory);
  try {
    assert.is(may(), 'rwbm');
    const lists: [rules: DeviceRule[], allowed: string][] = [
      [[{ allow: false }], ''],
      [[{ allow: false }, { allow: true, ...KMSG, access: 'r' }], 'r'],
      [[{ allow: false }, { allow: true, ...KMSG, access: 'rw' }], 'rwb'],
      [[{ allow: true }, { allow: false, ...KMSG, access: 'w' }], 'rm'],
      [[{ allow: false }, { allow: true, type: 'c', major: 1, access: 'm' }], 'm'],
      [[{ allow: true }, { allow: false, ...KMSG, minor: 12 }], 'rwbm'],
      [[{ allow: true, ...KMSG, minor: 12 }], ''],
      [[{ allow: false }, { allow: true }], 'rwbm'],
    ];
    for (const [rules, allowed] of lists) {
      attach(rules);
      assert.is(may(), allowed, JSON.stringify(rules));
      assert.is(programs(), 1);
    }
  } finally {
    rmdirSync(directory);
  }
});

test.run();
