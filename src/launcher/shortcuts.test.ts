// The launcher answers from state folders made by hand; what it leaves to the engine is seen by an engine that says so.
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Architecture } from '../../bindings/syscalls.ts';
import { briefOf } from '../state/brief.ts';
import { sampleRecord } from '../state/fixtures/record.ts';
import type { ContainerRecord } from '../state/store.ts';
import { launcher } from './launcher.ts';

const test = suite('launcher/shortcuts');
const folder = mkdtempSync(join(tmpdir(), 'runts-shortcuts-'));
const root = join(folder, 'root');
test.after(() => rmSync(folder, { recursive: true }));
const QEMU = '/usr/bin/qemu-aarch64-static';

mkdirSync(join(folder, 'lib'));
writeFileSync(
  join(folder, 'lib/runts-engine'),
  '#!/bin/sh\necho "engine: $*"\nls /proc/self/fd\necho $RUNTS_RELEASED\n',
  {
    mode: 0o755,
  },
);

function emulator(architecture: Architecture): string[] | undefined {
  if (process.arch === architecture) return [];
  return architecture === 'arm64' && existsSync(QEMU) ? [QEMU] : undefined;
}

function runts(architecture: Architecture, args: string[], env: Record<string, string> = {}): string {
  const file = join(folder, `runts-${architecture}`);
  writeFileSync(file, launcher(architecture), { mode: 0o755 });
  const [command = file, ...more] = [...(emulator(architecture) ?? []), file, ...args];
  const { stdout, stderr } = spawnSync(command, more, {
    encoding: 'utf8',
    timeout: 20_000,
    env: { PATH: '/bin', ...env },
  });
  return stdout + stderr;
}

function startTime(pid: number): string {
  return /.*\) (?:\S+ ){19}(\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '';
}

/** A container's folder as `create` leaves it. */
function container(changes: Partial<ContainerRecord> = {}): string {
  const at = join(root, 'web1');
  rmSync(root, { recursive: true, force: true });
  mkdirSync(at, { recursive: true });
  for (const fifo of ['start', 'result']) spawnSync('mkfifo', [join(at, fifo)]);
  writeFileSync(join(at, 'state.json'), '{}');
  const alive = { pid: process.pid, startTime: startTime(process.pid) };
  const record = sampleRecord({ id: 'web1', cgroups: [], hooks: {}, ...alive, ...changes });
  writeFileSync(join(at, 'created'), briefOf(record));
  return at;
}

const statusIn = (text: string): unknown => JSON.parse(text).status;
const GONE = { pid: 2 ** 22 + 5, startTime: '1' };
const isLeftToEngine = (text: string): boolean => text.startsWith('engine: ');

