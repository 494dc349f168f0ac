// What the runtime hears when a process of exec's chain is killed. The chain is played here.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { close, socketpair, write } from '../../bindings/files.ts';
import { RuntimeError } from '../errors.ts';
import type { Event } from '../final/event.ts';
import { Script } from '../final/script.ts';
import { spawnScript } from '../spawn.ts';
import { Conversation, type ExecInputs } from './exec.ts';

const test = suite('create/exec');

const CHAIN: Event['type'][] = ['started', 'started', 'final'];

function spawn(build: (script: Script) => void): number {
  const script = new Script(-1);
  build(script);
  script.finish();
  return spawnScript(script, { name: 'of-exec', inherit: [], firstOwn: 3 });
}

const killed = (): number =>
  spawn((script) => {
    const pid = script.slot();
    script.call('getpid', [], { save: pid });
    script.call('kill', [pid, 9]);
  });

// Ends as what it was made for is done.
const done = (): number => spawn((script) => script.program.exit(0));

/** What follows from what was said: steps of the chain, the pids that are told; the socket stays open or not. */
function follow(starterPid: number, said: [step: number, pid?: number][], { isOpen = true } = {}): number | string {
  const script = new Script(3);
  for (const type of CHAIN) script.steps.push({ kind: 'event', doing: [], event: { type } as Event });
  const first = script.steps.length - CHAIN.length;
  const [parentFd, childFd] = socketpair();
  for (const [step, pid] of said) {
    const words = pid === undefined ? [first + step, 0] : [first + step, 0, pid, 0];
    write(childFd, new Uint8Array(Uint32Array.from(words).buffer));
  }
  if (!isOpen) close(childFd);
  try {
    return new Conversation({ plan: {} } as ExecInputs, { script, parentFd }).follow(starterPid);
  } catch (error) {
    if (error instanceof RuntimeError) return error.reason;
    throw error;
  } finally {
    close(parentFd);
    if (isOpen) close(childFd);
  }
}

const KILLED = "the process that enters the container was killed by signal 9 before it became the user's program";

test('the last pid is the one of the process', () => {
  const [starter, second, last] = [done(), done(), done()];
  const said: [number, number][] = [
    [1, last],
    [0, second],
  ];
  assert.is(follow(starter, said, { isOpen: false }), last);
});

test('the last process waits, and the one that would tell its pid is killed', () => {
  assert.is(follow(done(), [[0, killed()], [2]]), KILLED);
  assert.is(follow(killed(), [[2]]), KILLED);
});

test('a pid that was never told is no pid to wait for', () => {
  const last = done();
  assert.is(follow(killed(), [[1, last]], { isOpen: false }), last);
});

test('the process is killed while it waits', () => {
  assert.is(follow(done(), [[0, done()], [1, killed()], [2]], { isOpen: false }), KILLED);
});

test.run();
