import { readlinkSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { AT_FDCWD, O_PATH } from '../../bindings/constants.ts';
import { close, socketpair, write } from '../../bindings/files.ts';
import { wait } from '../../bindings/process.ts';
import { type Message, receive } from '../protocol.ts';
import { spawnScript } from '../spawn.ts';
import { ROW_STEP } from './rows.ts';
import { Script } from './script.ts';
import { stepError } from './steps.ts';

const test = suite('final/script');

// Everything that a script's process says until it ends; it gets an answer for each message.
function run(build: (script: Script) => void, finish = true): { messages: Message[]; script: Script; code: number } {
  const [parentFd, syncFd] = socketpair();
  const script = new Script(syncFd);
  build(script);
  if (finish) script.program.exit(7);
  script.finish();
  const pid = spawnScript(script, { name: 'test', inherit: [syncFd], firstOwn: 3 });
  close(syncFd);
  const messages: Message[] = [];
  for (let message = receive(parentFd, script); message !== undefined; message = receive(parentFd, script)) {
    messages.push(message);
    try {
      write(parentFd, Uint8Array.of(1));
    } catch {
      // It has ended.
    }
  }
  close(parentFd);
  return { messages, script, code: wait(pid, { block: true })?.code ?? -1 };
}

const failing = (script: Script): void => script.call('fchdir', [-1], { path: '/x' });
const eventOf = (message: Message | undefined) => (message?.kind === 'event' ? message.event : message);

test('a call that fails is told by what it was part of, its name, and what it was about', () => {
  const { messages, script } = run((script) => {
    script.within('outer', () => {
      script.call('getpid', []);
      script.within('inner', () => failing(script));
    });
  });
  const [message] = messages;
  if (message?.kind !== 'failure') throw new Error('no failure');
  assert.is(stepError(script, message.step, 'EBADF').oneLine, 'outer: inner: fchdir /x EBADF');
});

test('what comes behind a named part does not belong to it', () => {
  const script = new Script(3);
  script.within('outer', () => script.call('getpid', []));
  failing(script);
  assert.is(stepError(script, 2, 'EBADF').oneLine, 'fchdir /x EBADF');
});

test("a file system's words stand in the error", () => {
  const script = new Script(3);
  failing(script);
  assert.is(stepError(script, 1, 'EINVAL', 'e tmpfs: bad\n').oneLine, 'fchdir /x (tmpfs: bad) EINVAL');
  assert.is(stepError(script, 1, 'EINVAL', 'w tmpfs: warning').oneLine, 'fchdir /x EINVAL');
});

test('a step that is no call, or does not exist, is a mistake of the programmer', () => {
  const script = new Script(3);
  script.tell({ type: 'ready' });
  for (const step of [0, 1, 99]) assert.throws(() => stepError(script, step, 'EPERM'), /protocol: step/);
});

test('events are told in their order, and asking waits for the answer', () => {
  const { messages, code } = run((script) => {
    script.tell({ type: 'final' });
    script.ask({ type: 'makePath', path: '/a', entry: 'file' });
    script.ask({ type: 'ready' });
  });
  assert.equal(messages.map(eventOf), [
    { type: 'final' },
    { type: 'makePath', path: '/a', entry: 'file' },
    { type: 'ready' },
  ]);
  assert.is(code, 7);
});

test('a fork tells the pid of the child, which goes on, and ends the parent', () => {
  const CLONE_PARENT = 0x8000;
  const { messages, code } = run((script) => {
    script.fork([script.words(CLONE_PARENT, 0, 0, 0, 0, 0, 0, 0), 64]);
    script.tell({ type: 'ready' });
  });
  const started = messages.find((message) => message.kind === 'event' && message.event.type === 'started');
  if (started?.kind !== 'event') throw new Error('not started');
  assert.is(code, 0);
  assert.is(wait(started.pid, { block: true })?.code, 7);
  assert.ok(messages.some((message) => message.kind === 'event' && message.event.type === 'ready'));
});

test('a descriptor comes with an event', () => {
  const { messages } = run((script) => {
    const root = script.descriptorSlot();
    script.call('openat', [AT_FDCWD, script.string('/etc'), O_PATH, 0], { save: root });
    script.tellWithDescriptor({ type: 'root' });
  });
  const [message] = messages;
  const fd = message?.kind === 'event' ? message.fd : undefined;
  assert.is(readlinkSync(`/proc/self/fd/${fd}`), '/etc');
  close(fd ?? -1);
});

test('a thread shares memory and descriptors, and has no part in what happens to the other alone', () => {
  const { messages, code } = run((script) => {
    const isTold = script.slot();
    script.startThread('thread');
    script.label('waiting');
    script.program.ifZero(isTold, 'waiting');
    script.tell({ type: 'final' });
    script.later(() => {
      script.label('thread');
      script.tell({ type: 'setup' });
      script.call('getpid', [], { save: isTold });
      script.call('exit', [0], { ignore: true });
    });
  });
  const events = messages.map((message) => (message.kind === 'event' ? message.event.type : message.kind));
  assert.equal(events, ['setup', 'final']);
  assert.is(code, 7);
});

test('in a loop each row asks by itself, in a call that misses something and in code behind the end', () => {
  const { messages, script } = run((script) => {
    const names = ['/missing/a', '/missing/b'];
    const event = (index: number) => ({ type: 'makePath', path: names[index] ?? '', entry: 'file' }) as const;
    const path = (index: number) => names[index] ?? '';
    script.forEach(
      names.map((name) => [script.string(name)]),
      (row) => {
        const [missing, label] = [script.slot(), script.newLabel()];
        script.call('close', [-1], { path, gotoOn: [{ errno: 9, label }] });
        script.later(() => {
          script.label(label);
          script.ask((index) => ({ type: 'checkDevice', index }));
          // What is still missing after it was asked for is a failure: in the second row, here.
          script.program.ifNegative(missing, 'again');
          script.call('openat', [AT_FDCWD, row.word(0), O_PATH, 0], { ignore: true, save: missing });
          script.program.goto(row.next);
          script.label('again');
          script.call('openat', [AT_FDCWD, row.word(0), O_PATH, 0], { path, ask: event });
        });
      },
    );
  });
  assert.equal(messages.slice(0, 3).map(eventOf), [
    { type: 'checkDevice', index: 0 },
    { type: 'checkDevice', index: 1 },
    { type: 'makePath', path: '/missing/b', entry: 'file' },
  ]);
  const failure = messages[3];
  if (failure?.kind !== 'failure') throw new Error('no failure');
  assert.is(stepError(script, failure.step, 'ENOENT').oneLine, 'openat /missing/b ENOENT');
});

test('without a slot for it, no descriptor can be told', () => {
  assert.throws(() => new Script(3).tellWithDescriptor({ type: 'root' }), /no descriptor slot/);
});

test('what is built later is put behind the end, keeps its name, and may put off more', () => {
  const { messages, script } = run((script) => {
    script.within('rare', () => {
      script.later(() => {
        script.label('rare');
        script.later(() => {
          script.label('rarer');
          failing(script);
        });
        script.program.goto('rarer');
      });
    });
    script.program.goto('rare');
  });
  const [message] = messages;
  if (message?.kind !== 'failure') throw new Error('no failure');
  assert.is(stepError(script, message.step, 'EBADF').oneLine, 'rare: fchdir /x EBADF');
});

test('descriptors that are not needed are closed where there are many, else left to execve', () => {
  const closesOf = (count: number) => {
    const script = new Script(9);
    for (let i = 0; i < count; i++) script.release(script.slot());
    return script.program.operations.length - new Script(9).program.operations.length;
  };
  assert.equal([closesOf(200), closesOf(207)], [0, 7]);
});

test('labels are never used twice', () => {
  const script = new Script(3);
  const labels = Array.from({ length: 100 }, () => script.newLabel());
  assert.is(new Set(labels).size, 100);
});

test('a program with more steps than there are numbers for them is refused', () => {
  const script = new Script(3);
  script.steps.length = ROW_STEP;
  script.finish();
  script.steps.length++;
  assert.throws(() => script.finish(), /the config takes 1048577 steps, more than 1048576/);
});

test('an explanation is sent ahead of a failure', () => {
  const { messages } = run((script) => {
    const text = script.program.bytes(new TextEncoder().encode('e words\0'.padEnd(32, '\0')), 1);
    script.explain(text, 32);
    failing(script);
  });
  assert.equal(messages[0], { kind: 'explanation', text: 'e words' });
  assert.is(messages[1]?.kind, 'failure');
});

test.run();
