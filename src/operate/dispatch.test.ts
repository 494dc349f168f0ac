import { mkdtempSync, rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseCommandLine } from '../cli/parse.ts';
import { RuntimeError } from '../errors.ts';
import { NO_PID, sampleRecord } from '../state/fixtures/record.ts';
import { makeFolder, saveRecord } from '../state/store.ts';
import { dispatch, listenFds, stateRoot } from './dispatch.ts';

const test = suite('operate/dispatch');

const root = mkdtempSync('/tmp/runts-dispatch-');
test.after(() => rmSync(root, { recursive: true }));

const roots: [
  name: string,
  chosen: string | undefined,
  uid: number,
  environment: Record<string, string>,
  root: string,
][] = [
  ['for root', undefined, 0, {}, '/run/runts'],
  ['for root, whatever XDG_RUNTIME_DIR says', undefined, 0, { XDG_RUNTIME_DIR: '/run/user/0' }, '/run/runts'],
  ['for a user', undefined, 1000, { XDG_RUNTIME_DIR: '/run/user/1000' }, '/run/user/1000/runts'],
  ['for a user without a runtime folder', undefined, 1000, {}, '/run/runts'],
  ['for a user with an empty one', undefined, 1000, { XDG_RUNTIME_DIR: '' }, '/run/runts'],
  ['as chosen', '/srv/state', 1000, { XDG_RUNTIME_DIR: '/run/user/1000' }, '/srv/state'],
  ['as chosen, from the working directory', 'state', 0, {}, `${process.cwd()}/state`],
];
for (const [name, chosen, uid, environment, expected] of roots) {
  test(`where the state is kept: ${name}`, () =>
    assert.is(
      stateRoot(chosen, () => uid !== 0, environment),
      expected,
    ));
}

const sockets: [name: string, environment: Record<string, string>, count: number][] = [
  ['none without socket activation', {}, 0],
  ['those for this process', { LISTEN_FDS: '3', LISTEN_PID: '77' }, 3],
  ['those for whoever gets them', { LISTEN_FDS: '2' }, 2],
  ['none of another process', { LISTEN_FDS: '3', LISTEN_PID: '78' }, 0],
  ['none if it is no number', { LISTEN_FDS: 'many' }, 0],
];
for (const [name, environment, count] of sockets) {
  test(`descriptors of socket activation: ${name}`, () => assert.is(listenFds(environment, 77), count));
}

async function run(...words: string[]): Promise<string> {
  const invocation = parseCommandLine(['--root', root, ...words]);
  if (invocation.kind !== 'command') throw new Error('no command');
  let text = '';
  const print = (part: string) => {
    text += part;
  };
  assert.is(await dispatch(invocation, print), 0);
  return text;
}

test('commands print what their operation returns', async () => {
  makeFolder(root, 'web1');
  saveRecord(root, sampleRecord({ pid: NO_PID }));
  assert.is(JSON.parse(await run('state', 'web1')).id, 'web1');
  assert.is(await run('list', '--quiet'), 'web1\n');
  assert.is(JSON.parse(await run('list', '--format', 'json')).length, 1);
  assert.is(await run('delete', 'web1'), '');
  assert.is(await run('list', '-q'), '');
});

test('options reach the operation', async () => {
  assert.is(await run('delete', '--force', 'nobody'), '');
  const isMissing = (error: unknown) => error instanceof RuntimeError && /does not exist/.test(error.oneLine);
  assert.ok(await run('delete', 'nobody').catch(isMissing));
});

test('what comes with later versions is a clear error', async () => {
  const error = await run('checkpoint', 'web1').catch((reason: unknown) => reason);
  assert.instance(error, RuntimeError);
  assert.match(String(error), 'not supported yet');
});

test.run();
