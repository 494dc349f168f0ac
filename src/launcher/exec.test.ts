// The launcher does an `exec` again that was kept by hand, in a container that is this process; what it leaves to the
// engine is seen by an engine that says so.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { statSync as statx } from '../../bindings/stat.ts';
import { architecture as own } from '../../bindings/syscall.ts';
import type { Architecture } from '../../bindings/syscalls.ts';
import { assemble } from '../final/assemble.ts';
import { Script } from '../final/script.ts';
import { dieWithRuntime, forkInto } from '../init/begin.ts';
import { briefOf } from '../state/brief.ts';
import { sampleKept } from '../state/fixtures/kept-exec.ts';
import { sampleRecord } from '../state/fixtures/record.ts';
import { fileOfKey, type KeptExec, keptBytes, keyOfFile, keyOfWords } from '../state/kept-exec.ts';
import { KEPT_HEADER_SIZE, PASSWD_WORDS } from '../state/kept-exec-layout.ts';
import type { ContainerRecord } from '../state/store.ts';
import { launcher } from './launcher.ts';

const test = suite('launcher/exec');
const folder = mkdtempSync(join(tmpdir(), 'runts-launcher-exec-'));
const root = join(folder, 'root');
test.after(() => rmSync(folder, { recursive: true }));
const QEMU = '/usr/bin/qemu-aarch64-static';
const SOURCES = 0x1234_5678_9abc_def0n;

mkdirSync(join(folder, 'lib'));
writeFileSync(join(folder, 'lib/runts-engine'), '#!/bin/sh\necho "engine: $*"\ngrep SigBlk /proc/self/status\n', {
  mode: 0o755,
});

function emulator(architecture: Architecture): string[] | undefined {
  if (process.arch === architecture) return [];
  return architecture === 'arm64' && existsSync(QEMU) ? [QEMU] : undefined;
}

const shell = (script: string): string => spawnSync('sh', ['-c', script], { encoding: 'utf8' }).stdout.trim();

/** What a child of this process is, which the launcher is one of. */
function callerFacts(): KeptExec['caller'] {
  const mask = (field: string) => BigInt(`0x${shell(`sed -n 's/^${field}:.//p' /proc/self/status`)}`);
  return {
    uid: process.getuid?.() ?? 0,
    umask: Number.parseInt(shell('umask'), 8),
    openFiles: { soft: BigInt(shell('ulimit -Sn')), hard: BigInt(shell('ulimit -Hn')) },
    permitted: mask('CapPrm'),
    bounding: mask('CapBnd'),
    lastCapability: Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8')),
  };
}

/** A program that becomes a shell; `lastStart` is the number that it tells its pid by. */
function shellProgram(script: string, executable = '/bin/sh'): Pick<KeptExec, 'program' | 'lastStart'> {
  const words = new Script(20);
  words.call('close_range', [3, 0xffffffff, K.CLOSE_RANGE_CLOEXEC]);
  words.call('rt_sigprocmask', [K.SIG_SETMASK, words.words(0), 0, 8]);
  forkInto(words, K.CLONE_PARENT, undefined);
  const argv = words.program.stringArray(['sh', '-c', script]);
  words.execFirst([executable], argv, words.program.stringArray(['PATH=/bin:/usr/bin']));
  words.finish();
  const lastStart = words.steps.findIndex((_, number) => {
    const step = words.stepAt(number);
    return step?.kind === 'event' && step.event.type === 'started';
  });
  return { program: assemble(words.program, own), lastStart };
}

const startTime = /.*\) (?:\S+ ){19}(\d+)/s.exec(readFileSync(`/proc/${process.pid}/stat`, 'utf8'))?.[1] ?? '';
const alive = { pid: process.pid, startTime };
const WORDS = ['some', 'words', ''];

