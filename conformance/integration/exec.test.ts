// `exec`: one more process in a container, with the options of the command line or a file.
import { chmodSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Process, Seccomp } from '../../src/bundle/config.ts';
import { toJson, withNamespaces } from '../bundle.ts';
import { isRunts, waitUntil } from '../runtime.ts';
import { belongsTo, parseStatus, pids, readLink, readText } from './host.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('exec');

const id = runtime.running({ process: { env: ['PATH=/bin', 'A=1'], user: { additionalGids: [4] } } });
const exec = (...words: string[]): string => runtime.ok(['exec', ...words]);
const inside = (script: string): string => exec(id, 'sh', '-c', script);
const statusIn = (...options: string[]) => parseStatus(exec(...options, id, 'cat', '/proc/self/status'));

test('the process runs in the container, and its output is the runtime’s', () => {
  assert.is(inside('echo hello; hostname'), 'hello\nbox\n');
});

for (const status of [0, 1, 7, 127, 255]) {
  test(`exec exits with the program's status ${status}`, () => {
    assert.is(runtime.command(['exec', id, 'sh', '-c', `exit ${status}`]).exit, status);
  });
}

test('exec exits with 255 if it fails itself', () => {
  assert.is(runtime.command(['exec', id, 'no-such-program']).exit, 255);
  assert.is(runtime.command(['exec', 'no-such-container', 'true']).exit, 255);
});

for (const [signal, status] of [
  ['KILL', 137],
  ['TERM', 143],
] as const) {
  test(`exec of a program that dies by SIG${signal} exits with ${status}`, () => {
    assert.is(runtime.command(['exec', id, 'sh', '-c', `kill -${signal} $$`]).exit, status);
  });
}

test('it is in the same namespaces and cgroups as the container process', () => {
  const { pid } = runtime.state(id);
  const child = runtime.begin(['exec', id, 'sh', '-c', 'echo ready; exec sleep 60']);
  assert.ok(waitUntil(() => child.stdout().includes('ready')));
  const other =
    pids().find((one) => readText(`/proc/${one}/stat`).includes(` ${child.pid} `) && one !== child.pid) ?? 0;
  for (const name of ['user', 'mnt', 'uts', 'ipc', 'net', 'pid', 'cgroup', 'time']) {
    assert.is(readLink(`/proc/${other}/ns/${name}`), readLink(`/proc/${pid}/ns/${name}`), name);
  }
  assert.is(readText(`/proc/${other}/cgroup`), readText(`/proc/${pid}/cgroup`));
  assert.is(readLink(`/proc/${other}/root`), readLink(`/proc/${pid}/root`));
  process.kill(child.pid, 'SIGTERM');
  return child.ended.then(({ exit }) => assert.is(exit, 143));
});

test('it has the session keyring of the container process', () => {
  const open = runtime.running({ linux: { maskedPaths: [] } });
  const keys = runtime.ok(['exec', open, 'cat', '/proc/keys']);
  assert.is(keys.split('\n').filter((line) => line.includes(`_ses.${open}:`)).length, 1, keys);
});

test('environment, groups, limits and capabilities are those of the container process by default', () => {
  assert.equal(inside('env | grep -E "^(A|PATH|HOME)=" | sort'), 'A=1\nHOME=/root\nPATH=/bin\n');
  const [own, init] = [parseStatus(inside('cat /proc/self/status')), parseStatus(inside('cat /proc/1/status'))];
  for (const field of [
    'CapInh',
    'CapPrm',
    'CapEff',
    'CapBnd',
    'CapAmb',
    'NoNewPrivs',
    'Groups',
    'Uid',
    'Gid',
    'Seccomp',
  ]) {
    assert.is(own.get(field), init.get(field), field);
  }
  assert.is(inside('cat /proc/self/limits'), inside('cat /proc/1/limits'));
});

test('signals have their default disposition and none is blocked', () => {
  const status = statusIn();
  for (const field of ['SigBlk', 'SigIgn', 'SigCgt']) assert.is(status.get(field), '0'.repeat(16), field);
});

test('--cwd, --env, --user and --additional-gids', () => {
  const words = ['--cwd', '/tmp', '--env', 'A=2', '-e', 'B=3', '--user', '1000:7', '-g', '8', '-g', '9'];
  const text = exec(...words, id, 'sh', '-c', 'pwd; echo $A $B $HOME; id -u; id -g; id -G');
  assert.is(text, '/tmp\n2 3 /tmp\n1000\n7\n7 4 8 9\n');
});

