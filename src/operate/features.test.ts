import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reference } from '../../conformance/reference-schema/reference.ts';
import { optionEffect } from '../plan/mount-options.ts';
import { validateConfig } from '../validate/config.ts';
import { featuresProblems } from '../validate/features.ts';
import { smallConfig } from '../validate/fixtures/cases.ts';
import { features } from './features.ts';

const test = suite('operate/features');

interface Features {
  ociVersionMin: string;
  ociVersionMax: string;
  hooks: string[];
  mountOptions: string[];
  linux: {
    seccomp: Record<'actions' | 'operators' | 'archs' | 'knownFlags' | 'supportedFlags', string[]>;
    namespaces: string[];
    capabilities: string[];
    memoryPolicy: { modes: string[]; flags: string[] };
  };
}
const text = features();
const document: Features = JSON.parse(text);

test("it is valid against the specification's schema and this project's", () => {
  assert.is(reference('features-schema')(document), '');
  assert.equal(featuresProblems(document), []);
});

test('both versions are accepted in a config', () => {
  for (const ociVersion of [document.ociVersionMin, document.ociVersionMax]) {
    assert.equal(validateConfig({ ...smallConfig(), ociVersion }).warnings, []);
  }
});

test('every mount option is understood, and sorted', () => {
  assert.equal(
    document.mountOptions.filter((option) => optionEffect(option) === undefined),
    [],
  );
  assert.equal(document.mountOptions, [...new Set(document.mountOptions)].sort());
  // What managers look for.
  for (const option of ['rro', 'rnosuid', 'rprivate', 'tmpcopyup', 'bind'])
    assert.ok(document.mountOptions.includes(option));
});

test('all hooks, namespaces and capabilities are there', () => {
  assert.is(document.hooks.length, 6);
  assert.equal(document.linux.namespaces, ['cgroup', 'ipc', 'mount', 'network', 'pid', 'time', 'user', 'uts']);
  assert.is(document.linux.capabilities.length, 41);
  assert.equal([document.linux.memoryPolicy.modes.length, document.linux.memoryPolicy.flags.length], [7, 3]);
});

test('what it says of seccomp is what the schema accepts, and this kernel has', () => {
  const { seccomp } = document.linux;
  const { definitions } = JSON.parse(readFileSync('schemas/config-linux-seccomp.schema.json', 'utf8'));
  const { actions, operators, archs, knownFlags, supportedFlags } = seccomp;
  const listed = { action: actions, operator: operators, architecture: archs, flag: knownFlags };
  for (const [name, values] of Object.entries(listed)) {
    assert.equal(values.toSorted(), definitions[name].enum.toSorted(), name);
  }
  assert.ok(supportedFlags.includes('SECCOMP_FILTER_FLAG_LOG'));
});

test('it is text that ends with a line feed', () => assert.ok(text.endsWith('}\n')));

test.run();
