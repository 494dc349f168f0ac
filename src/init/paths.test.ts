import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { isolatedSuite, rootTest } from '../../bindings/root-suite.ts';
import { makePath } from '../create/container-paths.ts';
import { callError } from '../errors.ts';
import type { Event } from '../final/event.ts';
import { runInRoot, withFolder, withRoot } from './fixtures/stage.ts';
import { type Root, relative, split } from './paths.ts';

const test = isolatedSuite('init/paths', import.meta.path);

const relatives: [path: string, expected: string][] = [
  ['/', '.'],
  ['///', '.'],
  ['/a/b', 'a/b'],
  ['a', 'a'],
];
for (const [path, expected] of relatives) {
  test(`${path} is ${expected} seen from the root`, () => assert.is(relative(path), expected));
}

const parts: [path: string, parent: string, name: string][] = [
  ['/a/b/c', '/a/b', 'c'],
  ['/a', '/', 'a'],
  ['/a/b/', '/a', 'b'],
  ['/', '/', ''],
];
for (const [path, parent, name] of parts) {
  test(`${path} is ${name} in ${parent}`, () => assert.equal(split(path), { parent, name }));
}

const NOBODY = { uid: 0, gid: 0 };

// Where a path of the container leads to; what the runtime was asked for is made, as in create/guide.ts.
function placeOf(folder: string, build: (root: Root, into: ReturnType<Root['script']['slot']>) => void): string {
  let place = '';
  const answer = (event: Event): void => {
    if (event.type === 'makePath') withFolder(folder, (fd) => makePath(fd, event.path, event.entry, NOBODY));
  };
  const line = runInRoot(
    folder,
    (root) => {
      const into = root.script.slot();
      build(root, into);
      // So that it's found under a known number.
      root.script.call('dup3', [into, 100, 0]);
    },
    {
      answer,
      look: (pid) => {
        place = readlinkSync(`/proc/${pid}/fd/100`);
      },
    },
  );
  return line === 'done' ? place.replace(folder, 'ROOT') : line;
}

function prepared<T>(action: (root: string) => T, links: Record<string, string> = {}): T {
  return withRoot((root) => {
    mkdirSync(`${root}/etc`);
    writeFileSync(`${root}/etc/passwd`, '');
    for (const [path, target] of Object.entries(links)) symlinkSync(target, `${root}/${path}`);
    return action(root);
  });
}

const opened: { name: string; links?: Record<string, string>; path: string; place: string }[] = [
  { name: 'a file', path: '/etc/passwd', place: 'ROOT/etc/passwd' },
  { name: 'the root', path: '/', place: 'ROOT' },
  { name: 'dots that lead out end at the root', path: '/../../etc/passwd', place: 'ROOT/etc/passwd' },
  { name: 'an absolute link starts at the root', links: { a: '/etc' }, path: '/a/passwd', place: 'ROOT/etc/passwd' },
  { name: 'a link that leads out stays inside', links: { a: '../../../etc' }, path: '/a', place: 'ROOT/etc' },
  { name: 'what is missing is an error', path: '/none', place: 'openat2 /none ENOENT' },
  {
    name: 'links in circles are an error',
    links: { a: 'b', b: 'a' },
    path: '/a',
    place: callError('openat2 /a ELOOP', 'openat2', 'ELOOP').oneLine,
  },
];
for (const { name, links, path, place } of opened) {
  rootTest(test, `opened: ${name}`, () => {
    prepared(
      (root) =>
        assert.is(
          placeOf(root, (at, into) => at.open(path, into)),
          place,
        ),
      links,
    );
  });
}

rootTest(test, 'a magic link is refused: it would lead to wherever the process has a descriptor', () => {
  const line = runInRoot('/proc', (root) => {
    const outside = root.script.slot();
    root.script.call('openat', [K.AT_FDCWD, root.script.string('/'), K.O_PATH, 0], { save: outside });
    root.script.call('dup3', [outside, 100, 0]);
    root.open('/self/fd/100', outside);
  });
  assert.is(line, callError('openat2 /self/fd/100 ELOOP', 'openat2', 'ELOOP').oneLine);
});

rootTest(test, 'a path that is missing may be passed over', () => {
  prepared((root) => {
    const line = runInRoot(root, (at) => {
      at.open('/none', at.script.slot(), { missing: 'end' });
      at.script.call('fchdir', [-1], { path: 'not passed over' });
      at.script.label('end');
    });
    assert.is(line, 'done');
  });
});

rootTest(test, 'a descriptor is closed on execve', () => {
  prepared((root) => {
    const flags: number[] = [];
    const look = (pid: number) => {
      const fds = readdirSync(`/proc/${pid}/fd`).filter(
        (fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === `${root}/etc`,
      );
      for (const fd of fds) flags.push(flagsOf(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8')));
    };
    runInRoot(root, (at) => at.open('/etc', at.script.slot()), { look });
    assert.equal(
      flags.map((word) => word & K.O_CLOEXEC),
      [K.O_CLOEXEC],
    );
  });
});

// proc_pid_fdinfo(5): octal.
const flagsOf = (text: string): number => Number.parseInt(/^flags:\s+(\d+)$/m.exec(text)?.[1] ?? '0', 8);

const made: {
  name: string;
  links?: Record<string, string>;
  path: string;
  entry: 'directory' | 'file';
  place: string;
}[] = [
  { name: 'what exists is used', path: '/etc/passwd', entry: 'file', place: 'ROOT/etc/passwd' },
  { name: 'a directory with its parents', path: '/a/b/c', entry: 'directory', place: 'ROOT/a/b/c' },
  { name: 'a file with its parents', path: '/a/b/file', entry: 'file', place: 'ROOT/a/b/file' },
  { name: 'the target of a link to nowhere', links: { a: '/x/y' }, path: '/a', entry: 'file', place: 'ROOT/x/y' },
  { name: 'that of a link that leads out', links: { a: '../../x' }, path: '/a', entry: 'directory', place: 'ROOT/x' },
];
for (const { name, links, path, entry, place } of made) {
  rootTest(test, `made: ${name}`, () => {
    prepared((root) => {
      assert.is(
        placeOf(root, (at, into) => at.make(path, entry, into)),
        place,
      );
      assert.is(statSync(place.replace('ROOT', root)).isDirectory(), entry === 'directory');
    }, links);
  });
}

rootTest(test, 'in a file system that is new the runtime need not be asked', () => {
  prepared((root) => {
    const asked: Event[] = [];
    const build = (at: Root) => {
      at.noteFresh('/etc/', at.fd);
      at.make('/etc/pts', 'directory', at.script.slot());
    };
    // Here the root itself stands for what is mounted on /etc: so the folder is made in there, and not found.
    const line = runInRoot(root, build, { answer: (event) => void asked.push(event) });
    assert.ok(existsSync(`${root}/pts`));
    assert.equal(
      [line, asked],
      ['openat2 /etc/pts ENOENT', [{ type: 'makePath', path: '/etc/pts', entry: 'directory' }]],
    );
  });
});

test.run();