test('the working directory may be one that only processes in the container have', () => {
  assert.match(exec('--cwd', '/proc/self', id, 'pwd'), /^\/proc\/\d+\n$/);
  assert.match(exec('--cwd', '/proc/self/fd', '--user', '1000', id, 'pwd'), /^\/proc\/\d+\/fd\n$/);
});

test('a uid alone leaves the gid as it is', () => {
  assert.is(exec('--user', '1000', id, 'sh', '-c', 'id -u; id -g'), '1000\n0\n');
});

test('--cap adds a capability, an unknown one is a warning', () => {
  const NET_RAW = 1n << 13n;
  const [plain, more] = [statusIn(), statusIn('--cap', 'CAP_NET_RAW')];
  for (const field of ['CapPrm', 'CapEff', 'CapBnd']) {
    assert.is(BigInt(`0x${more.get(field)}`), BigInt(`0x${plain.get(field)}`) | NET_RAW, field);
  }
  const { exit, stderr } = runtime.command(['exec', '--cap', 'CAP_NOTHING', id, 'true']);
  assert.is(exit, 0);
  assert.match(stderr, /CAP_NOTHING/);
});

test('what the container process cannot have is not told again', () => {
  const capabilities = { bounding: ['CAP_KILL', 'CAP_NOTHING'] };
  const other = runtime.running({ process: { capabilities } });
  assert.is(runtime.command(['exec', other, 'true']).stderr, '');
  runtime.remove(other);
});

test('--no-new-privs sets it where the container has it not', () => {
  const without = runtime.running({ process: { noNewPrivileges: false } });
  const value = (...options: string[]) =>
    parseStatus(exec(...options, without, 'cat', '/proc/self/status')).get('NoNewPrivs');
  assert.is(value(), '0');
  assert.is(value('--no-new-privs'), '1');
  runtime.remove(without);
});

/** Writes a file for --process. */
function processFile(parts: Partial<Process>): string {
  const path = join(runtime.folder, `process-${runtime.id()}.json`);
  writeFileSync(path, toJson({ args: ['true'], cwd: '/', env: ['PATH=/bin'], user: { uid: 0, gid: 0 }, ...parts }));
  return path;
}

test('--process takes everything from a file', () => {
  const file = processFile({
    args: [
      'sh',
      '-c',
      'id -u; pwd; ulimit -n; umask; echo $A; cat /proc/self/oom_score_adj; grep CapEff /proc/self/status',
    ],
    user: { uid: 1000, gid: 1000, umask: 0o77 },
    cwd: '/tmp',
    env: ['PATH=/bin', 'A=file'],
    rlimits: [{ type: 'RLIMIT_NOFILE', soft: 77, hard: 78 }],
    capabilities: { effective: ['CAP_KILL'], permitted: ['CAP_KILL'], bounding: ['CAP_KILL'] },
    oomScoreAdj: 321,
  });
  // Across execve only ambient capabilities stay with a user.
  const expected = '1000\n/tmp\n77\n0077\nfile\n321\nCapEff:\t0000000000000000\n';
  assert.is(exec('--process', file, id), expected);
});

test('mistakes in that file are told with their place', () => {
  const line = runtime.fails(['exec', '--process', processFile({ cwd: 'tmp', env: ['A'] }), id]);
  if (isRunts) {
    assert.match(line, /\/cwd/);
    assert.match(line, /\/env\/0/);
  }
});

test('a limit on processes does not count the process that goes in', () => {
  const file = processFile({
    args: ['echo', 'fine'],
    user: { uid: 54_321, gid: 1000 },
    rlimits: [{ type: 'RLIMIT_NPROC', soft: 1, hard: 1 }],
  });
  assert.is(exec('--process', file, id), 'fine\n');
});

test('execCPUAffinity.final is what the process runs on', () => {
  const file = processFile({
    args: ['grep', 'Cpus_allowed_list', '/proc/self/status'],
    execCPUAffinity: { initial: '0', final: '0' },
  });
  if (isRunts) assert.is(exec('--process', file, id), 'Cpus_allowed_list:\t0\n');
});

