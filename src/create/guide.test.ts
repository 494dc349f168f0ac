// The runtime's side alone: what a program would say is played here. With real programs: conformance/integration.
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { close, pollReadable, read, socketpair, write } from '../../bindings/files.ts';
import { wait } from '../../bindings/process.ts';
import { toRuntimeError } from '../errors.ts';
import type { Event } from '../final/event.ts';
import type { Slot } from '../final/memory.ts';
import { Script } from '../final/script.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { spawnScript } from '../spawn.ts';
import { NO_PID, sampleRecord } from '../state/fixtures/record.ts';
import type { Extras } from './extras.ts';
import { guide } from './guide.ts';
import type { Launched } from './launch.ts';
import type { SeccompExtra } from './seccomp.ts';

const test = suite('create/guide');

const root = mkdtempSync('/tmp/runts-guide-');
mkdirSync(`${root}/etc`);
writeFileSync(`${root}/etc/passwd`, 'user:x:1000:1000::/home/user:/bin/sh\n');
test.after(() => rmSync(root, { recursive: true }));

const CONFIG = { ociVersion: '1.3.0', process: { cwd: '/', args: ['sh'], env: ['A=1'], user: { uid: 1000, gid: 7 } } };

type Said = Event | { type: 'failure'; errno: number } | { type: 'explanation'; text: string };

interface Served {
  line: string;
  /** What the runtime has done, in its order. */
  log: string[];
  answers: number;
  pid: number;
}

const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

function sayTo(fd: number, script: Script, said: Said, pid: number): void {
  if (said.type === 'failure') write(fd, words(1, said.errno));
  else if (said.type === 'explanation') write(fd, Buffer.concat([Buffer.from(said.text)], 256));
  else {
    const number = script.steps.push({ kind: 'event', doing: ['a', 'b'], event: said }) - 1;
    write(fd, said.type === 'started' ? words(number, 0, pid, 0) : words(number, 0));
  }
}

const extrasIn = (log: string[]): Extras => ({
  seccomp: undefined,
  inNamespaces: [(pid) => log.push(`in namespaces ${pid}`)],
  mounted: [(pid) => log.push(`mounted ${pid}`)],
  meanwhile: [(pid) => log.push(`meanwhile ${pid}`)],
  waiting: [],
  atEnd: [],
});

// Guides while a program says this and then nothing more.
function serve(said: Said[], { pid = NO_PID, starterPid = NO_PID, recordPid = 0 } = {}): Served {
  const [parentFd, childFd] = socketpair();
  const script = new Script(3);
  script.within('mount /mounts/0', () => script.call('fsconfig', [], { path: 'size=x' }));
  for (const one of said) sayTo(childFd, script, one, pid);
  const log: string[] = [];
  const launched: Launched = {
    ...{ script, starterPid },
    beginFinal: () => void log.push('begin the final program'),
    prepareFinal: (env) => void log.push(`final program with ${env.join()}`),
    advance: () => void log.push('advance'),
  };
  const record = sampleRecord({ pid: recordPid });
  const onStarted = (startedPid?: number): void => {
    if (startedPid !== undefined) record.pid = startedPid;
  };
  const settings = { ignoredSignals: [], openFiles: { soft: 1n, hard: 1n }, umask: 0 };
  // Half closed: the answers can still be read.
  const line = lineOf(() => {
    const plan = samplePlan(CONFIG);
    guide({ plan, record, settings, launched, parentFd, extras: extrasIn(log), onStarted });
  });
  close(parentFd);
  let answers = 0;
  while (pollReadable([childFd], 0)[0] === true && read(childFd, new Uint8Array(1)) === 1) answers++;
  close(childFd);
  return { line, log, answers, pid: record.pid };
}

function lineOf(action: () => void): string {
  try {
    action();
    return 'ready';
  } catch (error) {
    return toRuntimeError(error)?.oneLine ?? String(error);
  }
}

const OUT_OF_TURN = 'Error: protocol: the event mounted is out of its turn';

test('a program is answered until it is ready', () => {
  const { line, log, answers, pid } = serve([
    { type: 'started' },
    { type: 'setup' },
    { type: 'mounted' },
    { type: 'final' },
    { type: 'ready' },
  ]);
  assert.equal([line, answers, pid], ['ready', 3, NO_PID]);
  assert.equal(log, [
    `in namespaces ${NO_PID}`,
    'advance',
    'begin the final program',
    `mounted ${NO_PID}`,
    'final program with A=1,HOME=/',
    'advance',
    `meanwhile ${NO_PID}`,
  ]);
});