for (const architecture of ['x64', 'arm64'] as const) {
  const check = (name: string, body: (run: (...args: string[]) => string) => void | Promise<void>): void =>
    void test(`${architecture}: ${name}`, async () => {
      if (emulator(architecture) === undefined) console.log(`  not run: there is no ${QEMU}`);
      else await body((...args) => runts(architecture, ['--root', root, ...args]));
    });

  check('state: running, created, paused, stopped', (run) => {
    const at = container();
    assert.is(statusIn(run('state', 'web1')), 'running');
    const reader = openSync(join(at, 'start'), constants.O_RDWR);
    assert.is(statusIn(run('state', 'web1')), 'created');
    closeSync(reader);
    const directory = join(folder, 'cgroup');
    mkdirSync(directory, { recursive: true });
    const cgroups = [{ directory, isOwn: true, freezer: 'freezer.state' as const }];
    for (const [content, status] of [
      ['FROZEN', 'paused'],
      ['THAWED', 'running'],
    ] as const) {
      writeFileSync(join(directory, 'freezer.state'), content);
      container({ cgroups });
      assert.is(statusIn(run('state', 'web1')), status);
    }
    container(GONE);
    const stopped = JSON.parse(run('state', 'web1'));
    assert.equal([stopped.status, stopped.pid, stopped.id], ['stopped', 0, 'web1']);
  });

  check('state: another process with the same pid is not the container', (run) => {
    container({ startTime: '12' });
    assert.is(statusIn(run('state', 'web1')), 'stopped');
    container({ startTime: `${startTime(process.pid)}0` });
    assert.is(statusIn(run('state', 'web1')), 'stopped');
  });

  check('state: long annotations as they are, too long ones by the engine', (run) => {
    const annotations = { 'a"b': 'ü\n'.repeat(1000) };
    container({ annotations });
    assert.equal(JSON.parse(run('state', 'web1')).annotations, annotations);
    container({ annotations: { a: 'x'.repeat(20_000) } });
    assert.ok(isLeftToEngine(run('state', 'web1')));
  });

  check('options are read as the engine reads them', (run) => {
    container(GONE);
    const log = join(folder, 'log');
    assert.is(statusIn(run('--log', log, '--log-format', 'json', 'state', 'web1')), 'stopped');
    assert.ok(existsSync(log));
    for (const args of [
      ['--log-format', 'xml', 'state', 'web1'],
      ['--log', join(folder, 'none/log'), 'state', 'web1'],
      ['--debug', 'state', 'web1'],
      ['--log'],
      ['state'],
      ['state', 'web1', 'more'],
      ['state', '--help'],
      ['state', '../root/web1'],
      ['state', '.'],
      ['state', ''],
      ['state', 'web2'],
      ['states', 'web1'],
      ['list'],
      ['--root', '', 'state', 'web1'],
    ]) {
      assert.ok(isLeftToEngine(run(...args)), args.join(' '));
    }
    assert.ok(isLeftToEngine(runts(architecture, ['--root', root, 'state', 'web1'], { DEBUG: 'runts' })));
    assert.ok(isLeftToEngine(runts(architecture, [])));
    const user = { XDG_SESSION_ID: '1', XDG_RUNTIME_DIR: '/run/user/0' };
    assert.not.ok(isLeftToEngine(runts(architecture, ['--root', root, 'state', 'web1'], user)));
    assert.ok(isLeftToEngine(runts(architecture, ['state', 'web1'], user)));
  });

  check('without --root it is /run/runts for root, whatever else may have a runtime folder', () => {
    if (process.getuid?.() !== 0) return;
    container(GONE);
    const place = 'mount -t tmpfs tmpfs /run && mkdir /run/runts && mount --bind "$0" /run/runts && exec "$@"';
    const words = [...(emulator(architecture) ?? []), join(folder, `runts-${architecture}`), 'state', 'web1'];
    const answer = (env: Record<string, string>): string => {
      const all = ['-m', 'sh', '-c', place, root, ...words];
      return spawnSync('unshare', all, { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } }).stdout;
    };
    const user = { XDG_RUNTIME_DIR: '/run/user/0' };
    for (const env of [{}, { XDG_RUNTIME_DIR: '' }, { ...user, USER: 'root' }, { XDG_RUNTIME_DIX: '/x' }]) {
      assert.is(statusIn(answer(env)), 'stopped', JSON.stringify(env));
    }
    for (const env of [user, { ...user, USER: 'rooty' }, { ...user, USER: 'roo' }]) {
      assert.ok(isLeftToEngine(answer(env)), JSON.stringify(env));
    }
  });

  check('a folder without a brief is left to the engine', (run) => {
    const at = container(GONE);
    for (const content of ['', 'something else']) {
      writeFileSync(join(at, 'created'), content);
      for (const command of ['state', 'start', 'delete']) assert.ok(isLeftToEngine(run(command, 'web1')), command);
    }
  });

  check('a brief that is cut off, or no file, is left to the engine', (run) => {
    const brief = join(container(), 'created');
    const whole = readFileSync(brief);
    for (const size of [8, 100, whole.length - 1, whole.length + 1]) {
      writeFileSync(brief, Buffer.concat([whole, Buffer.of(0)]).subarray(0, size));
      for (const command of ['state', 'start', 'delete']) {
        assert.ok(isLeftToEngine(run(command, 'web1')), `${command}, ${size} bytes`);
      }
    }
    rmSync(brief);
    spawnSync('mkfifo', [brief]);
    assert.ok(isLeftToEngine(run('state', 'web1')));
  });

  check('state: nobody who reads is for the engine, not the end by a signal', () => {
    container();
    const file = join(folder, `runts-${architecture}`);
    writeFileSync(file, launcher(architecture), { mode: 0o755 });
    const command = [...(emulator(architecture) ?? []), file, '--root', root, 'state', 'web1'].join(' ');
    const script = `mkfifo pipe && exec 3<>pipe 4>pipe 5<pipe 3<&- 5<&-; ${command} >&4; echo $? >&2`;
    const { stderr } = spawnSync('bash', ['-c', `trap - PIPE; ${script}; rm pipe`], { cwd: folder, encoding: 'utf8' });
    assert.not.match(stderr, '141');
  });

  check('a log is created only by whoever answers, and gets no output', (run) => {
    container();
    const [first, second] = [join(folder, 'first.log'), join(folder, 'second.log')];
    assert.is(statusIn(run('--log', first, '--log', second, 'state', 'web1')), 'running');
    assert.not.ok(existsSync(first));
    assert.ok(existsSync(second));
    for (const args of [['list'], ['--help'], ['state', 'web2'], ['run', '--preserve-fds', '1', 'web1']]) {
      // What it leaves open the engine would take for the caller's.
      assert.match(run('--log', first, ...args), /\n0\n1\n2\n3\n0x0/);
      assert.not.ok(existsSync(first), args.join(' '));
    }
    const shell = `exec "$@" >&-`;
    const words = [...(emulator(architecture) ?? []), join(folder, `runts-${architecture}`), '--root', root];
    spawnSync('sh', ['-c', shell, 'sh', ...words, '--log', second, 'state', 'web1']);
    assert.is(readFileSync(second, 'utf8'), '');
  });

  check('without /proc nothing is known of a process', () => {
    container(GONE);
    const file = join(folder, `runts-${architecture}`);
    const words = [...(emulator(architecture) ?? []), file, '--root', root];
    for (const command of ['state', 'delete']) {
      const shell = 'umount -l /proc && exec "$@"';
      const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', shell, 'sh', ...words, command, 'web1'], {
        encoding: 'utf8',
      });
      // The emulator finds the engine by itself.
      assert.ok(isLeftToEngine(stdout) || /^runts: .proc is not mounted/.test(stderr), stdout + stderr);
      assert.ok(existsSync(join(root, 'web1/state.json')));
    }
  });

  check('delete: whatever else is in the folder is left to the engine, with the record', (run) => {
    for (const name of ['state.json.new', 'x']) {
      const at = container(GONE);
      writeFileSync(join(at, name), '');
      assert.ok(isLeftToEngine(run('delete', 'web1')));
      assert.ok(existsSync(join(at, 'state.json')), name);
    }
  });

  check('delete: cgroups, files and the folder, also by force', (run) => {
    const directories = ['a', 'b'].map((name) => join(folder, name));
    for (const directory of directories) mkdirSync(directory);
    const cgroups = [...directories, join(folder, 'gone')].map((directory) => ({ directory, isOwn: true }));
    container({ ...GONE, cgroups: [...cgroups, { directory: folder, isOwn: false }] });
    assert.is(run('delete', 'web1'), '');
    assert.equal([...directories, join(root, 'web1')].filter(existsSync), []);
    writeFileSync(join(container(GONE), 'plan.json'), '{}');
    assert.is(run('delete', '--force', 'web1'), '');
    assert.not.ok(existsSync(join(root, 'web1')));
  });

  check('delete: what is not stopped or not plain is left to the engine, untouched', (run) => {
    const hook = { path: '/bin/true' };
    const busy = join(folder, 'busy');
    mkdirSync(join(busy, 'below'), { recursive: true });
    for (const changes of [
      {},
      { ...GONE, hooks: { poststop: [hook] } },
      { ...GONE, rootfsMount: { path: '/x' } },
      { ...GONE, notifies: true },
      { ...GONE, cgroups: [{ directory: busy, isOwn: true }] },
    ]) {
      const at = container(changes);
      assert.ok(isLeftToEngine(run('delete', 'web1')), JSON.stringify(changes));
      assert.ok(existsSync(join(at, 'state.json')));
    }
  });

  check('a locked container is left to the engine', (run) => {
    const at = container(GONE);
    const holder = spawn('flock', [at, 'sleep', '20'], { stdio: 'ignore' });
    const end = performance.now() + 5000;
    while (spawnSync('flock', ['-n', at, 'true']).status === 0 && performance.now() < end) Bun.sleepSync(10);
    assert.ok(isLeftToEngine(run('delete', 'web1')));
    holder.kill();
    spawnSync('pkill', ['-P', String(holder.pid)]);
  });

  // What the container's last program does, in a shell: it waits, and reports or becomes something else.
  async function waiting(then: string, use: (text: string, at: string) => void, hooks = {}): Promise<void> {
    const at = container();
    const script = `exec 3<>start 4<>result; read -r -n 1 x <&3; ${then}`;
    const child = spawn('bash', ['-c', `${script.replace('read -r -n 1 x', 'head -c 1 >/dev/null')}`], {
      cwd: at,
      stdio: 'ignore',
    });
    const pid = child.pid ?? 0;
    const end = performance.now() + 5000;
    while (!existsSync(`/proc/${pid}/fd/4`) && performance.now() < end) Bun.sleepSync(5);
    writeFileSync(
      join(at, 'created'),
      briefOf(sampleRecord({ id: 'web1', cgroups: [], hooks, pid, startTime: startTime(pid) })),
    );
    use(runts(architecture, ['--root', root, 'start', 'web1']), at);
    child.kill('SIGKILL');
    await new Promise((resolve) =>
      child.exitCode === null && child.signalCode === null ? child.on('exit', resolve) : resolve(0),
    );
  }

  check('start: returns once the program runs', async () => {
    await waiting('exec 3<&- 4<&-; exec sleep 20', (text) => assert.is(text, ''));
  });

  check('start: hooks are left to the engine, which is not told that anything has been done', async () => {
    const left = (text: string) => assert.ok(isLeftToEngine(text) && text.endsWith('0x0000000000000000\n'), text);
    await waiting('exec sleep 20', left, { poststart: [{ path: '/bin/true' }] });
  });

  check('start: a process that goes away under its first name is left to the engine', async () => {
    await waiting('printf runts-init >/proc/$$/comm; exec 3<&- 4<&-; sleep 20; true', (text) =>
      assert.ok(isLeftToEngine(text), text),
    );
  });

  check('start: a report, or nothing at all, is left to the engine with the descriptor of the result', async () => {
    const inherits = (text: string) => {
      const fd = Number.parseInt(/0x([\da-f]{16})\n$/.exec(text)?.[1] ?? '', 16);
      assert.ok(isLeftToEngine(text) && fd > 2 && text.includes(`\n${fd}\n`), text);
    };
    await waiting('echo 12345678 >&4; sleep 20', inherits);
    await waiting('sleep 20', inherits);
  });
}

test.run();
