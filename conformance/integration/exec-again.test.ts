// `exec` of what was done before in the same container: by the launcher alone. A copy of it without an engine beside it
// shows who answers: it fails where it would need the engine.
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Process, Seccomp } from '../../src/bundle/config.ts';
import { type Changes, withNamespaces } from '../bundle.ts';
import { isRunts, runtimePath, waitUntil } from '../runtime.ts';
import { giveAway, inUser } from '../user-namespace.ts';
import { procsOf, readLink, readText } from './host.ts';
import { integration, testUnless } from './suite.ts';

const { test: suite, runtime } = integration('again');
const check = (name: string, action: () => void | Promise<void>): void =>
  testUnless(isRunts ? undefined : 'other runtimes have no launcher', suite, name, action);

const folder = join(runtime.folder, 'alone');
mkdirSync(folder);
const launcher = join(folder, 'runts');
if (isRunts) copyFileSync(runtimePath, launcher);

interface Options {
  input?: string;
  /** What a shell does before. */
  before?: string;
}

/** Both with the same standard streams: pipes. */
function call(program: string, args: string[], { input, before = '' }: Options = {}): SpawnSyncReturns<string> {
  const words = ['-c', `${before} exec "$@"`, 'sh', program, '--root', runtime.root, ...args];
  return spawnSync('sh', words, { encoding: 'utf8', timeout: 20_000, input: input ?? '' });
}

/** The launcher without an engine. */
const alone = (args: string[], options?: Options): SpawnSyncReturns<string> => call(launcher, args, options);

const needsEngine = ({ stderr, status }: SpawnSyncReturns<string>): boolean =>
  status === 1 && /^runts: the engine is not there/.test(stderr);

/** With the engine. */
function first(args: string[], options?: Options): string {
  const { status, stdout, stderr } = call(runtimePath, ['exec', ...args], options);
  if (status !== 0) throw new Error(`exec ${args.join(' ')}: exit ${status}\n${stderr}${stdout}`);
  return stdout;
}

function running(changes: Changes = {}): { id: string; rootfs: string } {
  const bundle = runtime.bundle({ ...changes, process: { args: ['sleep', '60'], ...changes.process } });
  if (changes.linux?.uidMappings !== undefined) giveAway(bundle);
  const id = runtime.create(bundle);
  runtime.ok(['start', id]);
  // Changes within a tick of the clock can't be told: an /etc/passwd that was just made isn't trusted.
  waitUntil(() => false, 150);
  return { id, rootfs: bundle.rootfs };
}

const plain = isRunts ? running({ process: { env: ['PATH=/bin', 'A=1'] } }) : { id: '', rootfs: '' };

check('what was done once is done again without the engine', () => {
  const words = [plain.id, 'sh', '-c', 'echo out; echo err >&2; exit 3'];
  assert.ok(needsEngine(alone(['exec', ...words])));
  assert.is(runtime.command(['exec', ...words]).exit, 3);
  const { stdout, stderr, status } = alone(['exec', ...words]);
  assert.equal([stdout, stderr, status], ['out\n', 'err\n', 3]);
});

check('standard input goes through', () => {
  first([plain.id, 'cat'], { input: 'x' });
  const text = 'all of it\n'.repeat(50_000);
  assert.is(alone(['exec', plain.id, 'cat'], { input: text }).stdout, text);
});