test('what the container process asks before its pid is known is answered then', () => {
  const { line, answers } = serve([{ type: 'setup' }, { type: 'started' }, { type: 'ready' }]);
  assert.equal([line, answers], ['ready', 1]);
});

test('nobody can make the runtime take another process for the container, or do things twice', () => {
  const twice = serve([{ type: 'started' }, { type: 'setup' }, { type: 'started' }]);
  assert.equal([twice.line, twice.pid], ['Error: protocol: the event started is out of its turn', NO_PID]);
  const again = serve([{ type: 'started' }, { type: 'mounted' }, { type: 'mounted' }]);
  assert.equal([again.line, again.answers], ['Error: protocol: the event mounted is out of its turn', 1]);
  assert.is(withRealProgram([{ type: 'final' }, { type: 'mounted' }]).line, OUT_OF_TURN);
});

test('a failure is told in words', () => {
  const { line, answers } = serve([{ type: 'started' }, { type: 'failure', errno: 22 }]);
  assert.equal([line, answers], ['mount /mounts/0: fsconfig size=x EINVAL', 0]);
});

test('the explanation of a file system is part of it', () => {
  const { line } = serve([
    { type: 'explanation', text: "e tmpfs: Bad value for 'size'" },
    { type: 'failure', errno: 22 },
  ]);
  assert.is(line, "mount /mounts/0: fsconfig size=x (tmpfs: Bad value for 'size') EINVAL");
});

test('a device that nobody planned is a mistake of the programmer', () => {
  const { line } = withRealProgram([{ type: 'checkDevice', index: 99 }]);
  assert.is(line, 'Error: protocol: there is no device 99');
});

function diesBy(build: (script: Script) => void): number {
  const script = new Script(-1);
  build(script);
  script.finish();
  return spawnScript(script, { name: 'dying', inherit: [], firstOwn: 3 });
}

// A program that ends without having said anything, and whose end of the socket is closed by that.
function deathOf(build: (script: Script) => void): string {
  const [parentFd, childFd] = socketpair();
  close(childFd);
  const script = new Script(3);
  const launched: Launched = { script, starterPid: diesBy(build), beginFinal() {}, prepareFinal() {}, advance() {} };
  const settings = { ignoredSignals: [], openFiles: { soft: 1n, hard: 1n }, umask: 0 };
  const parts = { plan: samplePlan(CONFIG), record: sampleRecord({ pid: 0 }), settings, launched };
  const line = lineOf(() => guide({ ...parts, parentFd, extras: extrasIn([]), onStarted: () => {} }));
  close(parentFd);
  return line;
}

const KILL_SELF = (signal: number) => (script: Script) => {
  const pid = script.slot();
  script.call('getpid', [], { save: pid });
  script.call('kill', [pid, signal]);
};

const deaths: [name: string, build: (script: Script) => void, line: string][] = [
  ['exits', (script) => script.program.exit(3), 'exited with status 3'],
  ['is killed', KILL_SELF(15), 'was killed by signal 15'],
  ['is killed by nobody we know', KILL_SELF(9), 'was killed by signal 9 — out of memory, or killed by somebody'],
];
for (const [name, build, line] of deaths) {
  test(`a process that ${name} is told so`, () => {
    assert.is(deathOf(build), `set up the container: the container process ${line}`);
  });
}

// Its end of the socket stays open, as the container process would keep it.
for (const said of [['setup'], ['setup', 'started'], ['started']] as const) {
  test(`what makes the container process is killed, and ${said.join(' and ')} was said`, () => {
    const starterPid = diesBy(KILL_SELF(9));
    const { line, answers } = serve(
      said.map((type) => ({ type })),
      { starterPid },
    );
    assert.is(line, `set up the container: the container process ${deaths[2]?.[2]}`);
    assert.is(answers, 0);
  });
}

test('a process that has ended instead of waiting for the answer is told so', () => {
  const [parentFd, childFd] = socketpair();
  const script = new Script(3);
  const pid = diesBy(KILL_SELF(15));
  sayTo(childFd, script, { type: 'setup' }, pid);
  close(childFd);
  const launched: Launched = { script, starterPid: NO_PID, beginFinal() {}, prepareFinal() {}, advance() {} };
  const settings = { ignoredSignals: [], openFiles: { soft: 1n, hard: 1n }, umask: 0 };
  const parts = { plan: samplePlan(CONFIG), record: sampleRecord({ pid }), settings, launched };
  const line = lineOf(() => guide({ ...parts, parentFd, extras: extrasIn([]), onStarted: () => {} }));
  close(parentFd);
  assert.is(line, 'set up the container: the container process was killed by signal 15');
});

