import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { argsOf, callsOf, rootScriptOf, stepsOf, wordsAt } from './fixtures/lines.ts';
import { relative, split } from './paths.ts';

const test = suite('init/paths: calls');

const [ENOENT, EACCES] = [2, 13];

const relatives: [path: string, relative: string][] = [
  ['/', '.'],
  ['//', '.'],
  ['', '.'],
  ['/proc', 'proc'],
  ['//proc/', 'proc/'],
  ['proc', 'proc'],
  ['/../etc', '../etc'],
];
for (const [path, expected] of relatives) {
  test(`${JSON.stringify(path)} is ${expected} in the root`, () => assert.is(relative(path), expected));
}

const splits: [path: string, parent: string, name: string][] = [
  ['/dev/null', '/dev', 'null'],
  ['/dev/shm/', '/dev', 'shm'],
  ['/dev', '/', 'dev'],
  ['dev', '/', 'dev'],
  ['/a/../b', '/a/..', 'b'],
];
for (const [path, parent, name] of splits) {
  test(`${path} is ${name} in ${parent}`, () => assert.equal(split(path), { parent, name }));
}

test('a path is opened within the root, without magic links, and closed on exec', () => {
  const script = rootScriptOf((root) => root.open('/proc/self', root.script.slot()));
  const [call] = callsOf(script, 'openat2');
  if (call === undefined) throw new Error('no openat2');
  assert.equal(argsOf(script, call).slice(0, 2), ['slot', 'proc/self']);
  const resolve = K.RESOLVE_IN_ROOT | K.RESOLVE_NO_MAGICLINKS;
  assert.equal(wordsAt(script, call, 2, 3), [K.O_PATH | K.O_CLOEXEC, 0, resolve]);
  assert.is(call.args[3], 24);
});

test('the flags asked for are kept', () => {
  const script = rootScriptOf((root) => root.open('/a', root.script.slot(), { flags: K.O_PATH | K.O_DIRECTORY }));
  const [call] = callsOf(script, 'openat2');
  if (call === undefined) throw new Error('no openat2');
  assert.is(wordsAt(script, call, 2, 1)[0], K.O_PATH | K.O_DIRECTORY | K.O_CLOEXEC);
});

test('a lookup that the kernel gave up is made again; other errnos lead where they were told to', () => {
  const script = rootScriptOf((root) => {
    root.open('/a', root.script.slot(), { missing: 'missing', gotoOn: [{ errno: EACCES, label: 'refused' }] });
  });
  const [call] = callsOf(script, 'openat2');
  assert.is(call?.options.again, 'busy');
  assert.equal(call?.options.gotoOn, [
    { errno: EACCES, label: 'refused' },
    { errno: ENOENT, label: 'missing' },
  ]);
});

test('the runtime is asked for what is missing, and the path opened again', () => {
  const script = rootScriptOf((root) => root.make('/data/x', 'file', root.script.slot()));
  const [call, ...others] = callsOf(script, 'openat2');
  assert.equal([call?.options.again, call?.options.gotoOn, others], ['ask', undefined, []]);
  const next = script.steps[(call?.options.step ?? 0) + 1];
  assert.equal(next?.kind === 'event' && next.event, { type: 'makePath', path: '/data/x', entry: 'file' });
});

test('a folder of a mount that is empty is made without asking; a file and other folders are not', () => {
  const script = rootScriptOf((root) => {
    const { script } = root;
    root.noteFresh('/dev/', script.slot());
    root.make('/dev/shm', 'directory', script.slot());
    root.make('/dev/console', 'file', script.slot());
    root.make('/dev/a/b', 'directory', script.slot());
  });
  assert.equal(
    callsOf(script, 'mkdirat').map((call) => argsOf(script, call)),
    [['slot', 'shm', 0o755]],
  );
  assert.is(callsOf(script, 'mkdirat')[0]?.options.ignore, true);
  assert.equal(stepsOf(script).slice(0, 2), ['mkdirat /dev/shm', 'openat2 /dev/shm']);
});

test.run();
