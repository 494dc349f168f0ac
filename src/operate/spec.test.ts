import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseJson } from '../bundle/json.ts';
import { RuntimeError } from '../errors.ts';
import { validateConfig } from '../validate/config.ts';
import { defaultConfig, spec } from './spec.ts';

const test = suite('operate/spec');

let bundle = '';
test.before.each(() => {
  bundle = mkdtempSync('/tmp/runts-spec-');
});
test.after.each(() => rmSync(bundle, { recursive: true }));

const written = () => validateConfig(parseJson(readFileSync(`${bundle}/config.json`), 'config.json'));

for (const isRootless of [false, true]) {
  test(`what is written is a config without problems or warnings (rootless: ${isRootless})`, () => {
    spec({ bundle, isRootless });
    assert.equal(written().warnings, []);
  });
}

test('it is the default config, in lines', () => {
  spec({ bundle, isRootless: false });
  assert.equal(JSON.parse(readFileSync(`${bundle}/config.json`, 'utf8')), defaultConfig());
  assert.ok(readFileSync(`${bundle}/config.json`, 'utf8').startsWith('{\n  "ociVersion": "1.3.0",\n'));
});

test("the file has the caller's mask", () => {
  const before = process.umask(0o027);
  spec({ bundle, isRootless: false });
  process.umask(before);
  assert.is(statSync(`${bundle}/config.json`).mode & 0o777, 0o640);
});

test('without privileges there is a user namespace with this user as its root, and no network namespace', () => {
  spec({ bundle, isRootless: true });
  const { linux, mounts = [] } = written().config;
  const types = (linux?.namespaces ?? []).map(({ type }) => type);
  assert.equal([types.includes('user'), types.includes('network')], [true, false]);
  assert.equal(linux?.uidMappings, [{ containerID: 0, hostID: process.getuid?.(), size: 1 }]);
  assert.equal(linux?.gidMappings, [{ containerID: 0, hostID: process.getgid?.(), size: 1 }]);
  assert.is(linux?.resources, undefined);
  assert.not.ok(mounts.some(({ options = [] }) => options.some((option) => option.startsWith('gid='))));
  assert.ok(mounts.find(({ destination }) => destination === '/sys')?.options?.includes('rbind'));
});

test('a file that is there is never overwritten', () => {
  spec({ bundle, isRootless: false });
  const isRefused = (error: unknown) => error instanceof RuntimeError && /config\.json exists/.test(error.oneLine);
  assert.throws(() => spec({ bundle, isRootless: true }), isRefused);
  assert.is(written().config.linux?.uidMappings, undefined);
});

test('a folder that does not exist is named', () => {
  const isNamed = (error: unknown) => error instanceof RuntimeError && error.oneLine.includes(`${bundle}/none`);
  assert.throws(() => spec({ bundle: `${bundle}/none`, isRootless: false }), isNamed);
});

test.run();