check('many at the same time', async () => {
  first([plain.id, 'echo', 'many']);
  const words = ['--root', runtime.root, 'exec', plain.id, 'echo', 'many'];
  const texts = await Promise.all(
    Array.from({ length: 20 }, () => {
      const child = spawn(launcher, words, { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      child.stdout.on('data', (data) => {
        text += data;
      });
      return new Promise<string>((resolve) => child.once('close', () => resolve(text)));
    }),
  );
  assert.equal(texts, Array(20).fill('many\n'));
});

check('detached: the pid is that of the process, a child of nobody here', () => {
  const pidFile = join(runtime.folder, 'again.pid');
  // Whoever reads its output would wait for it.
  const before = 'exec >/dev/null 2>&1;';
  for (const program of [runtimePath, launcher]) {
    const words = ['exec', '--detach', '--pid-file', pidFile, plain.id, 'sleep', '50'];
    assert.is(call(program, words, { before }).status, 0);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    assert.is(readText(`/proc/${pid}/cmdline`), 'sleep\x0050\0');
    process.kill(pid, 'SIGKILL');
    rmSync(pidFile);
  }
});

for (const [signal, status] of [
  ['SIGUSR1', 9],
  ['SIGKILL', null],
] as const) {
  check(`${signal} to the launcher`, async () => {
    const words = [plain.id, 'sh', '-c', 'trap "exit 9" USR1 TERM; echo ready; while :; do sleep 0.1; done'];
    const begin = (program: string): Promise<number | null> => {
      const child = spawn(program, ['--root', runtime.root, 'exec', ...words], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      child.stdout.once('data', () => child.kill(signal));
      return new Promise((resolve) => child.once('exit', (exit) => resolve(exit)));
    };
    assert.is(await begin(runtimePath), status);
    assert.is(await begin(launcher), status);
    // As with the engine: what was executed goes on.
    const [cgroup = ''] = readText(`/proc/${runtime.state(plain.id).pid}/cgroup`).split('\n');
    const others = procsOf(cgroup.split(':')[2] ?? '').split('\n');
    for (const pid of others.filter((one) => readText(`/proc/${one}/cmdline`).includes('trap'))) {
      process.kill(Number(pid), 'SIGKILL');
    }
  });
}

const SEEN = [
  'ls /proc/self/fd; readlink /proc/self/fd/0 | cut -d : -f 1',
  'grep -vE "^(Pid|Tgid|PPid|NSpid|NStgid|NSsid|NSpgid|Vm|Rss|SigQ|volunt|nonvol)" /proc/self/status',
  'env',
  'cat /proc/self/cgroup /proc/self/limits /proc/self/oom_score_adj /proc/self/coredump_filter /proc/self/timerslack_ns',
  'for kind in user mnt uts ipc net pid cgroup time; do readlink /proc/self/ns/$kind; done',
  'for link in root cwd exe; do readlink /proc/self/$link; done; pwd; umask; hostname; id',
  'for file in loginuid sessionid personality attr/current; do cat /proc/self/$file; echo; done',
  // State, terminal, group of the terminal, priority, nice, threads, exit signal, scheduling.
  'sed "s/.*) //" /proc/self/stat | cut -d " " -f 1,5,6,16,17,18,36,38,39',
  'grep -E "policy|prio" /proc/self/sched',
  '[ "$(cut -d " " -f 5,6 /proc/$$/stat)" = "$$ $$" ]; echo leader $?',
].join('; ');

const SHELL = ['sh', '-c', `{ ${SEEN}; } 2>&1`];
const profile: Seccomp = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['swapon'], action: 'SCMP_ACT_ERRNO' }],
};
const CAPABILITIES = ['CAP_KILL', 'CAP_NET_BIND_SERVICE'];
const KINDS: [what: string, changes: Changes][] = [
  ['plain', {}],
  [
    'of a user, with groups, limits and capabilities',
    {
      process: {
        user: { uid: 1000, gid: 7, additionalGids: [8, 9], umask: 0o27 },
        capabilities: {
          bounding: CAPABILITIES,
          permitted: CAPABILITIES,
          effective: CAPABILITIES,
          inheritable: CAPABILITIES,
          ambient: CAPABILITIES,
        },
        rlimits: [
          { type: 'RLIMIT_NOFILE', soft: 77, hard: 99 },
          { type: 'RLIMIT_CORE', soft: 0, hard: 5 },
        ],
        oomScoreAdj: 345,
        noNewPrivileges: false,
        cwd: '/tmp',
      },
    },
  ],
  ['with a seccomp filter', { linux: { seccomp: profile } }],
  [
    'with a filter, as a user',
    { process: { user: { uid: 1000, gid: 1000 }, noNewPrivileges: false }, linux: { seccomp: profile } },
  ],
  ['in a user namespace', { linux: inUser() }],
  ['in few namespaces', { hostname: undefined, linux: { namespaces: [{ type: 'mount' }, { type: 'pid' }] } }],
  [
    'with a personality and a HOME of its own',
    { process: { env: ['PATH=/bin', 'HOME=/var'] }, linux: { personality: { domain: 'LINUX' } } },
  ],
];
for (const [what, changes] of KINDS) {
  check(`a process ${what} finds all as the first time`, () => {
    const { id } = running(changes);
    const [one, two] = [first([id, ...SHELL]), alone(['exec', id, ...SHELL])];
    assert.is(two.stderr, '');
    assert.is(two.stdout, one);
    assert.ok(one.split('\n').length > 60, one);
    runtime.remove(id);
  });
}

