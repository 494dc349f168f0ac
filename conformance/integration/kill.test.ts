// `kill`: names and numbers of signals, and who gets them.
import * as assert from 'uvu/assert';
import { withNamespaces } from '../bundle.ts';
import { isRunts, waitUntil } from '../runtime.ts';
import { parseStatus, pids, readText } from './host.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('kill');

/** A running container that writes the number of the trapped signal to /got. */
function trapping(signal: number, annotations: Record<string, string> = {}): { id: string; got: () => string } {
  const script = `trap "echo ${signal} > /got" ${signal}; echo > /ready; while true; do sleep 0.05; done`;
  const bundle = runtime.bundle({ annotations, process: { args: ['sh', '-c', script] } });
  const id = runtime.create(bundle);
  runtime.ok(['start', id]);
  assert.ok(waitUntil(() => readText(`${bundle.rootfs}/ready`) !== ''));
  return { id, got: () => readText(`${bundle.rootfs}/got`) };
}

testUnless(
  isRunts ? undefined : 'runc sends SIGTERM',
  test,
  'without a signal it is the one that the image wants',
  () => {
    const { id, got } = trapping(3, { 'org.opencontainers.image.stopSignal': 'SIGQUIT' });
    runtime.ok(['kill', id]);
    assert.ok(waitUntil(() => got() === '3\n'));
    runtime.remove(id);
  },
);

const SIGNALS: [argument: string | undefined, number: number][] = [
  [undefined, 15],
  ['TERM', 15],
  ['SIGTERM', 15],
  ['15', 15],
  ['HUP', 1],
  ['sigusr1', 10],
  ['usr2', 12],
  ['SIGWINCH', 28],
  ['PWR', 30],
  ['34', 34],
  ['64', 64],
];
// runc 1.1 knows real-time signals by number only.
const REAL_TIME: typeof SIGNALS = [
  ['RTMIN', 34],
  ['SIGRTMIN+3', 37],
  ['RTMAX-1', 63],
  ['SIGRTMAX', 64],
];

for (const [argument, signal] of isRunts ? [...SIGNALS, ...REAL_TIME] : SIGNALS) {
  test(`kill ${argument ?? 'without a signal'} sends signal ${signal}`, () => {
    const { id, got } = trapping(signal);
    runtime.ok(argument === undefined ? ['kill', id] : ['kill', id, argument]);
    assert.ok(waitUntil(() => got() === `${signal}\n`));
    runtime.remove(id);
  });
}

const LETTER = '\u017f'; // a small letter whose upper case is S
for (const argument of [
  ...['NOPE', 'SIG', 'SIGNOPE', '65', '-1', '1x', 'RTMIN+31', 'RTMAX+1', 'SIGSIGTERM', ' TERM', 'TERM ', 'TERM,KILL'],
  ...['9.0', '1e1', '0x9', '99999999999999999999', 'KI\nLL', '\x1b[2J', 'constructor', '\uff19', `${LETTER}IGKILL`],
]) {
  test(`kill refuses the signal ${JSON.stringify(argument)} and sends nothing`, () => {
    const id = runtime.running();
    runtime.fails(['kill', id, argument]);
    assert.is(runtime.state(id).status, 'running');
    runtime.remove(id);
  });
}

test('kill of the waiting process of a created container works', () => {
  const id = runtime.create(runtime.bundle());
  runtime.ok(['kill', id, 'KILL']);
  runtime.waitFor(id, 'stopped');
  runtime.ok(['delete', id]);
});

test('kill --all reaches every process of the container, also without a pid namespace', () => {
  const bundle = runtime.bundle({
    process: { args: ['sh', '-c', 'sleep 71 & sleep 72 & echo > /ready; wait'] },
    ...withNamespaces('mount'),
  });
  const id = runtime.create(bundle);
  runtime.ok(['start', id]);
  assert.ok(waitUntil(() => readText(`${bundle.rootfs}/ready`) !== ''));
  // The shell goes on before its children have become others.
  assert.ok(waitUntil(() => sleepers().length === 2));
  runtime.ok(['kill', '--all', id, 'KILL']);
  assert.ok(waitUntil(() => sleepers().length === 0));
  runtime.waitFor(id, 'stopped');
  runtime.ok(['delete', id]);
});

test('kill --all reaches processes that fork all the time', () => {
  // Each lives for a moment only, and TERM ends the one that it reaches.
  const fork = 'echo "sh /next &" > /next; for i in $(seq 20); do sh /next & done; sleep 1000';
  const base = withNamespaces('mount');
  const id = runtime.running({
    ...base,
    process: { args: ['sh', '-c', fork] },
    // A bound, and so far off that no chain ends by it.
    linux: { ...base.linux, resources: { pids: { limit: 1000 } } },
  });
  const left = () => JSON.parse(runtime.ok(['ps', '--format', 'json', id]))?.length ?? 0;
  assert.ok(waitUntil(() => left() > 4));
  runtime.ok(['kill', '--all', id, 'TERM']);
  assert.ok(waitUntil(() => left() === 0));
  runtime.ok(['delete', id]);
});

test('kill --all leaves a paused container paused', () => {
  const id = runtime.running();
  runtime.ok(['pause', id]);
  runtime.ok(['kill', '--all', id, 'USR1']);
  assert.is(runtime.state(id).status, 'paused');
  runtime.remove(id);
});

test('kill without --all reaches the container process only', () => {
  const bundle = runtime.bundle({
    process: { args: ['sh', '-c', 'sleep 71 & sleep 72 & wait'] },
    ...withNamespaces('mount'),
  });
  const id = runtime.create(bundle);
  runtime.ok(['start', id]);
  assert.ok(waitUntil(() => sleepers().length === 2));
  runtime.ok(['kill', id, 'KILL']);
  runtime.waitFor(id, 'stopped');
  assert.is(sleepers().length, 2);
  runtime.remove(id);
  assert.ok(waitUntil(() => sleepers().length === 0));
});

/** The processes of this file's containers that run `sleep 71` or `sleep 72`. */
function sleepers(): number[] {
  return pids().filter((pid) => {
    const isSleep = /^sleep 7[12] $/.test(readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' '));
    const isOurs = readText(`/proc/${pid}/cgroup`).includes(runtime.tag);
    return (
      isSleep &&
      isOurs &&
      !parseStatus(readText(`/proc/${pid}/status`))
        .get('State')
        ?.startsWith('Z')
    );
  });
}

test.run();
