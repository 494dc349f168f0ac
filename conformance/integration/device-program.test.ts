// Device rules where there is no v1 controller devices: an eBPF program on the v2 cgroup. A hybrid host is made one by
// taking that controller's mount away in a mount namespace of the runtime's own.
import * as assert from 'uvu/assert';
import type { DeviceRule } from '../../src/bundle/config.ts';
import type { CommandOptions } from '../runtime.ts';
import { parseMountinfo, readText } from './host.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('device-program');

const mounts = parseMountinfo(readText('/proc/self/mountinfo'));
const v1 = mounts.find(({ type, superOptions }) => type === 'cgroup' && superOptions.includes('devices'));
const reason = mounts.some(({ type }) => type === 'cgroup2') ? undefined : 'no cgroup v2 hierarchy is mounted';

const HIDE = `umount -l ${v1?.target}; exec "$@"`;
const options: CommandOptions = v1 === undefined ? {} : { wrapper: ['unshare', '--mount', 'sh', '-c', HIDE, 'sh'] };

const KMSG = { path: '/dev/kmsg', type: 'c' as const, major: 1, minor: 11 };
const CAPS = ['CAP_SYSLOG', 'CAP_MKNOD', 'CAP_SYS_ADMIN', 'CAP_DAC_OVERRIDE'];
const capabilities = { bounding: CAPS, effective: CAPS, permitted: CAPS };

// What the container may do with its own /dev/kmsg: read, write, both, make such a node.
const PROBE = [
  '(: </dev/kmsg) 2>/dev/null && echo r',
  '(: >>/dev/kmsg) 2>/dev/null && echo w',
  '(: <>/dev/kmsg) 2>/dev/null && echo b',
  'mknod /tmp/node c 1 11 2>/dev/null && echo m',
  'echo fine >/dev/null && echo null',
].join('; ');

function may(devices: DeviceRule[]): string {
  const changes = { process: { capabilities }, linux: { devices: [KMSG], resources: { devices } } };
  return runtime.inside(`${PROBE}; true`, changes, options).replaceAll('\n', ' ').trim();
}

const rules: [name: string, rules: DeviceRule[], allowed: string][] = [
  ['a device that no rule allows can be made, but not opened', [{ allow: false }], 'm null'],
  ['a device that a rule allows can be opened', [{ allow: false }, { allow: true, ...KMSG }], 'r w b m null'],
  ['for reading only', [{ allow: false }, { allow: true, ...KMSG, access: 'r' }], 'r m null'],
  [
    'a later rule takes away what an earlier one gives',
    [{ allow: true }, { allow: false, ...KMSG, access: 'w' }],
    'r m null',
  ],
  ['a rule for a whole major', [{ allow: false }, { allow: true, type: 'c', major: 1 }], 'r w b m null'],
  ['everything', [{ allow: true }], 'r w b m null'],
];
for (const [name, list, allowed] of rules) {
  testUnless(reason, test, name, () => assert.is(may(list), allowed));
}

testUnless(reason, test, 'update replaces the rules of a container that runs', () => {
  const script = 'while :; do (: </dev/kmsg) 2>/dev/null && echo open || echo denied; sleep 0.05; done';
  const bundle = runtime.bundle({
    process: { args: ['sh', '-c', script], capabilities },
    linux: { devices: [KMSG], resources: { devices: [{ allow: false }] } },
  });
  const id = runtime.id();
  const running = runtime.begin(['run', '--bundle', bundle.directory, id], options);
  const last = () => running.stdout().trim().split('\n').at(-1);
  const reaches = (word: string) => {
    for (let attempt = 0; last() !== word && attempt < 500; attempt++) Bun.sleepSync(20);
    assert.is(last(), word);
  };
  reaches('denied');
  const update = (devices: DeviceRule[]) =>
    runtime.ok(['update', '--resources', '-', id], { ...options, input: JSON.stringify({ devices }) });
  update([{ allow: false }, { allow: true, ...KMSG, access: 'r' }]);
  reaches('open');
  update([{ allow: false }]);
  reaches('denied');
  runtime.remove(id);
});

test.run();
