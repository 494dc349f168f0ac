// What the container inherits: descriptors, LISTEN_FDS, signal dispositions, and nothing else.
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { isRunts } from '../runtime.ts';
import { parseStatus, readLink, readText } from './host.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('fds');

/** A file on the host with a text. */
function hostFile(text: string): string {
  const path = join(runtime.folder, `file-${runtime.id()}`);
  writeFileSync(path, text);
  return path;
}

/** The descriptors of a process that opens none but the folder it lists. */
function descriptorsIn(text: string): number[] {
  return text.trim().split(/\s+/).map(Number);
}

// Something after ls, or the shell becomes ls, which opens the folder.
const LIST = 'ls /proc/1/fd; true';
const listing = { process: { args: ['sh', '-c', LIST] } };

test('a container has the descriptors 0, 1 and 2 only', () => {
  const bundle = runtime.bundle(listing);
  assert.equal(descriptorsIn(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()])), [0, 1, 2]);
});

test('the same is true for a container that is created and started later', () => {
  const bundle = runtime.bundle({ process: { args: ['sleep', '60'] } });
  const id = runtime.create(bundle);
  runtime.ok(['start', id]);
  const { pid } = runtime.state(id);
  assert.is(Bun.spawnSync(['ls', `/proc/${pid}/fd`]).stdout.toString(), '0\n1\n2\n');
  runtime.remove(id);
});

test('a descriptor that the caller does not have cannot be preserved, with a log neither', () => {
  const bundle = runtime.bundle(listing);
  const globals = ['--log', join(runtime.folder, 'log')];
  const args = ['run', '--preserve-fds', '1', '--bundle', bundle.directory, runtime.id()];
  for (const options of [{}, { globals }]) {
    const { exit, stderr } = runtime.command(args, options);
    assert.is(exit, 1);
    if (isRunts)
      assert.match(stderr, '--preserve-fds and LISTEN_FDS: 1 descriptors are to be preserved, but 3 is not open');
  }
});

test('descriptors of the caller that nobody asked to preserve are not passed on', () => {
  const bundle = runtime.bundle(listing);
  const descriptors = [hostFile('a'), hostFile('b')];
  const text = runtime.ok(['run', '--bundle', bundle.directory, runtime.id()], { descriptors });
  assert.equal(descriptorsIn(text), [0, 1, 2]);
});

for (const count of [1, 3]) {
  test(`--preserve-fds ${count} passes that many descriptors on, from 3 on, unchanged`, () => {
    const script = `${LIST}; cat ${[3, 4, 5]
      .slice(0, count)
      .map((n) => `<&${n}`)
      .at(-1)}`;
    const bundle = runtime.bundle({ process: { args: ['sh', '-c', script] } });
    const descriptors = ['three\n', 'four\n', 'five\n', 'six\n'].map(hostFile);
    const flags = ['--preserve-fds', String(count)];
    const text = runtime.ok(['run', ...flags, '--bundle', bundle.directory, runtime.id()], { descriptors });
    const numbers = Array.from({ length: 3 + count }, (_, number) => `${number}\n`).join('');
    assert.is(text, `${numbers}${['three\n', 'four\n', 'five\n'][count - 1]}`);
  });
}

test('--preserve-fds works with create and start', () => {
  const bundle = runtime.bundle({ process: { args: ['sh', '-c', 'cat <&3 > /out'] } });
  const id = runtime.id();
  runtime.ok(['create', '--preserve-fds', '1', '--bundle', bundle.directory, id], {
    descriptors: [hostFile('three\n')],
  });
  runtime.ok(['start', id]);
  runtime.waitFor(id, 'stopped');
  assert.is(readText(join(bundle.rootfs, 'out')), 'three\n');
  runtime.remove(id);
});

test('--preserve-fds beyond what is open is an error', () => {
  const bundle = runtime.bundle();
  runtime.fails(['create', '--preserve-fds', '5', '--bundle', bundle.directory, runtime.id()]);
});

