// The engine that is kept after the first command, and with which the next ones go on (docs/architecture.md).
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { runtimePath } from '../runtime.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('kept');
const reason =
  process.arch !== 'x64'
    ? 'the engine is kept on x86_64 only'
    : process.getuid?.() !== 0
      ? 'the engine is kept for root only'
      : undefined;

interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** A script in a mount namespace with a /run of its own, with no descriptors but the standard streams; $R is the runtime. */
function inside(script: string): Outcome {
  const commands = `mount -t tmpfs tmpfs /run; R='${runtimePath} --root ${runtime.root}'; ${script}`;
  // dash can close descriptors up to 9 only.
  const all = `for fd in /proc/$$/fd/*; do fd=\${fd##*/}; [ "$fd" -le 2 ] || eval "exec $fd>&-"; done; ${commands}`;
  const { status, stdout, stderr } = spawnSync('unshare', ['--mount', '--propagation', 'private', 'bash', '-c', all], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, RUNTIME: runtimePath },
  });
  return { status, stdout, stderr };
}

/** A bundle whose hook says which program its runtime is. */
const bundle = runtime.bundle({
  process: { args: ['true'] },
  hooks: {
    createRuntime: [{ path: '/bin/sh', args: ['sh', '-c', 'basename $(readlink /proc/$PPID/exe) >> $0', log()] }],
  },
});

function log(): string {
  return join(runtime.folder, 'programs');
}

const RUN = `$R run -b ${bundle.directory} ${runtime.id()}`;
// The first one makes it.
const MADE = `${RUN} || exit 99; set -- /run/runts/engine:?; : > ${log()};`;

function programs(script: string): string[] {
  writeFileSync(log(), '');
  const { status, stderr } = inside(script);
  assert.is(status, 0, stderr);
  return readFileSync(log(), 'utf8').trim().split('\n');
}

const it = (name: string, action: () => void): void => testUnless(reason, test, name, action);

it('the first command has it kept, the next ones go on with it', () => {
  assert.equal(programs(`${RUN}; ${RUN}; ${RUN}`), ['runts-engine', 'runts', 'runts']);
});

it('it is one file that only root reads', () => {
  const { stdout } = inside(
    `${MADE} stat -c '%n %a %u %F' /run/runts/*; [ $(stat -c %s "$1") -lt 16000000 ] && echo small`,
  );
  assert.match(stdout, /^\/run\/runts\/engine:[0-3] 600 0 regular file\nsmall\n$/);
});

it('commands say the same by either way', () => {
  const commands = [
    '--version',
    'features',
    'list',
    'state nobody',
    'kill nobody',
    'nonsense',
    'run --nonsense',
    `run -b /nowhere ''`,
    'exec nobody "ä b" "" "*"',
    '--log /proc/none delete x',
  ];
  const all = commands.map((words) => `$R ${words} 2>&1; echo "= $?"`).join('\n');
  const { stdout } = inside(`${MADE} both() { ${all}
  }; both > ${runtime.folder}/kept; LD_ANYTHING=1 both > ${runtime.folder}/executed; cmp ${runtime.folder}/kept ${runtime.folder}/executed && echo same`);
  assert.match(stdout, 'same');
  assert.match(readFileSync(join(runtime.folder, 'kept'), 'utf8'), /exec nobody.*container does not exist/);
});

it('the caller is told as it is: words, environment, working directory, umask, limits, pids', () => {
  const seen = join(runtime.folder, 'seen');
  const hook = {
    path: '/bin/sh',
    args: [
      'sh',
      '-c',
      'env | grep -v ^_= | sort > $0; pwd >> $0; umask >> $0; ulimit -n >> $0; cat /proc/$PPID/limits >> $0',
      seen,
    ],
  };
  const told = runtime.bundle({ process: { args: ['true'] }, hooks: { createRuntime: [hook] } });
  const pidFile = join(runtime.folder, 'told.pid');
  const words = `$R run --pid-file ../told.pid -b . ${runtime.id()}`;
  const run = (more: string) =>
    `env -i PATH=/usr/bin:/bin 'AB=ü=1' EMPTY= toString=1 __proto__=1 TWO=1 BUN_X=1 RUNTS_FDS=9 RUNTS_KEEP=/x ${more} ${words}`;
  inside(
    `${MADE} umask 027; ulimit -Sn 100; cd ${told.directory}; ${run('')}; mv ${seen} ${seen}.kept; ${run('LD_ANYTHING=1')}`,
  );
  const [kept, executed] = [`${seen}.kept`, seen].map((file) => readFileSync(file, 'utf8'));
  assert.is(kept, executed?.replace(/^LD_ANYTHING=1\n/m, ''));
  assert.match(kept ?? '', /^AB=ü=1$/m);
  assert.match(kept ?? '', /^EMPTY=$/m);
  assert.match(kept ?? '', /^toString=1$/m);
  assert.not.match(kept ?? '', /^(BUN_|RUNTS_)/m);
  assert.is(statSync(pidFile).mode & 0o777, 0o640);
});

