// Terminals: made in the container, handed over by a socket or copied in the foreground.
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { terminalSettings } from '../../bindings/terminal.ts';
import type { Changes } from '../bundle.ts';
import { isRunts, runtimePath, waitUntil } from '../runtime.ts';
import { giveAway, inUser } from '../user-namespace.ts';
import { pids, readText } from './host.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { ConsoleSocket, type InTerminal, type Screen, startInTerminal } from './pty.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('terminal');
const socket = new ConsoleSocket();
test.after(() => socket.close());

/** Creates and starts a container whose terminal is handed over. */
function detached(script: string, changes: Changes = {}): { id: string; screen: Screen } {
  const process = { terminal: true, args: ['sh', '-c', script], ...changes.process };
  const id = runtime.create(runtime.bundle({ ...changes, process }), ['--console-socket', socket.path]);
  const { message, screen } = socket.receive();
  assert.is(message, '/dev/ptmx');
  runtime.ok(['start', id]);
  return { id, screen };
}

/** A foreground command in a terminal. */
function foreground(words: string[]): InTerminal {
  return startInTerminal([runtimePath, '--root', runtime.root, ...words]);
}

function runIn(script: string, changes: Changes = {}): { id: string; session: InTerminal } {
  const bundle = runtime.bundle({
    ...changes,
    process: { terminal: true, args: ['sh', '-c', script], ...changes.process },
  });
  const id = runtime.id();
  return { id, session: foreground(['run', '--bundle', bundle.directory, id]) };
}

test('the standard streams are a terminal of the container, its console and controlling terminal', async () => {
  const script =
    'tty; ls -l /proc/self/fd/0 /proc/self/fd/2; stat -c "%t:%T" /dev/console $(tty); echo ctty > /dev/tty; echo end';
  const { id, screen } = detached(script);
  const lines = (await screen.waitFor('end')).split('\r\n');
  assert.is(lines[0], '/dev/pts/0');
  assert.match(lines[1] ?? '', /-> \/dev\/pts\/0$/);
  assert.equal(lines.slice(3, 6), ['88:0', '88:0', 'ctty']);
  runtime.remove(id);
  screen.close();
});

test('consoleSize is its size, and the user its owner', async () => {
  const { id, screen } = detached('stty size; stat -c "%u %g %a" /dev/pts/0; echo end', {
    process: { consoleSize: { height: 33, width: 99 }, user: { uid: 1000, gid: 1000 } },
  });
  assert.match(await screen.waitFor('end'), /^33 99\r\n1000 5 620\r\nend/);
  runtime.remove(id);
  screen.close();
});

test('in a user namespace the terminal and the console belong to its user', async () => {
  const script = 'tty; stat -c "%u:%g %a" $(tty) /dev/console; echo ctty > /dev/tty; echo end';
  const process = { terminal: true, args: ['sh', '-c', script], user: { uid: 1000, gid: 1000 } };
  const bundle = runtime.bundle({ process, linux: inUser() });
  giveAway(bundle);
  chmodSync(runtime.folder, 0o711);
  const id = runtime.create(bundle, ['--console-socket', socket.path]);
  const { screen } = socket.receive();
  runtime.ok(['start', id]);
  const lines = (await screen.waitFor('end')).split('\r\n');
  assert.equal(lines.slice(0, 4), ['/dev/pts/0', '1000:5 620', '1000:5 620', 'ctty']);
  runtime.remove(id);
  screen.close();
});

test('what is typed is echoed, read, and makes signals', async () => {
  const { id, screen } = detached('trap "echo interrupted; exit 3" INT; read line; echo "got $line"; read more');
  screen.type('hello\n');
  await screen.waitFor('hello\r\ngot hello');
  screen.type('\u0003');
  await screen.waitFor('interrupted');
  runtime.waitFor(id, 'stopped');
  runtime.remove(id);
  screen.close();
});

test('closing the master hangs the terminal up', async () => {
  const { id, screen } = detached('trap "exit 0" HUP; echo ready; while :; do sleep 0.1; done');
  // Before it wants the signal, the first process of a pid namespace doesn't get it.
  await screen.waitFor('ready');
  screen.close();
  runtime.waitFor(id, 'stopped');
  runtime.remove(id);
});

test('exec has a terminal of its own', async () => {
  const { id, screen } = detached('sleep 60');
  runtime.ok([
    'exec',
    '--tty',
    '--detach',
    '--console-socket',
    socket.path,
    id,
    'sh',
    '-c',
    'tty; echo ctty >/dev/tty',
  ]);
  const second = socket.receive();
  assert.is(second.message, '/dev/ptmx');
  assert.match(await second.screen.waitFor('ctty'), /^\/dev\/pts\/1\r\nctty/);
  runtime.remove(id);
  for (const one of [screen, second.screen]) one.close();
});

const ERRORS: [what: string, terminal: boolean, flags: string[], shown: RegExp][] = [
  ['detached without a socket', true, [], /cannot allocate tty if \w+ will detach without setting console socket/],
  [
    'a socket without a terminal',
    false,
    ['--console-socket', socket.path],
    /cannot use console socket if \w+ will not/,
  ],
  ['a socket that is not there', true, ['--console-socket', '/none'], /\/none/],
];
for (const [what, terminal, flags, shown] of ERRORS) {
  test(`${what} is an error that leaves nothing behind`, () => {
    const before = snapshot(runtime);
    const bundle = runtime.bundle({ process: { terminal } });
    assert.match(runtime.fails(['create', ...flags, '--bundle', bundle.directory, runtime.id()]), shown);
    assert.equal(leftovers(before), []);
  });
}

