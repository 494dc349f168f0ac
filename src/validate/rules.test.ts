import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { configWith, smallConfig } from './fixtures/cases.ts';
import { RULES, ruleProblems, warnings } from './rules.ts';

const test = suite('validate/rules');

test('rules have different names, and read existing places', () => {
  const names = RULES.map(({ name }) => name);
  assert.is(new Set(names).size, names.length);
  for (const { name, reads } of RULES) {
    assert.ok(reads.length > 0, name);
    for (const place of reads) assert.match(place, /^(\/[a-zA-Z]+)+$/, name);
  }
});

test('every rule copes with a config that has nothing', () => assert.equal(ruleProblems({ ociVersion: '1.3.0' }), []));

const set = { '/hostname': 'x'.repeat(65), '/process/cwd': 'a', '/mounts': [{ destination: '/d', type: 'bind' }] };

test('problems of all rules are found', () => {
  assert.equal(
    ruleProblems(configWith(set)).map(({ pointer }) => pointer),
    ['/mounts/0/source', '/process/cwd', '/hostname'],
  );
});

const skips: [broken: string, left: string[]][] = [
  ['/mounts/0/options/3', ['/process/cwd', '/hostname']],
  ['/mounts', ['/process/cwd', '/hostname']],
  ['/mountsX', ['/mounts/0/source', '/process/cwd', '/hostname']],
  ['/process', ['/mounts/0/source', '/hostname']],
  ['/process/cwd', ['/mounts/0/source', '/hostname']],
  ['/process/env/0', ['/mounts/0/source', '/process/cwd', '/hostname']],
  ['/linux', ['/mounts/0/source', '/process/cwd']],
];
for (const [pointer, left] of skips) {
  test(`rules that look at ${pointer} are skipped when it has the wrong shape`, () => {
    const problems = ruleProblems(configWith(set), [{ pointer, rule: 'x' }]);
    assert.equal(
      problems.map((problem) => problem.pointer),
      left,
    );
  });
}

test('warnings come from all areas', () => {
  assert.equal(warnings(smallConfig()), []);
  const config = configWith({ '/ociVersion': '1.9.0', '/mounts': [{ destination: 'a', type: 'tmpfs' }] });
  assert.equal(warnings(config), [
    '/ociVersion: 1.9.0 is newer than 1.3.0: what it adds is ignored',
    '/mounts/0/destination: a is relative, which is deprecated; taken as /a',
  ]);
});

test.run();
