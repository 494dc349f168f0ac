import { appendFileSync, closeSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pollReadable, read, write } from './files.ts';
import { eventfd, watchFile } from './notify.ts';
import { messageOf } from './root-suite.ts';

const test = suite('bindings/notify');

const folder = mkdtempSync('/tmp/runts-notify-');
test.after(() => rmSync(folder, { recursive: true }));

test('an event can be read once', () => {
  const fd = eventfd();
  assert.equal(pollReadable([fd], 0), [false]);
  write(fd, new Uint8Array(BigUint64Array.of(3n).buffer));
  assert.equal(pollReadable([fd], 0), [true]);
  const count = new Uint8Array(8);
  assert.equal([read(fd, count), count[0]], [8, 3]);
  assert.match(
    messageOf(() => read(fd, count)),
    /^read EAGAIN$/,
  );
  closeSync(fd);
});

test('a change of a file is told', () => {
  writeFileSync(`${folder}/file`, '');
  const fd = watchFile(`${folder}/file`);
  assert.equal(pollReadable([fd], 0), [false]);
  appendFileSync(`${folder}/file`, 'x');
  assert.equal(pollReadable([fd], 1000), [true]);
  closeSync(fd);
});

test('a file that is not there cannot be watched', () => {
  assert.match(
    messageOf(() => watchFile(`${folder}/none`)),
    /^inotify_add_watch \S+\/none ENOENT$/,
  );
});

test.run();
