import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { close, socketpair, write } from '../bindings/files.ts';
import { RuntimeError } from './errors.ts';
import { expect, type Message, receive, send } from './protocol.ts';

const test = suite('protocol');

function withPair(action: (parentFd: number, childFd: number) => void): void {
  const [parentFd, childFd] = socketpair();
  try {
    action(parentFd, childFd);
  } finally {
    close(parentFd);
    close(childFd);
  }
}

const messages: Message[] = [
  { type: 'started', pid: 7 },
  { type: 'mapped' },
  { type: 'mounted' },
  { type: 'mounted', home: '/root' },
  { type: 'hooksRun' },
  { type: 'program' },
  { type: 'warning', text: 'ä\n"' },
  { type: 'failed', error: { steps: ['mount /proc'], cause: 'EPERM', hint: 'be root', errno: 'EPERM' } },
];
for (const message of messages) {
  test(`${JSON.stringify(message)} arrives as it was sent`, () => {
    withPair((parentFd, childFd) => {
      send(childFd, message);
      assert.equal(receive(parentFd), message);
    });
  });
}

test('messages keep their boundaries and their order', () => {
  withPair((parentFd, childFd) => {
    for (const text of ['a', 'b', 'c']) send(childFd, { type: 'warning', text });
    const texts = [receive(parentFd), receive(parentFd), receive(parentFd)];
    assert.equal(
      texts,
      ['a', 'b', 'c'].map((text) => ({ type: 'warning', text })),
    );
  });
});

test("the final program's eight bytes are a report", () => {
  withPair((parentFd, childFd) => {
    write(childFd, Uint8Array.of(14, 0, 0, 0, 2, 0, 0, 0));
    assert.equal(receive(parentFd), { type: 'report', step: 14, errno: 2 });
  });
});

test('when the other side has closed there is no message', () => {
  const [parentFd, childFd] = socketpair();
  close(childFd);
  assert.is(receive(parentFd), undefined);
  close(parentFd);
});

test('when the other side has died with a message unread there is none either', () => {
  const [parentFd, childFd] = socketpair();
  send(parentFd, { type: 'mapped' });
  close(childFd);
  assert.is(receive(parentFd), undefined);
  close(parentFd);
});

test('sending to one who has died is not an error: reading will tell', () => {
  const [parentFd, childFd] = socketpair();
  close(parentFd);
  assert.not.throws(() => send(childFd, { type: 'program' }));
  close(childFd);
});

test('the child gets what it expects', () => {
  withPair((parentFd, childFd) => {
    send(parentFd, { type: 'program' });
    assert.not.throws(() => expect(childFd, 'program'));
  });
});

test('anything else is a mistake of the programmer', () => {
  withPair((parentFd, childFd) => {
    send(parentFd, { type: 'mapped' });
    assert.throws(() => expect(childFd, 'program'), /protocol: mapped instead of program/);
  });
});

test('a runtime that has ended is an error', () => {
  const [parentFd, childFd] = socketpair();
  close(parentFd);
  assert.throws(
    () => expect(childFd, 'program'),
    (error: unknown) => error instanceof RuntimeError,
  );
  close(childFd);
});

test.run();