// Up to Linux 6.1 a cpuset takes it away again when the process enters the cgroup.
const [major = 0, minor = 0] = readText('/proc/sys/kernel/osrelease').split('.').map(Number);
const forgetful = major < 6 || (major === 6 && minor < 2) ? 'entering a cpuset changes it on this kernel' : undefined;
const onlyOne = readText('/sys/devices/system/cpu/online').trim() === '0' ? 'there is one CPU only' : undefined;

testUnless(
  isRunts ? (onlyOne ?? forgetful) : 'runc 1.1 lacks it',
  test,
  'execCPUAffinity.initial stays without final',
  () => {
    const args = ['grep', 'Cpus_allowed_list', '/proc/self/status'];
    for (const final of [undefined, '']) {
      const file = processFile({ args, execCPUAffinity: { initial: '1', ...(final !== undefined && { final }) } });
      assert.is(exec('--process', file, id), 'Cpus_allowed_list:\t1\n');
    }
  },
);

test('the scheduling policy of a process', () => {
  const file = processFile({
    args: ['sh', '-c', "sed 's/.*) //' /proc/self/stat | cut -d ' ' -f 39"],
    scheduler: { policy: 'SCHED_BATCH', nice: 5 },
  });
  if (isRunts) assert.is(exec('--process', file, id), '3\n');
});

const FAILURES: [words: string[], shown: RegExp][] = [
  [['nosuch'], /exec: "nosuch": executable file not found in \$PATH/],
  [[''], /exec: "": executable file not found in \$PATH/],
  [['/nosuch'], /exec: "\/nosuch": stat \/nosuch: no such file or directory/],
  [['/etc'], /exec: "\/etc": permission denied/],
  [['/etc/passwd'], /exec: "\/etc\/passwd": permission denied/],
  [['/etc/passwd/x'], /exec: "\/etc\/passwd\/x": stat \/etc\/passwd\/x: not a directory/],
  [[], /process args cannot be empty|no command/],
];
for (const [words, shown] of FAILURES) {
  test(`exec of ${JSON.stringify(words)} fails with the words that managers look for`, () => {
    assert.match(runtime.fails(['exec', id, ...words]), shown);
  });
}

for (const [options, shown] of [
  [['--cwd', '/none'], /\/none/],
  [['--user', 'root'], /root/],
  [['--env', 'A'], /A/],
  [['--cgroup', 'none'], /none/],
  [['--cgroup', '../x'], /\.\./],
  [['--process', '/none.json'], /none\.json/],
] as const) {
  test(`exec ${options.join(' ')} fails and says why`, () => {
    assert.match(runtime.fails(['exec', ...options, id, 'true']), shown);
  });
}

test('a failed exec leaves no process behind', () => {
  const ours = (): number => pids().filter((pid) => belongsTo(pid, runtime.tag)).length;
  const before = ours();
  for (const [words] of FAILURES) runtime.fails(['exec', id, ...words]);
  assert.ok(waitUntil(() => ours() <= before));
});

test('--detach returns at once and writes the pid of the process', () => {
  const pidFile = join(runtime.folder, 'exec-pid');
  exec('--detach', '--pid-file', pidFile, id, 'sleep', '60');
  const pid = Number(readFileSync(pidFile, 'utf8'));
  assert.is(readText(`/proc/${pid}/cmdline`), 'sleep\0' + '60\0');
  process.kill(pid, 'SIGKILL');
});

test('signals to the runtime reach the process', async () => {
  const running = runtime.begin([
    'exec',
    id,
    'sh',
    '-c',
    'trap "echo got; exit 9" USR1; echo ready; while :; do sleep 1; done',
  ]);
  assert.ok(waitUntil(() => running.stdout().includes('ready')));
  process.kill(running.pid, 'SIGUSR1');
  const { exit, stdout } = await running.ended;
  assert.is(exit, 9);
  assert.match(stdout, /got/);
});

test('standard input is the very file of the caller', () => {
  assert.is(runtime.ok(['exec', id, 'cat'], { input: 'from the caller' }), 'from the caller');
});

const LIST = 'ls /proc/self/fd; true';

test('no descriptor but 0, 1, 2 is passed on unless it is asked for', () => {
  const file = join(runtime.folder, 'three');
  writeFileSync(file, 'three\n');
  // ls itself opens the folder.
  assert.is(runtime.ok(['exec', id, 'sh', '-c', LIST], { descriptors: [file] }), '0\n1\n2\n3\n');
  const script = `cat <&3; ${LIST}`;
  const text = runtime.ok(['exec', '--preserve-fds', '1', id, 'sh', '-c', script], { descriptors: [file] });
  assert.is(text, 'three\n0\n1\n2\n3\n4\n');
  runtime.fails(['exec', '--preserve-fds', '5', id, 'true'], { descriptors: [file] });
});

