// `update`: limits of a running container are changed, by options and by a file; what fails changes nothing.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { isRunts } from '../runtime.ts';
import { contentOf, placeOf, withoutController } from './cgroup-files.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('update');

const id = runtime.running();
const { pid } = runtime.state(id);

function read(controller: string, v1: string, v2 = v1): string {
  const { version, outside } = placeOf(pid, controller);
  return contentOf(outside, version === 1 ? v1 : v2);
}

type Flag = [flags: string[], controller: string, v1: [file: string, value: string], v2: [file: string, value: string]];

const FLAGS: Flag[] = [
  [['--memory', '64m'], 'memory', ['memory.limit_in_bytes', '67108864'], ['memory.max', '67108864']],
  [
    ['--memory', '64m', '--memory-swap', '96m'],
    'memory',
    ['memory.memsw.limit_in_bytes', '100663296'],
    ['memory.swap.max', '33554432'],
  ],
  [
    // Both grow beyond what is there: in v1 memory+swap has to go first.
    ['--memory', '256m', '--memory-swap', '256m'],
    'memory',
    ['memory.memsw.limit_in_bytes', '268435456'],
    ['memory.swap.max', '0'],
  ],
  [
    ['--memory', '64m', '--memory-swap', '64m'],
    'memory',
    ['memory.limit_in_bytes', '67108864'],
    ['memory.max', '67108864'],
  ],
  [
    ['--memory', '-1', '--memory-swap', '-1'],
    'memory',
    ['memory.limit_in_bytes', '9223372036854771712'],
    ['memory.max', 'max'],
  ],
  [['--memory-reservation', '8m'], 'memory', ['memory.soft_limit_in_bytes', '8388608'], ['memory.low', '8388608']],
  [['--cpu-share', '2'], 'cpu', ['cpu.shares', '2'], ['cpu.weight', '1']],
  [['--cpu-quota', '30000'], 'cpu', ['cpu.cfs_quota_us', '30000'], ['cpu.max', '30000 100000']],
  [['--cpu-period', '60000'], 'cpu', ['cpu.cfs_period_us', '60000'], ['cpu.max', '30000 60000']],
  [['--cpu-burst', '10000'], 'cpu', ['cpu.cfs_burst_us', '10000'], ['cpu.max.burst', '10000']],
  [['--cpu-quota', '-1', '--cpu-burst', '0'], 'cpu', ['cpu.cfs_quota_us', '-1'], ['cpu.max', 'max 60000']],
  [['--cpu-idle', '1'], 'cpu', ['cpu.idle', '1'], ['cpu.idle', '1']],
  [['--cpu-idle', '0'], 'cpu', ['cpu.idle', '0'], ['cpu.idle', '0']],
  [['--cpuset-cpus', '0'], 'cpuset', ['cpuset.cpus', '0'], ['cpuset.cpus', '0']],
  [['--cpuset-mems', '0'], 'cpuset', ['cpuset.mems', '0'], ['cpuset.mems', '0']],
  [['--pids-limit', '50'], 'pids', ['pids.max', '50'], ['pids.max', '50']],
  [['--pids-limit', '-1'], 'pids', ['pids.max', 'max'], ['pids.max', 'max']],
];
for (const [flags, controller, v1, v2] of FLAGS) {
  testUnless(withoutController(controller), test, `update ${flags.join(' ')}`, () => {
    runtime.ok(['update', ...flags, id]);
    const { version, outside } = placeOf(pid, controller);
    const [file, value] = version === 1 ? v1 : v2;
    assert.is(contentOf(outside, file), value);
  });
}

const LIMIT_FILES = ['memory', 'memory.limit_in_bytes', 'memory.max'] as const;

testUnless(withoutController('memory'), test, 'a file and standard input hold resources as a config does', () => {
  const file = join(runtime.folder, 'resources.json');
  writeFileSync(file, JSON.stringify({ memory: { limit: 33_554_432 } }));
  runtime.ok(['update', '--resources', file, id]);
  assert.is(read(...LIMIT_FILES), '33554432');
  runtime.ok(['update', '-r', '-', id], { input: JSON.stringify({ memory: { limit: 67_108_864 } }) });
  assert.is(read(...LIMIT_FILES), '67108864');
});

