import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { close, memfdProgram, socketpair, write } from '../bindings/files.ts';
import { wait } from '../bindings/process.ts';
import { rootTest } from '../bindings/root-suite.ts';
import { Script } from './final/script.ts';
import { receive } from './protocol.ts';
import { fillWithScript, spawnScript } from './spawn.ts';

const test = suite('spawn');

test('a script runs as a program of that name, with the descriptors that are named', () => {
  const [parentFd, syncFd] = socketpair();
  const script = new Script(syncFd);
  script.ask({ type: 'ready' });
  script.program.exit(5);
  const pid = spawnScript(script, { name: 'runts-test', inherit: [syncFd], firstOwn: 3 });
  close(syncFd);
  assert.is(receive(parentFd, script)?.kind, 'event');
  assert.is(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), 'runts-test\0');
  write(parentFd, Uint8Array.of(1));
  close(parentFd);
  assert.is(wait(pid, { block: true })?.code, 5);
});

rootTest(test, 'the program is an ELF file that cannot be changed any more', () => {
  const fd = memfdProgram('program');
  fillWithScript(fd, new Script(3));
  assert.is(readFileSync(`/proc/self/fd/${fd}`, 'latin1').slice(0, 4), '\x7fELF');
  assert.throws(() => write(fd, Uint8Array.of(0)), /write EPERM/);
  close(fd);
});

test.run();