if (isRunts) {
  test('LISTEN_FDS is passed on, and LISTEN_PID is the pid of the process', () => {
    const file = join(runtime.folder, 'listen');
    writeFileSync(file, 'socket\n');
    const wrapper = ['sh', '-c', 'export LISTEN_PID=$$; exec "$@"', 'sh'];
    const script = 'cat <&3; echo $LISTEN_FDS; [ $LISTEN_PID = $$ ] && echo mine';
    const options = { env: { LISTEN_FDS: '1' }, descriptors: [file], wrapper };
    assert.is(runtime.ok(['exec', id, 'sh', '-c', script], options), 'socket\n1\nmine\n');
  });
}

test('--cgroup runs it in a cgroup below that of the container', () => {
  const line = readText(`/proc/${runtime.state(id).pid}/cgroup`)
    .split('\n')
    .find((one) => one.includes(':pids:'));
  if (line === undefined) return;
  const path = `/sys/fs/cgroup/pids${line.split(':')[2]}`;
  mkdirSync(join(path, 'below'));
  const words = isRunts ? ['--cgroup', 'pids:below'] : ['--cgroup', 'pids:/below'];
  assert.match(exec(...words, id, 'cat', '/proc/self/cgroup'), /:pids:.*\/below\n/);
  assert.ok(waitUntil(() => removed(join(path, 'below'))));
});