test('the same errors for exec', () => {
  const id = runtime.running();
  const without = ['exec', '--tty', '--detach', id, 'true'];
  assert.match(runtime.fails(without), /cannot allocate tty if \w+ will detach without setting console socket/);
  const unused = ['exec', '--console-socket', socket.path, id, 'true'];
  assert.match(runtime.fails(unused), /cannot use console socket if \w+ will not detach or allocate tty/);
  runtime.remove(id);
});

test('a foreground run: size, raw mode, its end and the status', async () => {
  const { session } = runIn('stty size; echo ready; read line; echo "got $line"; exit 7');
  const cooked = terminalSettings(session.peerFd);
  const { screen, peerFd } = session;
  assert.match(await screen.waitFor('ready'), /^25 80\r\n/);
  assert.ok(waitUntil(() => !equal(terminalSettings(peerFd), cooked)));
  screen.type('typed\r');
  await screen.waitFor('typed\r\ngot typed');
  assert.is(await session.ended, 7);
  assert.equal(terminalSettings(peerFd), cooked);
  session.close();
});

function equal(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one?.join() === other?.join();
}

test('a change of the window is passed on', async () => {
  const { session } = runIn('trap "stty size; exit 0" WINCH; echo ready; while :; do sleep 0.1; done');
  await session.screen.waitFor('ready');
  session.screen.resize(44, 111);
  await session.screen.waitFor('44 111');
  assert.is(await session.ended, 0);
  session.close();
});

test('Ctrl-C is for the process, not for the runtime', async () => {
  const { session } = runIn('trap "echo interrupted; exit 5" INT; echo ready; while :; do sleep 0.1; done');
  await session.screen.waitFor('ready');
  session.screen.type('\u0003');
  await session.screen.waitFor('interrupted');
  assert.is(await session.ended, 5);
  session.close();
});

for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const) {
  test(`after ${signal} to the runtime the settings of the terminal are back`, async () => {
    const { session } = runIn('trap "exit 4" TERM HUP INT QUIT; echo ready; while :; do sleep 0.1; done');
    const cooked = terminalSettings(session.peerFd);
    await session.screen.waitFor('ready');
    const runtimePid =
      pids().find((pid) => readText(`/proc/${pid}/stat`).includes(`) S ${session.pid} `)) ?? session.pid;
    process.kill(runtimePid, signal);
    assert.is(await session.ended, 4);
    assert.equal(terminalSettings(session.peerFd), cooked);
    session.close();
  });
}

test('a foreground exec in a terminal', async () => {
  const id = runtime.running();
  const session = foreground(['exec', '--tty', id, 'sh', '-c', 'tty; stty size; read line; echo "got $line"; exit 9']);
  const cooked = terminalSettings(session.peerFd);
  await session.screen.waitFor(/^\/dev\/pts\/0\r\n25 80\r\n/);
  session.screen.type('x\r');
  await session.screen.waitFor('got x');
  assert.is(await session.ended, 9);
  assert.equal(terminalSettings(session.peerFd), cooked);
  session.close();
  runtime.remove(id);
});

if (isRunts) {
  const LINES = 1_500_000;
  const bundle = runtime.bundle({ process: { terminal: true, args: ['seq', String(LINES)] } });
  const lengthOf = (path: string): number => statSync(path).size;
  const expectedLength = Array.from({ length: 7 }, (_, index) => 10 ** index).reduce(
    (sum, first) => sum + Math.max(0, Math.min(LINES + 1, first * 10) - first) * (String(first).length + 2),
    0,
  );

  for (const [what, tail] of [
    ['a quick reader', 'cat'],
    ['a slow reader', '{ sleep 1; dd bs=1M count=3 iflag=fullblock 2>/dev/null; sleep 1; cat; }'],
  ] as const) {
    test(`more than 10 MB of output reach ${what} complete and in order`, () => {
      const out = join(runtime.folder, 'long');
      const wrapper = ['sh', '-c', `"$@" | ${tail} > ${out}`, 'sh'];
      runtime.ok(['run', '--bundle', bundle.directory, runtime.id()], { wrapper });
      assert.is(lengthOf(out), expectedLength);
      const lines = readFileSync(out, 'latin1').split('\r\n');
      assert.is(
        lines.findIndex((line, index) => line !== String(index + 1)),
        LINES,
      );
    });
  }

  test('a reader that goes away does not hold the process up', () => {
    const wrapper = ['sh', '-c', '{ "$@"; echo "status $?" >&2; } | head -c 10 >/dev/null', 'sh'];
    const { stderr } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()], { wrapper });
    assert.is(stderr, 'status 0\n');
  });

  test('the last words of a process arrive', () => {
    for (let round = 0; round < 20; round++) {
      assert.is(runtime.inside('printf "%04000d" 7', { process: { terminal: true } }).length, 4000);
    }
  });
}

test.run();
