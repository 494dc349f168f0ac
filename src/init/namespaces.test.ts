import { readFileSync, readlinkSync } from 'node:fs';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { pollReadable } from '../../bindings/files.ts';
import { clone, exitNow, kill, wait } from '../../bindings/process.ts';
import { inChild, rootTest, strictSuite } from '../../bindings/strict-suite.ts';
import type { Linux, Namespace } from '../bundle/config.ts';
import { NAMESPACE_FILE, planNamespaces } from '../plan/namespaces.ts';
import { lineOf } from './fixtures/root.ts';
import { joinNamespaces, makeCgroupNamespace, makeTimeNamespace, openNamespaces } from './namespaces.ts';

const test = strictSuite('init/namespaces', import.meta.path);

const joined = (...namespaces: Namespace[]) => planNamespaces({ namespaces }).joined;
const namespace = (file: string, pid: number | string = 'self'): string => readlinkSync(`/proc/${pid}/ns/${file}`);

const wrong: [name: string, namespaces: Namespace[], message: string][] = [
  [
    'of another kind',
    [{ type: 'network', path: '/proc/self/ns/uts' }],
    '/linux/namespaces/0/path /proc/self/ns/uts: is a namespace of kind uts, not one of type network',
  ],
  [
    'a file',
    [{ type: 'pid' }, { type: 'uts', path: '/etc/passwd' }],
    '/linux/namespaces/1/path /etc/passwd: is no namespace, not one of type uts',
  ],
  ['missing', [{ type: 'ipc', path: '/none' }], '/linux/namespaces/0/path /none: open /none ENOENT'],
];
for (const [name, namespaces, message] of wrong) {
  test(`a path that is ${name} is refused with its place in the config`, () => {
    const line = lineOf(() => openNamespaces(joined(...namespaces)));
    assert.is(line, message);
  });
}

// The namespaces of a process that lives as long as the action.
function withProcess<T>(flags: number, action: (pid: number) => T): T {
  const pid = clone(flags);
  if (pid === 0) {
    for (let i = 0; i < 20; i++) pollReadable([], 1000);
    exitNow(0);
  }
  try {
    return action(pid);
  } finally {
    kill(pid, K.SIGKILL);
    wait(pid, { block: true });
  }
}

const pathsOf = (pid: number, ...types: Namespace['type'][]): Namespace[] =>
  types.map((type) => ({ type, path: `/proc/${pid}/ns/${NAMESPACE_FILE[type]}` }));

const sets: [name: string, flags: number, types: Namespace['type'][]][] = [
  ['namespaces of the host', K.CLONE_NEWUTS | K.CLONE_NEWIPC, ['uts', 'ipc']],
  ['a mount namespace, in whatever place of the list', K.CLONE_NEWNS | K.CLONE_NEWUTS, ['mount', 'uts']],
  ['those of a user namespace, after that', K.CLONE_NEWUSER | K.CLONE_NEWUTS | K.CLONE_NEWNET, ['uts', 'network', 'user']],
  ["the host's before a user namespace", K.CLONE_NEWUSER, ['ipc', 'user']],
];
for (const [name, flags, types] of sets) {
  rootTest(test, `joined: ${name}`, () => {
    withProcess(flags, (pid) => {
      const files = types.map((type) => NAMESPACE_FILE[type]);
      const answer = inChild(() => {
        joinNamespaces(openNamespaces(joined(...pathsOf(pid, ...types))));
        return files.map((file) => namespace(file)).join();
      });
      assert.is(answer, files.map((file) => namespace(file, pid)).join());
    });
  });
}

rootTest(test, 'a namespace that cannot be joined is told by its place in the config', () => {
  const own = joined({ type: 'user', path: '/proc/self/ns/user' });
  const answer = inChild(() => lineOf(() => joinNamespaces(openNamespaces(own))));
  assert.is(answer, '/linux/namespaces/0: setns EINVAL');
});

rootTest(test, 'a cgroup namespace is made when the config has one', () => {
  const madeFor = (linux: Linux) =>
    inChild(() => {
      const before = namespace('cgroup');
      makeCgroupNamespace(planNamespaces(linux));
      return namespace('cgroup') !== before;
    });
  assert.equal([madeFor({}), madeFor({ namespaces: [{ type: 'cgroup' }] })], ['false', 'true']);
});

rootTest(test, 'a time namespace has the offsets of the config, negative ones too', () => {
  const answer = inChild(() => {
    const timeOffsets = { monotonic: { secs: 1000, nanosecs: 5 }, boottime: { secs: -1 } };
    makeTimeNamespace(planNamespaces({ namespaces: [{ type: 'time' }], timeOffsets }));
    return readFileSync('/proc/self/timens_offsets', 'utf8').trim().replace(/[ \t]+/g, ' ');
  });
  assert.is(answer, 'monotonic 1000 5\nboottime -1 0');
});

rootTest(test, 'an offset that the kernel refuses is told by its place in the config', () => {
  const answer = inChild(() => {
    const timeOffsets = { monotonic: { secs: -(2 ** 40) } };
    return lineOf(() => makeTimeNamespace(planNamespaces({ namespaces: [{ type: 'time' }], timeOffsets })));
  });
  assert.match(answer, /^new time namespace: \/linux\/timeOffsets\/monotonic: .*ERANGE$/);
});

test.run();
