import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Changes, configWith } from './fixtures/cases.ts';
import { processShape, resourcesShape, schemaProblems } from './schema.ts';

const test = suite('validate/schema');

const cases: { name: string; set: Changes; problems: string[] }[] = [
  { name: 'the small config is good', set: {}, problems: [] },
  {
    name: 'unknown properties are ignored',
    set: { '/x': 5, '/windows': 5, '/linux/x': null, '/process/user/x': {} },
    problems: [],
  },
  {
    name: 'required properties are named',
    set: { '/ociVersion': undefined, '/root': {} },
    problems: ['/ociVersion is missing', '/root/path is missing'],
  },
  {
    name: 'null is absent',
    set: { '/root': null, '/process/args': null, '/hooks': null },
    problems: ['/root is missing', '/process/args is missing'],
  },
  {
    name: 'null in a list is no string',
    set: { '/process/args': ['a', null] },
    problems: ['/process/args/1 null must be a string'],
  },
  {
    name: 'null in a map is no string',
    set: { '/annotations': { 'a/b': null } },
    problems: ['/annotations/a~1b null must be a string'],
  },
  {
    name: 'types are told in words',
    set: { '/root': 5, '/mounts': {}, '/process/terminal': 'yes' },
    problems: [
      '/root 5 must be an object',
      '/mounts {} must be an array',
      '/process/terminal "yes" must be true or false',
    ],
  },
  {
    name: 'strings must not be empty where a path is needed',
    set: { '/root/path': '', '/process/cwd': '' },
    problems: ['/root/path "" must not be empty', '/process/cwd "" must not be empty'],
  },
  {
    name: 'strings must not contain NUL',
    set: { '/process/env': ['A=b\0c'], '/hostname': '\0' },
    problems: [
      '/process/env/0 "A=b\\u0000c" must not contain a NUL byte',
      '/hostname "\\u0000" must not contain a NUL byte',
    ],
  },
  {
    name: 'annotations may contain NUL, as they do not reach the kernel',
    set: { '/annotations': { a: '\0' } },
    problems: [],
  },
  {
    name: 'args needs an entry',
    set: { '/process/args': [] },
    problems: ['/process/args [] must have at least one entry'],
  },
  {
    name: 'names are listed',
    set: { '/linux/namespaces': [{ type: 'pid' }, { type: 'net' }] },
    problems: ['/linux/namespaces/1/type "net" must be one of: pid, network, mount, ipc, uts, user, cgroup, time'],
  },
  {
    name: 'a name of the wrong type is one problem',
    set: { '/linux/rootfsPropagation': 5 },
    problems: [
      '/linux/rootfsPropagation 5 must be one of: shared, slave, private, unbindable, rshared, rslave, rprivate, runbindable',
    ],
  },
  {
    name: 'consoleSize is checked with a terminal',
    set: { '/process/terminal': true, '/process/consoleSize': { height: -1 } },
    problems: [
      '/process/consoleSize/width is missing',
      '/process/consoleSize/height -1 must be an integer from 0 to 65535',
    ],
  },
  {
    name: 'consoleSize is ignored without',
    set: { '/process/terminal': false, '/process/consoleSize': 5 },
    problems: [],
  },
];
for (const { name, set, problems } of cases) {
  test(name, () => {
    const found = schemaProblems(configWith(set)).map(({ pointer, value, rule }) =>
      [pointer, value, rule].filter((part) => part !== undefined).join(' '),
    );
    assert.equal(found, problems);
  });
}

const uint32 = 'must be an integer from 0 to 4294967295';
const uint64 = 'must be an integer from 0 to 18446744073709551615';
const int64 = 'must be an integer from -9223372036854775808 to 9223372036854775807';
const integers: [pointer: string, value: unknown, rule: string | undefined][] = [
  ['/linux/resources/network/classID', 4294967295, undefined],
  ['/linux/resources/network/classID', 4294967296, uint32],
  ['/linux/resources/network/classID', 18446744073709551615n, uint32],
  ['/linux/resources/network/classID', -1, uint32],
  ['/linux/resources/network/classID', 1.5, uint32],
  ['/linux/resources/network/classID', '1', uint32],
  ['/linux/resources/cpu/shares', 18446744073709551615n, undefined],
  ['/linux/resources/cpu/shares', 18446744073709551616n, uint64],
  ['/linux/resources/cpu/shares', 1e19, undefined],
  ['/linux/resources/cpu/shares', 2 ** 64, uint64],
  ['/linux/resources/cpu/shares', 1e30, uint64],
  ['/linux/resources/cpu/shares', Number.POSITIVE_INFINITY, uint64],
  ['/linux/resources/cpu/shares', -1n, uint64],
  ['/linux/resources/cpu/shares', [], uint64],
  ['/linux/resources/cpu/quota', 9223372036854775807n, undefined],
  ['/linux/resources/cpu/quota', 9223372036854775808n, int64],
  ['/linux/resources/cpu/quota', -9223372036854775808n, undefined],
  ['/linux/resources/cpu/quota', -9223372036854775809n, int64],
  ['/linux/resources/cpu/quota', -(2 ** 63), undefined],
  ['/linux/resources/cpu/quota', 2 ** 63, int64],
];
for (const [pointer, value, rule] of integers) {
  test(`${pointer} ${typeof value} ${value} is ${rule === undefined ? 'accepted' : 'refused'}`, () => {
    const found = schemaProblems(configWith({ [pointer]: value }));
    assert.equal(
      found.map((problem) => problem.rule),
      rule === undefined ? [] : [rule],
    );
  });
}

for (const value of [undefined, null, 5, 'x', [], true]) {
  test(`${JSON.stringify(value)} is no config`, () => {
    assert.equal(
      schemaProblems(value).map(({ pointer, rule }) => pointer + rule),
      ['must be an object'],
    );
  });
}

test('a process and resources can be checked by themselves', () => {
  assert.equal(processShape({ cwd: '/', args: ['x'] }).problems, []);
  assert.equal(
    processShape({ args: [] }).problems.map(({ pointer }) => pointer),
    ['/cwd', '/args'],
  );
  assert.equal(resourcesShape({ memory: null, cpu: {} }), { value: { cpu: {} }, problems: [] });
  assert.equal(resourcesShape({ pids: 5 }).problems, [{ pointer: '/pids', value: '5', rule: 'must be an object' }]);
});

test.run();