check('without a mount namespace of its own the root is that of the container process, too', () => {
  const linux = { ...withNamespaces('pid').linux, maskedPaths: undefined, readonlyPaths: undefined };
  const { id } = running({ hostname: undefined, mounts: [], linux });
  const words = [id, 'sh', '-c', 'cat /etc/passwd; ls /; pwd; env; id; umask; ulimit -n'];
  const text = first(words);
  assert.match(text, /^root:x:0:0:root:/);
  assert.is(alone(['exec', ...words]).stdout, text);
  runtime.remove(id);
});

check('a seccomp profile that forbids to tell of a failure', () => {
  const syscalls: Seccomp['syscalls'] = [{ names: ['write'], action: 'SCMP_ACT_ERRNO' }];
  const { id, rootfs } = running({ linux: { seccomp: { defaultAction: 'SCMP_ACT_ALLOW', syscalls } } });
  const tool = join(rootfs, 'bin/tool');
  writeFileSync(tool, '#!/bin/sh\nexit 5\n', { mode: 0o755 });
  for (const run of [runtimePath, launcher]) assert.is(call(run, ['exec', id, 'tool']).status, 5);
  rmSync(tool);
  assert.ok(needsEngine(alone(['exec', id, 'tool'])));
  assert.match(runtime.fails(['exec', id, 'tool']), /has ended before it became the user's program/);
  runtime.remove(id);
});

check('--process: the same content, whatever the file is called', () => {
  const [one, two] = ['one', 'two'].map((name) => join(runtime.folder, `${name}.json`)) as [string, string];
  const content = JSON.stringify({
    args: ['sh', '-c', 'echo $B; id -u'],
    cwd: '/',
    env: ['PATH=/bin', 'B=2'],
    user: { uid: 5, gid: 5 },
  });
  for (const file of [one, two]) writeFileSync(file, content);
  assert.is(first(['--process', one, plain.id]), '2\n5\n');
  assert.is(alone(['exec', '--process', two, plain.id]).stdout, '2\n5\n');
  writeFileSync(two, content.replace('B=2', 'B=3'));
  assert.ok(needsEngine(alone(['exec', '--process', two, plain.id])));
  assert.is(first(['--process', two, plain.id]), '3\n5\n');
});

check('the caller’s umask and limit of open files hold for the second time, too', () => {
  const { id } = running({ process: { rlimits: [] } });
  const words = [id, 'sh', '-c', 'umask; ulimit -n'];
  const before = 'umask 031; ulimit -n 777;';
  first(words);
  assert.is(alone(['exec', ...words]).status, 0);
  assert.ok(needsEngine(alone(['exec', ...words], { before })));
  assert.is(first(words, { before }), '0031\n777\n');
  assert.is(alone(['exec', ...words], { before }).stdout, '0031\n777\n');
  runtime.remove(id);
});

check('HOME follows /etc/passwd', () => {
  const { id, rootfs } = running();
  const [words, passwd] = [[id, 'sh', '-c', 'echo $HOME'], join(rootfs, 'etc/passwd')];
  const old = readFileSync(passwd, 'utf8');
  assert.is(first(words), '/root\n');
  assert.is(alone(['exec', ...words]).stdout, '/root\n');
  // Of the same size, and with the old time.
  writeFileSync(passwd, old.replace('/root', '/tmp0'));
  utimesSync(passwd, 1, 1);
  assert.ok(needsEngine(alone(['exec', ...words])));
  assert.is(first(words), '/tmp0\n');
  rmSync(passwd);
  assert.is(first(words), '/\n');
  assert.is(alone(['exec', ...words]).stdout, '/\n');
  writeFileSync(passwd, old);
  assert.is(first(words), '/root\n');
  runtime.remove(id);
});

check('a program that is gone, or another by now, is an error, or that other', () => {
  const { id, rootfs } = running();
  const tool = join(rootfs, 'bin/tool');
  const write = (text: string) => writeFileSync(tool, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  write('echo one');
  assert.is(first([id, 'tool']), 'one\n');
  write('echo two');
  assert.is(alone(['exec', id, 'tool']).stdout, 'two\n');
  rmSync(tool);
  assert.ok(needsEngine(alone(['exec', id, 'tool'])));
  assert.match(runtime.fails(['exec', id, 'tool']), /exec: "tool": executable file not found/);
  assert.is(runtime.command(['exec', id, 'tool']).exit, 255);
  runtime.remove(id);
});

check('a namespace that was shared with the host and is not any more', () => {
  const capabilities = { bounding: ['CAP_SYS_ADMIN'], permitted: ['CAP_SYS_ADMIN'], effective: ['CAP_SYS_ADMIN'] };
  const wait = 'while [ ! -e /tmp/go ]; do sleep 0.05; done; exec unshare -u sleep 60';
  const { id } = running({
    process: { args: ['sh', '-c', wait], capabilities },
    hostname: undefined,
    linux: { namespaces: [{ type: 'mount' }, { type: 'pid' }] },
  });
  const words = [id, 'readlink', '/proc/self/ns/uts'];
  const { pid } = runtime.state(id);
  const shared = readLink('/proc/self/ns/uts');
  assert.is(first(words), `${shared}\n`);
  assert.is(alone(['exec', ...words]).stdout, `${shared}\n`);
  first([id, 'touch', '/tmp/go']);
  assert.ok(waitUntil(() => readLink(`/proc/${pid}/ns/uts`) !== shared));
  assert.ok(needsEngine(alone(['exec', ...words])));
  for (const text of [first(words), alone(['exec', ...words]).stdout]) {
    assert.is(text, `${readLink(`/proc/${pid}/ns/uts`)}\n`);
  }
  runtime.remove(id);
});

check('a paused container, and one that has stopped, are the engine’s', () => {
  const { id } = running();
  first([id, 'true']);
  runtime.ok(['pause', id]);
  assert.ok(needsEngine(alone(['exec', id, 'true'])));
  assert.match(runtime.fails(['exec', id, 'true']), /paused/);
  runtime.ok(['resume', id]);
  assert.is(alone(['exec', id, 'true']).status, 0);
  runtime.ok(['kill', id, 'KILL']);
  runtime.waitFor(id, 'stopped');
  assert.ok(needsEngine(alone(['exec', id, 'true'])));
  assert.match(runtime.fails(['exec', id, 'true']), /cannot exec in a stopped container/);
});

check('only what is plain is kept', () => {
  const { id } = running();
  const keptFiles = () => readdirSync(join(runtime.root, id)).filter((name) => name.startsWith('exec'));
  const file = join(runtime.folder, 'special.json');
  const special = (parts: Partial<Process>) =>
    writeFileSync(file, JSON.stringify({ args: ['true'], cwd: '/', env: ['PATH=/bin'], ...parts }));
  for (const options of [
    ['--env', 'A=B'],
    ['--user', '5'],
    ['--cwd', '/tmp'],
    ['--no-new-privs'],
    ['--cap', 'CAP_KILL'],
    ['--additional-gids', '5'],
    ['--ignore-paused'],
    ['--preserve-fds', '0', '--env', 'A=B'],
  ]) {
    first([...options, id, 'true']);
    assert.equal(keptFiles(), [], options.join(' '));
  }
  // Something is to be done by the runtime meanwhile, or said each time.
  for (const parts of [
    { scheduler: { policy: 'SCHED_BATCH' } },
    { capabilities: { effective: ['CAP_NOTHING'], permitted: ['CAP_NOTHING'], bounding: ['CAP_NOTHING'] } },
  ] satisfies Partial<Process>[]) {
    special(parts);
    first(['--process', file, id]);
    assert.equal(keptFiles(), [], JSON.stringify(parts));
  }
  runtime.fails(['exec', id, 'nosuch']);
  assert.equal(keptFiles(), []);
  special({});
  first(['--process', file, id]);
  assert.is(keptFiles().length, 1);
  runtime.remove(id);
});

check('what is kept is bounded, and goes with the container', () => {
  const at = (id: string) => join(runtime.root, id);
  const [one, two] = [running().id, running().id];
  for (const id of [one, two]) for (let number = 0; number < 12; number++) first([id, 'echo', String(number)]);
  const kept = readdirSync(at(one)).filter((name) => name.startsWith('exec'));
  assert.equal(kept.sort(), ['exec0', 'exec1', 'exec2', 'exec3']);
  runtime.remove(one);
  assert.not.ok(existsSync(at(one)));
  runtime.ok(['kill', two, 'KILL']);
  runtime.waitFor(two, 'stopped');
  assert.is(alone(['delete', two]).status, 0);
  assert.not.ok(existsSync(at(two)));
});

suite.run();