function removed(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

test('twenty at the same time', async () => {
  const started = Array.from({ length: 20 }, (_, number) => runtime.begin(['exec', id, 'echo', String(number)]));
  const results = await Promise.all(started.map(({ ended }) => ended));
  assert.equal(
    results.map(({ stdout, stderr }) => stdout + stderr),
    results.map((_, number) => `${number}\n`),
  );
});

test('exec works in a created container, too', () => {
  const created = runtime.create(runtime.bundle());
  assert.is(exec(created, 'echo', 'early'), 'early\n');
  assert.is(runtime.state(created).status, 'created');
  runtime.remove(created);
});

test('a stopped container, or none, is an error at once', () => {
  const stopped = runtime.running();
  runtime.ok(['kill', stopped, 'KILL']);
  runtime.waitFor(stopped, 'stopped');
  assert.match(runtime.fails(['exec', stopped, 'true']), /cannot exec in a stopped container/);
  runtime.remove(stopped);
  assert.match(runtime.fails(['exec', stopped, 'true']), /container does not exist/);
});

test('a container is stopped when its process has ended, also if nobody has waited for a process of exec yet', async () => {
  const other = runtime.running();
  const running = runtime.begin(['exec', other, 'sh', '-c', 'echo ready; exec sleep 60']);
  assert.ok(waitUntil(() => running.stdout().includes('ready')));
  process.kill(running.pid, 'SIGSTOP');
  runtime.ok(['kill', other, 'KILL']);
  if (isRunts) {
    runtime.waitFor(other, 'stopped');
    assert.match(runtime.fails(['exec', other, 'true']), /cannot exec in a stopped container/);
    runtime.ok(['delete', other]);
  }
  process.kill(running.pid, 'SIGCONT');
  assert.is((await running.ended).exit, 137);
  if (!isRunts) runtime.remove(other);
});

test('a paused container is an error at once, unless that is to be ignored', async () => {
  const paused = runtime.running();
  const line = readText(`/proc/${runtime.state(paused).pid}/cgroup`)
    .split('\n')
    .find((one) => one.includes(':freezer:'));
  if (line === undefined) return;
  const file = `/sys/fs/cgroup/freezer${line.split(':')[2]}/freezer.state`;
  writeFileSync(file, 'FROZEN');
  assert.match(runtime.fails(['exec', paused, 'true']), /cannot exec in a paused container \(use --ignore-paused/);
  const waiting = runtime.begin(['exec', '--ignore-paused', paused, 'echo', 'thawed']);
  await Bun.sleep(300);
  assert.is(waiting.stdout(), '');
  writeFileSync(file, 'THAWED');
  assert.is((await waiting.ended).stdout, 'thawed\n');
  runtime.remove(paused);
});

test('the processes end with the container', async () => {
  const other = runtime.running();
  const running = runtime.begin(['exec', other, 'sh', '-c', 'echo ready; sleep 60']);
  assert.ok(waitUntil(() => running.stdout().includes('ready')));
  runtime.ok(['kill', other, 'KILL']);
  assert.is((await running.ended).exit, 137);
  runtime.remove(other);
});

test('namespaces that the container shares with the host, or has joined, are joined as they are', () => {
  const shared = runtime.running(withNamespaces('mount', 'uts'));
  const net = exec(shared, 'readlink', '/proc/self/ns/net').trim();
  assert.is(net, readLink('/proc/self/ns/net'));
  runtime.remove(shared);
  const { pid } = runtime.state(id);
  const joined = runtime.running({
    linux: { namespaces: [{ type: 'mount' }, { type: 'pid' }, { type: 'network', path: `/proc/${pid}/ns/net` }] },
    hostname: undefined,
  });
  assert.is(exec(joined, 'readlink', '/proc/self/ns/net').trim(), readLink(`/proc/${pid}/ns/net`));
  runtime.remove(joined);
});

test('with a user namespace the process is root in there only', () => {
  const map = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
  // The folder has to be reachable for others.
  chmodSync(runtime.folder, 0o755);
  const types = ['user', 'mount', 'pid', 'uts', 'ipc', 'network'] as const;
  const mapped = runtime.running({
    linux: { namespaces: types.map((type) => ({ type })), uidMappings: map, gidMappings: map },
  });
  const script = 'id -u; readlink /proc/self/ns/user';
  assert.is(exec(mapped, 'sh', '-c', script), `0\n${readLink(`/proc/${runtime.state(mapped).pid}/ns/user`)}\n`);
  assert.is(exec('--user', '1000:1000', mapped, 'id', '-u'), '1000\n');
  runtime.remove(mapped);
});

if (isRunts) {
  test('a container without a mount namespace of its own: the root is that of the container process', () => {
    const linux = { ...withNamespaces('pid').linux, maskedPaths: undefined, readonlyPaths: undefined };
    const chrooted = runtime.running({ hostname: undefined, mounts: [], linux });
    assert.is(exec(chrooted, 'cat', '/etc/passwd').split('\n')[0], 'root:x:0:0:root:/root:/bin/sh');
    runtime.remove(chrooted);
  });
}

if (isRunts) {
  test('a program that is not executed is an error also where the seccomp profile forbids to tell', () => {
    const seccomp: Seccomp = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['write'], action: 'SCMP_ACT_ERRNO' }],
    };
    const silenced = runtime.running({ linux: { seccomp } });
    assert.is(runtime.command(['exec', silenced, 'sh', '-c', 'exit 3']).exit, 3);
    assert.match(runtime.fails(['exec', silenced, 'nosuch']), /has ended before it became the user's program/);
    runtime.remove(silenced);
  });

  test('whoever may trace in the container finds nothing of the runtime to trace or open', async () => {
    const every = ['CAP_SYS_PTRACE', 'CAP_DAC_OVERRIDE', 'CAP_DAC_READ_SEARCH', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'];
    // Looks at all processes again and again: capabilities and open folders of one that is not what it should be.
    const spy = `echo ready; while :; do for p in /proc/[0-9]*; do
      while read -r name value; do case $name$value in CapEff:0000003*|CapPrm:0000003*|CapEff:000001f*) echo "rights $value of $p";; esac; done 2>/dev/null < $p/status
      for fd in $p/fd/*; do [ -d $fd/ ] 2>/dev/null && echo "folder $fd"; done
      case $(readlink $p/exe 2>/dev/null) in *runts-engine*) echo "engine $p";; esac
    done; done`;
    const watched = runtime.running({
      process: {
        args: ['sh', '-c', 'sleep 600'],
        capabilities: { bounding: every, effective: every, permitted: every },
      },
    });
    const spying = runtime.begin(['exec', watched, 'sh', '-c', spy], { timeoutMs: 300_000 });
    assert.ok(waitUntil(() => spying.stdout().includes('ready')));
    for (let round = 0; round < 60; round++) exec(watched, 'true');
    assert.is(spying.stdout(), 'ready\n');
    runtime.remove(watched);
    await spying.ended;
  });
}

test.run();