// sd_listen_fds(3): LISTEN_PID says whom the descriptors are for; exec keeps the shell's pid.
const forRuntime = ['sh', '-c', 'export LISTEN_PID=$$; exec "$@"', 'sh'];

test('LISTEN_FDS of the caller passes its descriptors on and sets LISTEN_FDS and LISTEN_PID inside', () => {
  const script = `echo $LISTEN_FDS $LISTEN_PID; cat <&3; cat <&4; ${LIST}`;
  const bundle = runtime.bundle({ process: { args: ['sh', '-c', script] } });
  const text = runtime.ok(['run', '--bundle', bundle.directory, runtime.id()], {
    env: { LISTEN_FDS: '2' },
    descriptors: [hostFile('three\n'), hostFile('four\n')],
    wrapper: forRuntime,
  });
  assert.is(text, '2 1\nthree\nfour\n0\n1\n2\n3\n4\n');
});

test('LISTEN_FDS for another process is not passed on', () => {
  const bundle = runtime.bundle({ process: { args: ['sh', '-c', `echo $LISTEN_FDS $LISTEN_PID; ${LIST}`] } });
  const text = runtime.ok(['run', '--bundle', bundle.directory, runtime.id()], {
    env: { LISTEN_FDS: '1', LISTEN_PID: '1' },
    descriptors: [hostFile('three\n')],
  });
  assert.is(text, '\n0\n1\n2\n');
});

test('LISTEN_FDS and --preserve-fds add up', () => {
  const bundle = runtime.bundle({ process: { args: ['sh', '-c', 'cat <&3; cat <&4'] } });
  const text = runtime.ok(['run', '--preserve-fds', '1', '--bundle', bundle.directory, runtime.id()], {
    env: { LISTEN_FDS: '1' },
    descriptors: [hostFile('three\n'), hostFile('four\n')],
    wrapper: forRuntime,
  });
  assert.is(text, 'three\nfour\n');
});

for (const command of ['run', 'exec']) {
  test(`${command}: pipes as standard streams can be opened by name by the user of the process`, () => {
    const wrapper = ['sh', '-c', '{ true | "$@"; } 2>&1 | cat', 'sh'];
    const script = 'echo out > /dev/stdout; echo err > /dev/stderr';
    if (command === 'run') {
      const user = { uid: 1000, gid: 1000 };
      const bundle = runtime.bundle({ process: { args: ['sh', '-c', script], user } });
      assert.is(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()], { wrapper }), 'out\nerr\n');
    } else {
      const id = runtime.running();
      assert.is(runtime.ok(['exec', '--user', '1000:1000', id, 'sh', '-c', script], { wrapper }), 'out\nerr\n');
      runtime.remove(id);
    }
  });
}

const showStreams = 'stat -L -c %i /proc/1/fd/0 /proc/1/fd/1 /proc/1/fd/2 | cat > /streams';

test('the standard streams of a created container are the very files of the caller', () => {
  const bundle = runtime.bundle({ process: { args: ['sh', '-c', showStreams] } });
  const files = [hostFile(''), hostFile(''), hostFile('')];
  const id = runtime.id();
  const shell = ['sh', '-c', `exec "$@" < ${files[0]} > ${files[1]} 2> ${files[2]}`, 'sh'];
  runtime.ok(['create', '--bundle', bundle.directory, id], { wrapper: shell });
  runtime.ok(['start', id]);
  runtime.waitFor(id, 'stopped');
  const expected = files.map((file) => `${statSync(file).ino}\n`).join('');
  assert.is(readText(join(bundle.rootfs, 'streams')), expected);
  runtime.remove(id);
});

