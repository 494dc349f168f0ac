import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { configWith, type RuleCase, testRules } from '../fixtures/cases.ts';
import { versionRules, versionWarnings } from './version.ts';

const test = suite('validate/rules/version');
const form = '/ociVersion must be a version as Semantic Versioning 2.0.0 defines it, e.g. 1.3.0';
const major = '/ociVersion must be a 1.x version: this runtime implements 1.3.0';

const verdicts: [version: string, problems: string[]][] = [
  ['1.3.0', []],
  ['1.0.0', []],
  ['1.0.2-dev', []],
  ['1.0.0-rc5', []],
  ['1.2.1+build.7', []],
  ['1.1.0-rc.2+exp.sha-5114f85', []],
  ['1.12.34', []],
  ['1.4.0', []],
  ['0.1.0', [major]],
  ['2.0.0', [major]],
  ['10.0.0', [major]],
  ['', [form]],
  ['1', [form]],
  ['1.0', [form]],
  ['v1.0.0', [form]],
  ['1.0.0.0', [form]],
  ['01.0.0', [form]],
  ['1.02.0', [form]],
  ['1.0.0-', [form]],
  ['1.0.0-01', [form]],
  ['1.0.0\n', [form]],
  [' 1.0.0', [form]],
  ['1.x.0', [form]],
];
const cases: RuleCase[] = verdicts.map(([version, problems]) => ({
  name: `${JSON.stringify(version)} is ${problems.length === 0 ? 'accepted' : 'refused'}`,
  set: { '/ociVersion': version },
  problems,
}));
testRules(test, versionRules, cases);

test('a version newer than the implemented one is a warning', () => {
  assert.equal(versionWarnings(configWith({ '/ociVersion': '1.3.9' })), []);
  assert.equal(versionWarnings(configWith({ '/ociVersion': '1.10.0-rc.1' })), [
    '/ociVersion: 1.10.0-rc.1 is newer than 1.3.0: what it adds is ignored',
  ]);
});

test.run();
