// What stays of a foreground `run` while its container runs, and where the engine goes on again.
import { existsSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { withNamespaces } from '../bundle.ts';
import { type CommandOptions, isSystemdDriver, type RunningCommand, waitUntil } from '../runtime.ts';
import { parseStatus, readText } from './host.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('foreground');
const byEngine = isSystemdDriver ? "with systemd's cgroups the engine stays" : undefined;

interface Run extends RunningCommand {
  id: string;
}

interface RunOptions {
  flags?: string[];
  changes?: object;
  command?: CommandOptions;
}

function begin(args: string[], { flags = [], changes = {}, command = {} }: RunOptions = {}): Run {
  const id = runtime.id();
  const bundle = runtime.bundle({ ...changes, process: { args } });
  return { ...runtime.begin(['run', ...flags, '--bundle', bundle.directory, id], command), id };
}

// A kept engine goes on in the launcher's process.
const programOf = (pid: number): string =>
  readlinkSync(`/proc/${pid}/exe`)
    .replace(/^.*\//, '')
    .replace(/^runts$/, 'runts-engine');

function awaitRunning({ id }: Run): void {
  if (!waitUntil(() => runtime.command(['state', id]).exit === 0)) throw new Error(`there is no ${id}`);
  runtime.waitFor(id, 'running');
}

function settled(run: Run): string {
  awaitRunning(run);
  // The container may be faster than the runtime's last step.
  waitUntil(() => programOf(run.pid) === 'runts-foreground', 2000);
  return programOf(run.pid);
}

testUnless(byEngine, test, 'a small program stays, with nothing but the container’s folder', async () => {
  const run = begin(['sleep', '60']);
  assert.is(settled(run), 'runts-foreground');
  const status = parseStatus(readText(`/proc/${run.pid}/status`));
  assert.is(status.get('Name'), 'runts');
  assert.ok(Number.parseInt(status.get('VmRSS') ?? '', 10) <= 100, `VmRSS ${status.get('VmRSS')}`);
  const files = readdirSync(`/proc/${run.pid}/fd`).filter((fd) => Number(fd) > 2);
  assert.equal(
    files.map((fd) => readlinkSync(`/proc/${run.pid}/fd/${fd}`)),
    [join(runtime.root, run.id)],
  );
  const words = readText(`/proc/${run.pid}/cmdline`).split('\0');
  assert.equal(words.slice(-3), [join(words.at(-3) ?? ''), run.id, '']);
  // Others can work on the container meanwhile.
  assert.is(runtime.ok(['exec', run.id, 'echo', 'in there']), 'in there\n');
  runtime.ok(['kill', run.id, 'KILL']);
  assert.is((await run.ended).exit, 137);
  assert.not.ok(existsSync(join(runtime.root, run.id)));
});

test('so it does for exec, with no descriptors at all', async () => {
  const id = runtime.running();
  const exec = runtime.begin([
    'exec',
    id,
    'sh',
    '-c',
    'trap "exit 5" TERM; echo ready; while true; do sleep 0.05; done',
  ]);
  assert.ok(waitUntil(() => exec.stdout() === 'ready\n'));
  assert.ok(
    waitUntil(() => programOf(exec.pid) === 'runts-foreground', 2000),
    programOf(exec.pid),
  );
  assert.equal(readdirSync(`/proc/${exec.pid}/fd`), ['0', '1', '2']);
  process.kill(exec.pid, 'SIGTERM');
  assert.is((await exec.ended).exit, 5);
  runtime.remove(id);
});

const log = join(runtime.folder, 'log');
const stays: [name: string, options: Parameters<typeof begin>[1]][] = [
  ['with a descriptor of the caller’s', { command: { descriptors: ['/dev/null'] } }],
  ['with a log that is no file', { command: { globals: ['--log', '/dev/null'] } }],
  ['with --debug', { command: { globals: ['--debug', '--log', log] } }],
  ['with --keep', { flags: ['--keep'] }],
  ['with poststop hooks', { changes: { hooks: { poststop: [{ path: '/bin/true' }] } } }],
];
for (const [name, options] of stays) {
  test(`${name} the engine stays`, async () => {
    const run = begin(['sleep', '1'], options);
    awaitRunning(run);
    Bun.sleepSync(100);
    assert.is(programOf(run.pid), 'runts-engine');
    assert.is((await run.ended).exit, 0);
  });
}

test('with a descriptor of a high number, as scripts have for their locks, it does, too', async () => {
  const wrapper = ['bash', '-c', 'exec 200</dev/null "$@"', 'sh'];
  const run = begin(['sleep', '1'], { command: { wrapper } });
  awaitRunning(run);
  Bun.sleepSync(100);
  assert.equal([programOf(run.pid), readlinkSync(`/proc/${run.pid}/fd/200`)], ['runts-engine', '/dev/null']);
  assert.is((await run.ended).exit, 0);
});

test('what keeps its cgroup busy is ended, and the status is the program’s', () => {
  const before = snapshot(runtime);
  const changes = withNamespaces('mount');
  const bundle = runtime.bundle({ ...changes, process: { args: ['sh', '-c', 'sleep 60 & exit 9'] } });
  assert.is(runtime.command(['run', '--bundle', bundle.directory, runtime.id()]).exit, 9);
  assert.equal(leftovers(before), []);
});

test('a folder with somebody’s file in it is told, as delete tells it', async () => {
  const run = begin(['sh', '-c', 'sleep 1; exit 4']);
  awaitRunning(run);
  writeFileSync(join(runtime.root, run.id, 'more'), '');
  const { exit, stderr } = await run.ended;
  assert.is(exit, 1);
  assert.match(stderr, /^runts: run \S+: remove state: rmdir \S+ ENOTEMPTY\n$/);
});

test('deleted meanwhile: nothing is left to remove', async () => {
  const run = begin(['sleep', '60']);
  settled(run);
  runtime.ok(['delete', '--force', run.id]);
  const { exit, stderr } = await run.ended;
  assert.equal([exit, stderr], [137, '']);
});

test('deleted and made again meanwhile: the new one stays', async () => {
  const run = begin(['sleep', '60']);
  settled(run);
  process.kill(run.pid, 'SIGSTOP');
  runtime.ok(['delete', '--force', run.id]);
  const bundle = runtime.bundle({ process: { args: ['sleep', '60'] } });
  runtime.ok(['create', '--bundle', bundle.directory, run.id]);
  process.kill(run.pid, 'SIGCONT');
  assert.is((await run.ended).exit, 137);
  assert.is(runtime.state(run.id).status, 'created');
  runtime.remove(run.id);
});

test('deleted and made again while the engine is on its way back: the new one stays', async () => {
  const run = begin(['sleep', '60']);
  settled(run);
  // The lock is held at the end of the container, so that the engine is needed.
  const holder = Bun.spawn(['flock', join(runtime.root, run.id), 'sleep', '1.5']);
  Bun.sleepSync(200);
  process.kill(runtime.state(run.id).pid, 'SIGKILL');
  assert.ok(waitUntil(() => programOf(run.pid) === 'runts-engine'));
  const folder = join(runtime.root, run.id);
  renameSync(folder, `${folder}.gone`);
  const changes = { linux: { cgroupsPath: `/${runtime.tag}-another` } };
  const other = runtime.bundle({ process: { args: ['sleep', '60'] }, ...changes });
  runtime.ok(['create', '--bundle', other.directory, run.id]);
  await holder.exited;
  assert.is((await run.ended).exit, 137);
  assert.is(runtime.state(run.id).status, 'created');
  runtime.remove(run.id);
  renameSync(`${folder}.gone`, folder);
  runtime.remove(run.id);
});

test('a log whose folder is gone by the end is no reason to leave the container', async () => {
  const before = snapshot(runtime);
  const folder = join(runtime.folder, 'logs');
  mkdirSync(folder);
  const args = ['sh', '-c', 'sleep 60 & sleep 1; exit 9'];
  const command = { globals: ['--log', join(folder, 'log')] };
  const run = begin(args, { changes: withNamespaces('mount'), command });
  awaitRunning(run);
  renameSync(folder, `${folder}.gone`);
  assert.is((await run.ended).exit, 9);
  assert.equal(leftovers(before), []);
});

test('in a working directory that is deleted meanwhile, too', async () => {
  const before = snapshot(runtime);
  const cwd = join(runtime.folder, 'cwd');
  mkdirSync(cwd);
  const args = ['sh', '-c', 'sleep 60 & sleep 1; exit 9'];
  // Without a pid namespace something is left in the cgroup: the engine has to end that.
  const run = begin(args, { changes: withNamespaces('mount'), command: { cwd } });
  awaitRunning(run);
  rmdirSync(cwd);
  assert.is((await run.ended).exit, 9);
  assert.equal(leftovers(before), []);
});

test('somebody works on the container at its end: that is waited for', async () => {
  const run = begin(['sh', '-c', 'sleep 1; exit 6']);
  settled(run);
  // flock(1) holds the lock longer than that.
  const holder = Bun.spawn(['flock', join(runtime.root, run.id), 'sleep', '2']);
  assert.is((await run.ended).exit, 6);
  await holder.exited;
  assert.not.ok(existsSync(join(runtime.root, run.id)));
});

for (const [program, status, reason] of [
  ['/none', 1, /^runts: run \S+: \/process\/args\/0: .*\/none/],
  ['none', 1, /^runts: run \S+: \/process\/args\/0: .*none/],
] as const) {
  test(`${program}, which is not there, is told as run tells it, and nothing is left`, () => {
    const before = snapshot(runtime);
    const bundle = runtime.bundle({ process: { args: [program] } });
    const { exit, stderr } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
    assert.is(exit, status);
    assert.match(stderr, reason);
    assert.equal(leftovers(before), []);
  });
}

test('a program that fails at the very start, with a bad interpreter, is told, too', () => {
  const before = snapshot(runtime);
  const bundle = runtime.bundle({ process: { args: ['/bad'] } });
  writeFileSync(join(bundle.directory, 'rootfs/bad'), '#!/no/such/interpreter\n', { mode: 0o755 });
  const { exit, stderr } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.is(exit, 1);
  assert.match(stderr, /^runts: run \S+: \/process\/args\/0: .*\n$/);
  assert.equal(leftovers(before), []);
});

test.run();
