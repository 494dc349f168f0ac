// `events`: statistics once and at intervals, being out of memory, and the end of the container.
import * as assert from 'uvu/assert';
import { isSystemdDriver, waitUntil } from '../runtime.ts';
import { contentOf, placeOf, withoutController } from './cgroup-files.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('events');

const MB = 1024 * 1024;

interface Event {
  type: string;
  id: string;
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what is tested
  data?: any;
}

const parse = (text: string): Event[] =>
  text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

test('the statistics say what the kernel says', () => {
  const id = runtime.running({ linux: { resources: { memory: { limit: 64 * MB }, pids: { limit: 9 } } } });
  const [event, ...others] = parse(runtime.ok(['events', '--stats', id]));
  assert.equal([event?.type, event?.id, others], ['stats', id, []]);
  const { cpu, memory, pids } = event?.data ?? {};
  assert.equal(pids, { current: 1, limit: 9 });
  assert.is(memory.usage.limit, 64 * MB);
  const { version, outside } = placeOf(runtime.state(id).pid, 'memory');
  const usage = Number(contentOf(outside, version === 1 ? 'memory.usage_in_bytes' : 'memory.current'));
  assert.ok(Math.abs(memory.usage.usage - usage) < 4 * MB, `${memory.usage.usage} ${usage}`);
  assert.type(memory.raw.pgfault, 'number');
  assert.ok(cpu.usage.total > 0);
  runtime.remove(id);
});

test('statistics come at intervals, and end with the container', async () => {
  const id = runtime.running();
  const running = runtime.begin(['events', '--interval', '50ms', id]);
  assert.ok(waitUntil(() => running.stdout().split('\n').length > 3));
  runtime.ok(['kill', id, 'KILL']);
  const { exit, stdout, stderr } = await running.ended;
  assert.is(exit, 0, stderr);
  assert.ok(parse(stdout).every(({ type }) => type === 'stats'));
  runtime.remove(id);
});

testUnless(
  withoutController('memory'),
  test,
  'being out of memory is an event, however the container ends',
  async () => {
    // A child is killed for it, then the container process itself.
    const hog = `awk 'BEGIN { s = "0123456789abcdef"; while (1) s = s s }'`;
    const resources = { memory: { limit: 16 * MB, swap: 16 * MB } };
    const id = runtime.create(
      runtime.bundle({ process: { args: ['sh', '-c', `${hog}; sleep 0.3; exec ${hog}`] }, linux: { resources } }),
    );
    const running = runtime.begin(['events', '--interval', '1h', id]);
    // It has to watch before there is something to see.
    Bun.sleepSync(500);
    runtime.ok(['start', id]);
    const { exit, stdout } = await running.ended;
    assert.is(exit, 0);
    const events = parse(stdout);
    // systemd removes the cgroup with the container process, and what it could tell.
    assert.ok(events.length >= (isSystemdDriver ? 1 : 2), stdout);
    for (const event of events) assert.equal(event, { type: 'oom', id });
    runtime.remove(id);
  },
);

test('a container that does not run has no events', () => {
  const id = runtime.running();
  runtime.ok(['kill', id, 'KILL']);
  runtime.waitFor(id, 'stopped');
  for (const flags of [[], ['--stats']]) assert.match(runtime.fails(['events', ...flags, id]), 'is not running');
  assert.match(runtime.fails(['events', 'none']), 'container does not exist');
  assert.match(runtime.fails(['events', '--interval', '0s', id]), 'interval');
});

test.run();