// A real program, which sends the descriptor of a root and asks for things in there.
interface RealParts {
  build?: (script: Script, slot: Slot) => void;
  seccomp?: SeccompExtra;
}

function withRealProgram(ask: Event[], { build, seccomp }: RealParts = {}): { line: string; env: string[] } {
  const [parentFd, syncFd] = socketpair();
  const script = new Script(syncFd);
  const slot = script.descriptorSlot();
  script.call('openat', [K.AT_FDCWD, script.string(root), K.O_PATH, 0], { save: slot });
  script.tellWithDescriptor({ type: 'root' });
  script.within('mount /mounts/0', () => {
    for (const event of ask) script.ask(event);
  });
  build?.(script, slot);
  script.tell({ type: 'ready' });
  script.finish();
  const pid = spawnScript(script, { name: 'asking', inherit: [syncFd], firstOwn: 3 });
  close(syncFd);
  const env: string[] = [];
  const launched: Launched = {
    ...{ script, starterPid: NO_PID },
    beginFinal: () => {},
    prepareFinal: (list) => void env.push(...list),
    advance: () => {},
  };
  const settings = { ignoredSignals: [], openFiles: { soft: 1n, hard: 1n }, umask: 0 };
  const parts = { plan: samplePlan(CONFIG), record: sampleRecord({ pid }), settings, launched };
  const line = lineOf(() => guide({ ...parts, parentFd, extras: { ...extrasIn([]), seccomp }, onStarted: () => {} }));
  close(parentFd);
  wait(pid, { block: true });
  return { line, env };
}

test('the agent is connected to, and gets the descriptor that the program has sent', () => {
  const told: string[] = [];
  const seccomp = {
    connectAgent: () => told.push('connect'),
    handOver: (fd: number, { status }: { status: string }) => {
      told.push(`${status} ${readlinkSync(`/proc/self/fd/${fd}`)}`);
      closeSync(fd);
    },
  } as unknown as SeccompExtra;
  const build = (script: Script, slot: Slot): void => {
    script.ask({ type: 'connectAgent' });
    script.call('openat', [K.AT_FDCWD, script.string('/dev/null'), K.O_PATH, 0], { save: slot });
    script.tellWithDescriptor({ type: 'listener' });
    script.program.waitByte(script.syncFd);
  };
  assert.is(withRealProgram([], { build, seccomp }).line, 'ready');
  assert.equal(told, ['connect', 'creating /dev/null']);
});

test('a missing path is made in the root that the program has sent', () => {
  assert.is(withRealProgram([{ type: 'makePath', path: '/data/x', entry: 'file' }]).line, 'ready');
  assert.ok(statSync(`${root}/data/x`).isFile());
});

test('a path that cannot be made is told by its name, and by what needs it', () => {
  const { line } = withRealProgram([{ type: 'makePath', path: '/etc/passwd/x', entry: 'directory' }]);
  assert.is(line, 'mount /mounts/0: make /etc/passwd/x in the container: openat2 /etc/passwd/x ENOTDIR');
});

test("HOME comes from the container's passwd", () => {
  assert.equal(withRealProgram([{ type: 'mounted' }]).env, ['A=1', 'HOME=/home/user']);
});

test('a device is compared with the plan', () => {
  mkdirSync(`${root}/dev`);
  writeFileSync(`${root}/dev/null`, '');
  const { line } = withRealProgram([{ type: 'checkDevice', index: 0 }]);
  assert.is(line, 'default device /dev/null: /dev/null exists already and is not the character device 1:3');
});

test('what a tmpfs covers is copied up; nothing there is nothing to copy', () => {
  const copyUp = (path: string): Event[] => [
    { type: 'copyUpFrom', path },
    { type: 'copyUpTo', path },
  ];
  assert.is(withRealProgram(copyUp('/nowhere')).line, 'ready');
  assert.not.ok(existsSync(`${root}/nowhere`));
});

test('the descriptors of the root are closed at the end', () => {
  const before = lowestFree();
  withRealProgram([]);
  assert.is(lowestFree(), before);
});

function lowestFree(): number {
  const fd = openSync('/', 'r');
  closeSync(fd);
  return fd;
}

test.run();