const onlyRunts = isRunts ? undefined : 'the words are those of runts';
testUnless(
  withoutController('memory') ?? onlyRunts,
  test,
  'when one limit cannot be set, the others are set back',
  () => {
    runtime.ok(['update', '--pids-limit', '77', id]);
    const input = JSON.stringify({ pids: { limit: 5 }, cpu: { cpus: '0' }, unified: { 'none.max': '1' } });
    assert.match(runtime.fails(['update', '-r', '-', id], { input }), /^runts: update \S+: \/unified\/none\.max: /);
    assert.is(read('pids', 'pids.max'), '77');
  },
);

// In v1 memory+swap can't be below memory: which of them goes first depends on what is there.
testUnless(withoutController('memory') ?? onlyRunts, test, 'memory and swap are both set back', () => {
  const { version } = placeOf(pid, 'memory');
  const values = () => [read(...LIMIT_FILES), read('memory', 'memory.memsw.limit_in_bytes', 'memory.swap.max')];
  runtime.ok(['update', '--memory', '64m', '--memory-swap', '96m', id]);
  for (const [limit, swap] of [
    [134_217_728, 268_435_456],
    [33_554_432, 33_554_432],
  ]) {
    const input = JSON.stringify({ memory: { limit, swap }, unified: { 'none.max': '1' } });
    assert.match(runtime.fails(['update', '-r', '-', id], { input }), 'none.max');
    assert.equal(values(), ['67108864', version === 1 ? '100663296' : '33554432']);
  }
});

testUnless(onlyRunts, test, 'what is no value is refused by the name of the option', () => {
  for (const [flag, value] of [
    ['--memory', '5x'],
    ['--cpu-share', 'a'],
    ['--pids-limit', 'a'],
    ['--cpu-quota', '1.5'],
  ] as const) {
    assert.match(runtime.fails(['update', flag, value, id]), `${flag} "${value}"`);
  }
});

testUnless(onlyRunts, test, 'an endless file is not read to its end', () => {
  assert.match(runtime.fails(['update', '--resources', '/dev/zero', id]), '/dev/zero: must have at most');
});

// As containerd does: it hands over all resources of the config each time. In v1 starting anew would deny for a moment
// what stays allowed, and isn't possible with cgroups below.
test('devices that stay allowed are not denied meanwhile', () => {
  const rules = [{ allow: false }, { allow: true, type: 'c', major: 10, minor: 229, access: 'rwm' }];
  const script = 'while echo 2>&1 >/dev/null; do :; done; sleep 1000';
  const busy = runtime.running({
    process: { args: ['sh', '-c', script] },
    linux: { resources: { devices: rules } },
  });
  const { outside } = placeOf(runtime.state(busy).pid, 'devices');
  mkdirSync(join(outside, 'below'));
  for (let count = 0; count < 10; count++) {
    const devices = [...rules, { allow: count % 2 === 0, type: 'c', major: 10, minor: 200, access: 'rw' }];
    runtime.ok(['update', '-r', '-', busy], { input: JSON.stringify({ devices }) });
  }
  assert.equal(JSON.parse(runtime.ok(['ps', '--format', 'json', busy])).length, 1);
});

test('without options nothing changes', () => assert.is(runtime.ok(['update', id]), ''));

test('a paused container can be updated', () => {
  runtime.ok(['pause', id]);
  runtime.ok(['update', '--pids-limit', '66', id]);
  assert.is(read('pids', 'pids.max'), '66');
  runtime.ok(['resume', id]);
});

test('a stopped container cannot be updated', () => {
  const stopped = runtime.running();
  runtime.ok(['kill', stopped, 'KILL']);
  runtime.waitFor(stopped, 'stopped');
  assert.match(runtime.fails(['update', '--pids-limit', '5', stopped]), 'container not running');
  assert.match(runtime.fails(['update', '--pids-limit', '5', runtime.id()]), 'container does not exist');
});

test.run();
