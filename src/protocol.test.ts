import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { close, socketpair, write } from '../bindings/files.ts';
import type { Event } from './final/event.ts';
import { Script } from './final/script.ts';
import { type Message, receive, Sequence } from './protocol.ts';

const test = suite('protocol');

const SCRIPT = new Script(3);
// Step 1 is a call, the others are events.
SCRIPT.call('fchdir', [-1], { path: '/x' });
const EVENTS: Event[] = [{ type: 'started' }, { type: 'makePath', path: '/a', entry: 'file' }, { type: 'ready' }];
for (const event of EVENTS) SCRIPT.tell(event);

const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

// What is received when a process has said this and closed.
function received(...said: Uint8Array[]): (Message | undefined)[] {
  const [near, far] = socketpair();
  for (const message of said) write(far, message);
  close(far);
  const messages = [...said, undefined].map(() => receive(near, SCRIPT));
  close(near);
  return messages;
}

const number = (type: Event['type']): number =>
  SCRIPT.steps.findIndex((_, index) => {
    const step = SCRIPT.stepAt(index);
    return step?.kind === 'event' && step.event.type === type;
  });

const messages: { name: string; said: Uint8Array; message: Message }[] = [
  {
    name: 'a report without an errno is an event',
    said: words(number('makePath'), 0),
    message: {
      kind: 'event',
      event: { type: 'makePath', path: '/a', entry: 'file' },
      doing: [],
      pid: 0,
      fd: undefined,
    },
  },
  {
    name: 'the event of a new process has its pid',
    said: words(number('started'), 0, 77, 0),
    message: { kind: 'event', event: { type: 'started' }, doing: [], pid: 77, fd: undefined },
  },
  {
    name: 'a report with an errno is a failure',
    said: words(1, 9),
    message: { kind: 'failure', step: 1, errno: 9 },
  },
  {
    name: 'anything else is an explanation in words',
    said: new TextEncoder().encode('e tmpfs: Bad value\n'.padEnd(256, '\0')),
    message: { kind: 'explanation', text: 'e tmpfs: Bad value\n' },
  },
];
for (const { name, said, message } of messages) {
  test(name, () => assert.equal(received(said), [message, undefined]));
}

test('messages keep their boundaries and their order', () => {
  const kinds = received(words(1, 9), words(number('ready'), 0), words(1, 2)).map((message) => message?.kind);
  assert.equal(kinds, ['failure', 'event', 'failure', undefined]);
});

test('a partner who has died with something unread has ended without a word', () => {
  const [near, far] = socketpair();
  write(near, Uint8Array.of(1));
  close(far);
  assert.is(receive(near, SCRIPT), undefined);
  close(near);
});

test('an event that the script does not have is a mistake of the programmer', () => {
  for (const step of [0, 1, 99]) assert.throws(() => received(words(step, 0)), /protocol: step \d+ is not an event/);
});

const event = (type: string): Event => ({ type }) as Event;

// The first event that is not accepted, by its place.
function refusedIn(types: string): number {
  const sequence = new Sequence();
  return types.split(' ').findIndex((type) => {
    const fd = type === 'root' ? 5 : undefined;
    try {
      sequence.accept({ kind: 'event', event: event(type), pid: 0, fd });
      return false;
    } catch {
      return true;
    }
  });
}

const sequences: [types: string, refused: number, name: string][] = [
  [
    'started mapIds setup timeOffsets root makePath copyUpFrom copyUpTo makePath mounted makePath final ready',
    -1,
    'all',
  ],
  ['started setup root mounted final ready', -1, 'what a plain container says'],
  ['mapIds setup started root', -1, 'a process that is faster than the one that made it'],
  ['started started', 1, 'a second process'],
  ['started setup root started', 3, 'a process made later'],
  ['setup root started', 2, 'a process that is told of too late'],
  ['started setup root root', 3, 'a second root'],
  ['started setup makePath root', 2, 'paths before there is a root'],
  ['started setup root mounted final makePath', 5, 'paths after the last program is there'],
  ['started setup root mounted mounted', 4, 'hooks twice'],
  ['started setup root final mounted', 4, 'the way back'],
  ['started setup setup', 2, 'the second program twice'],
];
for (const [types, refused, name] of sequences) {
  test(`the order of events, ${name}`, () => assert.is(refusedIn(types), refused));
}

test('a descriptor comes with the root, and with nothing else', () => {
  const accept = (type: string, fd: number | undefined) => () =>
    new Sequence().accept({ kind: 'event', event: event(type), pid: 0, fd });
  assert.throws(accept('root', undefined), /protocol: root/);
  assert.throws(accept('setup', 5), /protocol: setup/);
});

test.run();