// runc copies between pipes here.
if (isRunts) {
  test('the standard streams of a foreground run are the very files of the caller', () => {
    const bundle = runtime.bundle({ process: { args: ['sh', '-c', showStreams] } });
    const files = [hostFile(''), hostFile(''), hostFile('')];
    const shell = ['sh', '-c', `exec "$@" < ${files[0]} > ${files[1]} 2> ${files[2]}`, 'sh'];
    runtime.ok(['run', '--bundle', bundle.directory, runtime.id()], { wrapper: shell });
    const expected = files.map((file) => `${statSync(file).ino}\n`).join('');
    assert.is(readText(join(bundle.rootfs, 'streams')), expected);
  });

  test('a closed standard input of the caller does not let another file take its number', () => {
    const bundle = runtime.bundle({ process: { args: ['sh', '-c', 'readlink /proc/1/fd/0 || echo closed'] } });
    const wrapper = ['sh', '-c', 'exec "$@" <&-', 'sh'];
    const { exit, stdout } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()], { wrapper });
    if (exit === 0) assert.match(stdout, /^(closed|\/dev\/null)\n$/);
  });
}

for (const redirections of ['<&-', '>&-', '2>&-', '<&- >&- 2>&-']) {
  test(`with ${redirections} the runtime works, silently, and the container has nothing in their place`, () => {
    const bundle = runtime.bundle({ process: { args: ['sleep', '60'] } });
    const id = runtime.id();
    const wrapper = ['sh', '-c', `exec "$@" ${redirections}`, 'sh'];
    const { exit, stdout, stderr } = runtime.command(['create', '--bundle', bundle.directory, id], { wrapper });
    assert.equal([exit, stdout, stderr], [0, '', '']);
    runtime.ok(['start', id]);
    const closed =
      redirections === '<&-' ? [0] : redirections === '>&-' ? [1] : redirections === '2>&-' ? [2] : [0, 1, 2];
    const open = [0, 1, 2].filter((fd) => !closed.includes(fd));
    assert.equal(readdirSync(`/proc/${runtime.state(id).pid}/fd`).map(Number), open);
    runtime.remove(id);
  });
}

for (const limit of [16, 24]) {
  test(`with a soft limit of ${limit} open files the runtime works, and the container has that limit`, () => {
    const wrapper = ['sh', '-c', `ulimit -Sn ${limit}; exec "$@"`, 'sh'];
    const changes = { process: { rlimits: undefined } };
    assert.is(runtime.inside('ulimit -Sn', changes, { wrapper }), `${limit}\n`);
  });
}

test('signals have their default disposition and none is blocked', () => {
  const bundle = runtime.bundle({ process: { args: ['cat', '/proc/self/status'] } });
  const status = parseStatus(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]));
  for (const field of ['SigBlk', 'SigIgn', 'SigCgt', 'SigPnd', 'ShdPnd'])
    assert.is(status.get(field), '0'.repeat(16), field);
});

test('signals that the caller ignores are not ignored inside', () => {
  const bundle = runtime.bundle({ process: { args: ['cat', '/proc/self/status'] } });
  const wrapper = ['sh', '-c', 'trap "" PIPE HUP INT USR1; exec "$@"', 'sh'];
  const text = runtime.ok(['run', '--bundle', bundle.directory, runtime.id()], { wrapper });
  if (isRunts) assert.is(parseStatus(text).get('SigIgn'), '0'.repeat(16));
});

test('the waiting process of a created container holds no descriptor of the host file system', () => {
  const id = runtime.create(runtime.bundle());
  const { pid } = runtime.state(id);
  const numbers = readdirSync(`/proc/${pid}/fd`).filter((number) => Number(number) > 2);
  const others = numbers.map((number) => readLink(`/proc/${pid}/fd/${number}`));
  if (isRunts) for (const target of others) assert.match(target, /^(pipe:|socket:|\/memfd:)|\/state\//);
  runtime.remove(id);
});

test('the process has the name of its program, one thread, and the personality of Linux', () => {
  const bundle = runtime.bundle({ process: { args: ['cat', '/proc/self/status', '/proc/self/personality'] } });
  const text = runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.is(parseStatus(text).get('Name'), 'cat');
  assert.is(parseStatus(text).get('Threads'), '1');
  assert.match(text, /\n00000000\n$/);
});

test.run();
