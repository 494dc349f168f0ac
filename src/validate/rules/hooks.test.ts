import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HOOK_KINDS } from '../../bundle/config.ts';
import { configWith, testRules } from '../fixtures/cases.ts';
import { hookRules, hookWarnings } from './hooks.ts';

const test = suite('validate/rules/hooks');

testRules(test, hookRules, [
  { name: 'no hooks are good', set: {}, problems: [] },
  {
    name: 'absolute paths are good',
    set: { '/hooks/poststop': [{ path: '/bin/true', args: ['true'] }] },
    problems: [],
  },
  ...HOOK_KINDS.map((kind) => ({
    name: `paths of ${kind} hooks must be absolute`,
    set: { [`/hooks/${kind}`]: [{ path: '/bin/true' }, { path: 'true' }, { path: './true' }] },
    problems: [1, 2].map((index) => `/hooks/${kind}/${index}/path must be an absolute path`),
  })),
]);

test('environment entries without a value are a warning', () => {
  const hooks = [
    { path: '/a', env: ['A=', 'B=c'] },
    { path: '/b', env: ['A=', 'B'] },
    { path: '/c', env: ['=x'] },
  ];
  assert.equal(
    hookWarnings(configWith({ '/hooks/poststart': hooks })),
    ['1/env/1', '2/env/0'].map((at) => `/hooks/poststart/${at}: should have the form NAME=value`),
  );
});

test.run();