it('a container of it is like any other: status, exec, signals, seccomp', () => {
  const id = runtime.id();
  const long = runtime.bundle({
    process: { args: ['sleep', '60'] },
    linux: { seccomp: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO' }] } },
  });
  const { stdout } = inside(`${MADE} $R create -b ${long.directory} ${id} </dev/null >/dev/null 2>&1; $R start ${id}
    $R exec ${id} sh -c 'echo "$1"; mkdir /tmp/x || exit 7' sh 'ä b'; echo "= $?"; $R kill ${id} KILL; $R delete --force ${id}; echo "= $?"`);
  assert.is(stdout, 'ä b\n= 7\n= 0\n');
});

/** What makes the engine be executed, as before. */
const unusable: [what: string, script: string][] = [
  ['is somebody else’s', 'chown 1 "$1"'],
  ['can be written by others', 'chmod 666 "$1"'],
  ['is cut off', 'truncate -s 40000 "$1"'],
  ['is cut off in its head', 'truncate -s 4000 "$1"'],
  ['is empty', ': > "$1"'],
  ['is a link', 'mv "$1" /run/x; ln -s /run/x "$1"'],
  ['is a FIFO', 'rm "$1"; mkfifo -m 600 "$1"'],
  ['is a folder', 'rm "$1"; mkdir -m 600 "$1"'],
  ['is of another kind', 'printf x | dd of="$1" conv=notrunc status=none'],
  ['is of another build', 'printf x | dd of="$1" bs=1 seek=16 conv=notrunc status=none'],
];
for (const [what, script] of unusable) {
  it(`one that ${what} is not used`, () => {
    // Nobody makes a new one meanwhile.
    const blocked = `cat /proc/sys/kernel/random/boot_id > /run/x.boot; mkdir "$1.new" 2>/dev/null`;
    assert.equal(programs(`${MADE} ${script}; ${blocked}; ${RUN}`), ['runts-engine']);
  });
}

it('one of another boot, or of changed files, is made anew', () => {
  const other = `mount --bind ${runtime.folder}/boot /proc/sys/kernel/random/boot_id`;
  writeFileSync(join(runtime.folder, 'boot'), '00000000-0000-0000-0000-000000000000\n');
  assert.equal(programs(`${MADE} ${other}; ${RUN}; ${RUN}`), ['runts-engine', 'runts']);
});

it('after three attempts that failed there is none until the next boot', () => {
  const full = 'umount /run; mount -t tmpfs -o size=1m tmpfs /run';
  const sizes = `stat -c '%n %s' /run/runts/* >> ${runtime.folder}/ls`;
  const each = `${RUN}; ${sizes};`.repeat(4);
  assert.equal(programs(`${full}; ${each}`), Array(4).fill('runts-engine'));
  const found = readFileSync(join(runtime.folder, 'ls'), 'utf8').matchAll(/^\/run\/runts\/engine:[0-3]\.new (\d+)\n/gm);
  const [first = 0, ...others] = [...found].map(([, size]) => Number(size));
  assert.ok(first < 100);
  assert.equal(others, [2 * first, 3 * first, 3 * first]);
});

it('an attempt whose command was killed is made again', () => {
  const killed = `${RUN} & until [ -s /run/runts/engine:?.new ]; do :; done; kill -KILL $!; wait $!`;
  const waited = 'until flock -n /run/runts/engine:?.new true; do sleep 0.1; done';
  assert.equal(programs(`${killed}; : > ${log()}; ${waited}; ${RUN}; ${RUN}`).slice(-2), ['runts-engine', 'runts']);
});

it('what the first caller ignores or limits, the next ones don’t', () => {
  const seen = join(runtime.folder, 'signals');
  const args = ['sh', '-c', 'grep -h ^Sig[BIC] /proc/$PPID/status > $0; grep files /proc/$PPID/limits >> $0', seen];
  const told = runtime.bundle({
    process: { args: ['true'] },
    hooks: { createRuntime: [{ path: '/bin/sh', args }] },
  });
  const run = `$R run -b ${told.directory} ${runtime.id()}`;
  const first = `(trap '' HUP INT QUIT TERM USR1 CHLD; ulimit -Sn 100; ulimit -Ss 1024; ${RUN})`;
  inside(`${first}; ulimit -Sn 100; ${run}; mv ${seen} ${seen}.kept; LD_ANYTHING=1 ${run}`);
  assert.is(readFileSync(`${seen}.kept`, 'utf8'), readFileSync(seen, 'utf8'));
  assert.equal(programs(`${first}; ${RUN}`), ['runts-engine', 'runts']);
});

const elsewhere: [what: string, script: string][] = [
  ['a closed standard stream', `${RUN} <&-`],
  ['a descriptor of the caller’s', `${RUN} 5</dev/null`],
  ['variables for ld.so', `LD_ANYTHING=1 ${RUN}`],
  ['hardly any memory', `(ulimit -v 3000000; ${RUN}) 2>/dev/null || ${RUN} 5</dev/null`],
];
for (const [what, script] of elsewhere) {
  it(`with ${what} the engine is executed`, () => assert.equal(programs(`${MADE} ${script}`), ['runts-engine']));
}

it('where there is no /run none is made', () => {
  const dist = dirname(runtimePath);
  const root = `D=/run/root; mkdir -p $D/usr $D/proc $D${dist}; mount --bind /usr $D/usr; mount --bind ${dist} $D${dist}
    mount -t proc proc $D/proc; for link in bin lib lib64; do ln -s usr/$link $D/$link; done`;
  const { stdout } = inside(`${root}; chroot $D ${runtimePath} run -b /nowhere x 2>&1; ls $D`);
  assert.match(stdout, '/nowhere ENOENT');
  assert.not.match(stdout, /^run$/m);
});

it('two first commands at once don’t disturb each other', () => {
  const [one, other] = [runtime.id(), runtime.id()];
  const run = (id: string) => `$R run -b ${bundle.directory} ${id}`;
  const { status } = inside(`${run(one)} & ${run(other)} && wait $! && ls /run/runts/engine:[0-3]`);
  assert.is(status, 0);
});

it('nothing is left of making it', () => {
  assert.match(inside(`${MADE} ls /run/runts`).stdout, /^engine:[0-3]\n$/);
  // What makes it, and the copy of that, have this one word.
  assert.not.match(spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).stdout, /^runts-engine$/m);
});

test.run();