/** A container's folder with a kept exec in it. */
function container(changes: Partial<KeptExec> = {}, record: Partial<ContainerRecord> = {}): string {
  const at = join(root, 'web1');
  rmSync(root, { recursive: true, force: true });
  mkdirSync(at, { recursive: true });
  spawnSync('mkfifo', [join(at, 'start')]);
  writeFileSync(join(at, 'created'), briefOf(sampleRecord({ id: 'web1', ...alive, ...record })));
  const kept = {
    key: keyOfWords(WORDS),
    caller: callerFacts(),
    ...alive,
    ...shellProgram('echo well'),
    sources: SOURCES,
  };
  const whole = sampleKept({ ...kept, ...changes });
  writeFileSync(join(at, fileOfKey(whole.key)), keptBytes(whole) ?? '', { mode: 0o600 });
  return at;
}

const isLeftToEngine = (text: string): boolean => text.startsWith('engine: ');
const FD = join(folder, 'out');

for (const architecture of ['x64', 'arm64'] as const) {
  const file = join(folder, `runts-${architecture}`);
  writeFileSync(file, launcher(architecture, { sources: SOURCES }));
  chmodSync(file, 0o755);
  const command = [...(emulator(architecture) ?? []), file, '--root', root];
  const run = (args: string[], { before = '', env = {} } = {}) => {
    const words = ['-c', `${before} exec "$@"`, 'sh', ...command, ...args];
    const done = spawnSync('bash', words, { encoding: 'utf8', timeout: 20_000, env: { PATH: '/bin', ...env } });
    return { ...done, text: done.stdout + done.stderr };
  };
  const again = (options = {}) => run(['exec', 'web1', ...WORDS], options);
  const check = (name: string, body: () => void | Promise<void>): void =>
    void test(`${architecture}: ${name}`, async () => {
      if (emulator(architecture) === undefined) console.log(`  not run: there is no ${QEMU}`);
      else await body();
    });

  check('the kept program runs, with the standard streams', () => {
    container(shellProgram('read word; echo "out $word"; echo err >&2; env'));
    const { stdout, stderr, status } = run(['exec', 'web1', ...WORDS], { before: 'echo in |', env: { SECRET: '1' } });
    assert.equal([stderr, status], ['err\n', 0]);
    assert.match(stdout, /^out in\n/);
    assert.not.match(stdout, 'SECRET');
  });

  for (const [script, status] of [
    ['exit 7', 7],
    ['exit 255', 255],
    ['kill -KILL $$', 137],
    ['kill -TERM $$', 143],
    ['ulimit -c 0; kill -SEGV $$', 139],
  ] as const) {
    check(`ends as the process does: ${script}`, () => {
      container(shellProgram(script));
      assert.is(again().status, status);
    });
  }

  check('descriptors of the caller stay outside', () => {
    container(shellProgram('ls /proc/self/fd'));
    // 3 is the folder that ls reads.
    assert.is(again({ before: `exec 5<${folder} 77<${folder};` }).text, '0\n1\n2\n3\n');
  });

  check('words that differ, one more, one less, and none are left to the engine', () => {
    container();
    assert.is(again().text, 'well\n');
    for (const words of [['some', 'words'], [...WORDS, 'x'], ['some', 'wordS', ''], ['some\0words'.slice(0, 4)], []]) {
      assert.ok(isLeftToEngine(run(['exec', 'web1', ...words]).text), JSON.stringify(words));
    }
  });

  check('options as managers write them', () => {
    const content = JSON.stringify({ args: ['true'], cwd: '/' });
    const at = container({ key: keyOfFile(new TextEncoder().encode(content)) });
    const [process, pid] = [join(folder, 'process.json'), join(folder, 'pid')];
    writeFileSync(process, content);
    const log = join(folder, 'log.json');
    for (const args of [
      ['--log', log, '--log-format', 'json', 'exec', '--process', process, '--detach', '--pid-file', pid, 'web1'],
      ['--log-format=json', `--log=${log}`, 'exec', '--pid-file', pid, '--process', process, '--detach', 'web1'],
      ['--systemd-cgroup', 'exec', '-d', `--process=${process}`, `--pid-file=${pid}`, 'web1'],
      ['exec', '-p', process, '--pid-file', pid, 'web1'],
    ]) {
      rmSync(pid, { force: true });
      assert.is(run(args).stderr, '', args.join(' '));
      assert.match(readFileSync(pid, 'utf8'), /^[1-9]\d*$/);
    }
    assert.is(readFileSync(log, 'utf8'), '');
    for (const args of [
      ['exec', '--process', process, 'web1', 'true'],
      ['exec', '--process', join(folder, 'none'), 'web1'],
      ['exec', '--process', at, 'web1'],
      ['exec', '--tty', '--process', process, 'web1'],
      ['exec', '--process'],
      ['exec'],
    ]) {
      assert.ok(isLeftToEngine(run(args).text), args.join(' '));
    }
    writeFileSync(process, `${content} `);
    assert.ok(isLeftToEngine(run(['exec', '--process', process, 'web1']).text));
  });

  check('other options of exec are left to the engine', () => {
    container();
    for (const option of [
      '--tty',
      '--env',
      '--cwd',
      '--preserve-fds',
      '--ignore-paused',
      '--console-socket',
      '--cgroup',
    ]) {
      assert.ok(isLeftToEngine(run(['exec', option, '1', 'web1', ...WORDS]).text), option);
    }
    assert.ok(isLeftToEngine(again({ env: { LISTEN_FDS: '1' } }).text));
    assert.ok(isLeftToEngine(again({ env: { DEBUG: '*' } }).text));
    for (const closed of ['<&-', '2>&-']) assert.ok(isLeftToEngine(again({ before: `exec ${closed};` }).text), closed);
  });

  check('whoever is not the same caller is left to the engine', () => {
    container();
    for (const before of ['umask 027;', 'ulimit -Sn 500;', 'ulimit -n 600;', 'ulimit -f 100;']) {
      assert.ok(isLeftToEngine(again({ before }).text), before);
    }
    if (process.getuid?.() !== 0) return;
    for (const options of ['--bounding-set=-chown', '--inh-caps=-all --bounding-set=-sys_nice']) {
      assert.ok(isLeftToEngine(again({ before: `set -- setpriv ${options} "$@";` }).text), options);
    }
    const caller = { ...callerFacts(), uid: 1 };
    container({ caller });
    assert.ok(isLeftToEngine(again().text));
  });

  check('namespaces that are not shared any more, or not known, are left to the engine', () => {
    for (const [path, target] of [
      ['/proc/self/ns/uts', 'uts:[1]'],
      ['/proc/self/ns/none', 'x'],
    ] as const) {
      container({ links: [[path, target]] });
      assert.ok(isLeftToEngine(again().text), path);
    }
    const shared = shell('readlink /proc/self/ns/uts');
    container({
      links: [
        ['/proc/self/ns/uts', shared],
        [`/proc/${process.pid}/ns/uts`, shared],
      ],
    });
    assert.is(again().text, 'well\n');
  });

  check('another build, another process and what is cut off are left to the engine', () => {
    for (const changes of [{ sources: SOURCES + 1n }, { startTime: `${startTime}0` }, { pid: process.ppid }]) {
      container(changes);
      assert.ok(isLeftToEngine(again().text), JSON.stringify(Object.keys(changes)));
    }
    const kept = join(container(), fileOfKey(keyOfWords(WORDS)));
    const whole = readFileSync(kept);
    for (const content of ['', whole.subarray(0, -1), Buffer.concat([whole, Buffer.of(0)]), whole.fill(0, 0, 8)]) {
      writeFileSync(kept, content);
      assert.ok(isLeftToEngine(again().text));
    }
  });

  check('what is damaged, wherever, is left to the engine', () => {
    const kept = join(container(), fileOfKey(keyOfWords(WORDS)));
    const whole = readFileSync(kept);
    for (let at = 0; at < whole.length; at += at < KEPT_HEADER_SIZE ? 9 : 97) {
      const damaged = Uint8Array.from(whole);
      damaged[at] = ~(damaged[at] ?? 0);
      writeFileSync(kept, damaged);
      assert.ok(isLeftToEngine(again().text), `at ${at}`);
    }
    writeFileSync(kept, whole);
    assert.is(again().text, 'well\n');
  });

  check('what others could have written is left to the engine', () => {
    const kept = join(container(), fileOfKey(keyOfWords(WORDS)));
    for (const mode of [0o620, 0o602, 0o644]) {
      chmodSync(kept, mode);
      assert.ok(isLeftToEngine(again().text), mode.toString(8));
    }
    chmodSync(kept, 0o600);
    assert.is(again().text, 'well\n');
    if (process.getuid?.() !== 0) return;
    chownSync(kept, 1, 0);
    assert.ok(isLeftToEngine(again().text));
  });

  check('pipes for the pid file and the log are opened by the engine alone', () => {
    container();
    const pipe = join(folder, `pipe-${architecture}`);
    spawnSync('mkfifo', [pipe]);
    for (const args of [
      ['--log', pipe, 'exec', 'web1', ...WORDS],
      ['exec', '--pid-file', pipe, 'web1', ...WORDS],
    ]) {
      // It has a reader, so that opening it would succeed.
      const { text } = run(args, { before: `exec 9<>${pipe};` });
      assert.ok(isLeftToEngine(text), args.join(' '));
    }
  });

  check('a stopped or paused container is left to the engine', () => {
    const directory = join(folder, 'cgroup');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'freezer.state'), 'FROZEN');
    container({}, { cgroups: [{ directory, isOwn: true, freezer: 'freezer.state' }] });
    assert.ok(isLeftToEngine(again().text));
    container({ startTime: '1' }, { startTime: '1' });
    assert.ok(isLeftToEngine(again().text));
  });

  // The emulator may not know openat2(2).
  if (architecture === process.arch) {
    check('HOME: the file that it was found in is the same', () => {
      const words = statx(`/proc/${process.pid}/root/etc/passwd`).words(PASSWD_WORDS);
      container({ passwd: words });
      assert.is(again().text, 'well\n');
      for (const passwd of [words.map((word, index) => (index === 2 ? word + 1n : word)), 'absent'] as const) {
        container({ passwd });
        assert.ok(isLeftToEngine(again().text));
      }
    });
  }

  check('a program that fails is left to the engine, without anything of it', () => {
    container(shellProgram('echo well', '/nowhere'));
    const pid = join(folder, `failed-${architecture}.pid`);
    const { text } = run(['exec', '--pid-file', pid, 'web1', ...WORDS]);
    assert.ok(isLeftToEngine(text));
    assert.not.ok(existsSync(pid));
    // The signals that were held are not any more.
    assert.match(text, /SigBlk:\t0{16}\n/);
    writeFileSync(pid, 'old');
    run(['exec', '--pid-file', pid, 'web1', ...WORDS]);
    assert.is(readFileSync(pid, 'utf8'), 'old');
    container({ program: Uint8Array.of(1, 2, 3) });
    assert.ok(isLeftToEngine(again().text));
  });

  check('a program that ends without a word, or with too many', () => {
    for (const build of [
      (script: Script) => script.program.exit(0),
      (script: Script) => script.call('kill', [0, 0], { ignore: true }),
      (script: Script) => {
        for (let times = 0; times < 20; times++) forkInto(script, K.CLONE_PARENT, undefined);
      },
    ]) {
      const script = new Script(20);
      build(script);
      script.finish();
      container({ program: assemble(script.program, own), lastStart: 1 });
      const { text, signal } = again();
      assert.ok(isLeftToEngine(text), `${text} ${signal}`);
    }
  });

  check('a process of the program is killed: nobody knows what has become of the others', () => {
    const script = new Script(20);
    const pid = script.slot();
    script.call('getpid', [], { save: pid });
    script.call('kill', [pid, 9]);
    script.finish();
    container({ program: assemble(script.program, own), lastStart: 1 });
    assert.is(again().text, 'runts: exec: a process that enters the container was killed\n');
  });

  check('with a filter, a process that ends before it has become another is left to the engine', () => {
    const script = new Script(20);
    script.call('prctl', [K.PR_SET_NAME, script.string('runts-exec'), 0, 0, 0]);
    forkInto(script, K.CLONE_PARENT, undefined);
    script.program.exit(0);
    script.finish();
    const silent = { program: assemble(script.program, own), lastStart: 2 };
    container({ hasFilter: true, ...silent });
    assert.ok(isLeftToEngine(again().text));
    container(silent);
    assert.equal([again().status, again().text], [0, '']);
    container({ hasFilter: true, ...shellProgram('echo well; exit 3') });
    assert.equal([again().status, again().text], [3, 'well\n']);
  });

  check('the pid file has the pid, whatever was there', () => {
    container(shellProgram('echo $$'));
    const pid = join(folder, 'some.pid');
    for (const before of [undefined, '', '123456789012345']) {
      if (before !== undefined) writeFileSync(pid, before);
      const { stdout } = run(['exec', '--pid-file', pid, 'web1', ...WORDS]);
      assert.is(`${readFileSync(pid, 'utf8')}\n`, stdout);
    }
    assert.is(statSync(pid).mode & 0o777, 0o644);
    for (const path of [join(folder, 'none/pid'), folder, '/dev/full']) {
      assert.ok(isLeftToEngine(run(['exec', '--pid-file', path, 'web1', ...WORDS]).text), path);
    }
  });

  check('a pid file has its name once it has the pid, also below the working directory', async () => {
    const script = new Script(20);
    dieWithRuntime(script);
    script.call('ppoll', [0, 0, 0, 0, 0], { ignore: true });
    script.finish();
    container({ program: assemble(script.program, own), lastStart: 1 });
    const pid = join(folder, 'late.pid');
    const words = [...command.slice(1), 'exec', '--pid-file', pid, 'web1', ...WORDS];
    const child = spawn(command[0] ?? '', words, { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const names = readdirSync(folder);
    child.kill('SIGKILL');
    await ended;
    assert.not.ok(names.includes('late.pid'));
    assert.not.ok(existsSync(pid));
    container();
    assert.is(run(['exec', '--pid-file', 'near.pid', 'web1', ...WORDS], { before: `cd ${folder};` }).text, 'well\n');
    assert.match(readFileSync(join(folder, 'near.pid'), 'utf8'), /^[1-9]\d*$/);
  });

  check('detached it returns at once', () => {
    container(shellProgram(`echo $$ >${FD}; exec sleep 20 >/dev/null 2>&1`));
    const started = performance.now();
    assert.is(run(['exec', '--detach', 'web1', ...WORDS]).status, 0);
    assert.ok(performance.now() - started < 10_000);
    const end = performance.now() + 5000;
    while (!existsSync(FD) || readFileSync(FD, 'utf8') === '') if (performance.now() > end) break;
    process.kill(Number(readFileSync(FD, 'utf8')), 'SIGKILL');
    rmSync(FD);
  });

  check('signals are passed on, also if the caller ignores that children end', async () => {
    container(shellProgram('trap "echo got; exit 9" USR1; echo ready; while :; do sleep 0.05; done'));
    for (const before of ['', 'trap "" CHLD;']) {
      const words = ['-c', `${before} exec "$@"`, 'sh', ...command, 'exec', 'web1', ...WORDS];
      const child = spawn('bash', words, { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      const ended = new Promise((resolve) => child.on('exit', resolve));
      child.stdout.on('data', (data) => {
        text += data;
        if (text === 'ready\n') child.kill('SIGUSR1');
      });
      const limit = setTimeout(() => child.kill('SIGKILL'), 20_000);
      assert.is(await ended, 9);
      clearTimeout(limit);
      assert.is(text, 'ready\ngot\n');
    }
  });

  check('pipes are given to the user of the process', () => {
    if (process.getuid?.() !== 0) return;
    container({ pipeOwner: 1000, ...shellProgram('stat -Lc %u /dev/stdin /dev/stdout') });
    const { stdout } = run(['exec', 'web1', ...WORDS], { before: `echo x | { "$@" | cat; }; exit;` });
    assert.is(stdout, '1000\n1000\n');
  });
}

test.run();
