import { closeSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { read, receiveWithFd, write } from '../../bindings/files.ts';
import { bindDatagram, connectDatagram } from '../../bindings/sockets.ts';
import { NO_PID } from '../state/fixtures/record.ts';
import { NotifyProxy } from './notify.ts';

const test = suite('operate/notify');
const folder = mkdtempSync('/tmp/runts-notify-');
test.after(() => rmSync(folder, { recursive: true }));
mkdirSync(`${folder}/notify`);

function say(text: string): void {
  const fd = connectDatagram(`${folder}/notify/notify.sock`);
  write(fd, new TextEncoder().encode(text));
  closeSync(fd);
}

function textOf(fd: number): string {
  const buffer = new Uint8Array(100);
  return new TextDecoder().decode(buffer.subarray(0, read(fd, buffer)));
}

test('that the container is ready is told with its main process, everything else is not', () => {
  const manager = bindDatagram(`${folder}/manager`);
  const proxy = new NotifyProxy(folder, 4711, `${folder}/manager`);
  assert.is(statSync(`${folder}/notify/notify.sock`).mode & 0o777, 0o777);
  say('STATUS=loading');
  proxy.forward();
  assert.ok(proxy.fd >= 0);
  say('STATUS=done\nREADY=1\n');
  // The barrier isn't answered: it's waited for in vain.
  proxy.forward();
  assert.is(proxy.fd, -1);
  assert.equal([textOf(manager), textOf(manager)], ['READY=1\n', 'MAINPID=4711\n']);
  const { descriptor } = receiveWithFd(manager, new Uint8Array(100));
  assert.type(descriptor, 'number');
  for (const fd of [manager, descriptor ?? -1]) closeSync(fd);
});

test('a socket that was left is replaced, and following a process that is gone ends at once', () => {
  const proxy = new NotifyProxy(folder, NO_PID, '/none');
  proxy.follow();
  closeSync(proxy.fd);
});

test('a service manager that is gone is a warning', () => {
  const proxy = new NotifyProxy(folder, 1, `${folder}/none`);
  say('READY=1');
  proxy.forward();
  assert.is(proxy.fd, -1);
});

test.run();
