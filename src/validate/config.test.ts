import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseJson } from '../bundle/json.ts';
import { ConfigError } from '../errors.ts';
import { validateConfig, validateProcess, validateResources } from './config.ts';
import { configWith, smallConfig } from './fixtures/cases.ts';

const test = suite('validate/config');
const fixture = (name: string) => parseJson(readFileSync(join(import.meta.dirname, `fixtures/${name}.json`)), name);

for (const name of ['full', 'docker', 'kubernetes', 'podman']) {
  test(`the config of ${name} is good`, () => assert.equal(validateConfig(fixture(name)).warnings, []));
}

test('what the specification needs at least is good', () => {
  assert.equal(validateConfig({ ociVersion: '1.0.0', root: { path: 'rootfs' } }).warnings, []);
  assert.equal(validateConfig(smallConfig()).config, smallConfig());
});

test('nulls of Go programs are gone from the config', () => {
  const { config } = validateConfig(fixture('podman'));
  assert.not(JSON.stringify(config).includes('null'));
  assert.equal(config.linux?.resources, { cpu: {}, pids: { limit: 2048 } });
});

test('integers stay exact', () => {
  const { config } = validateConfig(fixture('docker'));
  assert.equal(config.process?.rlimits?.[1]?.hard, 18446744073709551615n);
});

function problemsOf(action: () => unknown): { step: string | undefined; lines: string[] } {
  try {
    action();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return {
      step: error.steps[0],
      lines: error.problems.map(({ pointer, value, rule }) => `${pointer}: ${value} ${rule}`),
    };
  }
  return { step: undefined, lines: [] };
}

test('schema and rules are reported together', () => {
  const config = configWith({
    '/process/oomScoreAdj': 2000,
    '/process/cwd': 'tmp',
    '/mounts': [{ destination: 5 }],
    '/hooks/poststop': [{ path: 'x' }],
  });
  assert.equal(
    problemsOf(() => validateConfig(config)),
    {
      step: 'config.json',
      lines: [
        '/mounts/0/destination: 5 must be a string',
        '/process/oomScoreAdj: 2000 must be an integer from -1000 to 1000',
        '/process/cwd: "tmp" must be an absolute path',
        '/hooks/poststop/0/path: "x" must be an absolute path',
      ],
    },
  );
});

test('what is no object is one problem', () => {
  assert.equal(problemsOf(() => validateConfig(['x'])).lines, [': ["x"] must be an object']);
  assert.equal(problemsOf(() => validateConfig(null)).lines, [': null must be an object']);
});

test('a flood of problems is cut', () => {
  const { lines } = problemsOf(() => validateConfig(configWith({ '/process/env': Array(5000).fill('x') })));
  assert.is(lines.length, 101);
  assert.is(lines[100], ': undefined and 4900 more problems');
});

test('a process by itself has pointers of its own', () => {
  const process = { cwd: '/', args: ['sh'], env: ['A=b'] };
  assert.equal(validateProcess({ ...process, capabilities: null }), process);
  assert.equal(
    problemsOf(() => validateProcess({ ...process, cwd: 'x', env: ['y'] })),
    {
      step: 'process',
      lines: ['/cwd: "x" must be an absolute path', '/env/0: "y" must have the form NAME=value'],
    },
  );
  assert.equal(problemsOf(() => validateProcess({ cwd: 5 })).lines, [
    '/args: undefined is missing',
    '/cwd: 5 must be a string',
  ]);
});

test('resources by themselves have pointers of their own', () => {
  assert.equal(validateResources({ memory: { limit: 5 }, cpu: null }), { memory: { limit: 5 } });
  assert.equal(
    problemsOf(() => validateResources({ memory: { limit: 5, swap: 4 } })),
    {
      step: 'resources',
      lines: ['/memory/swap: 4 must not be below limit, 5: it is for memory and swap together'],
    },
  );
});

test.run();
