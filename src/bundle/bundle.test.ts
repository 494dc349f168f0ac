import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigError, RuntimeError } from '../errors.ts';
import { loadBundle } from './bundle.ts';

const test = suite('bundle/bundle');

const folder = realpathSync(mkdtempSync('/tmp/runts-bundle-'));
test.after(() => rmSync(folder, { recursive: true }));

function bundle(name: string, config?: string): string {
  mkdirSync(`${folder}/${name}/rootfs`, { recursive: true });
  if (config !== undefined) writeFileSync(`${folder}/${name}/config.json`, config);
  return `${folder}/${name}`;
}

function refuses(path: string, message: RegExp): void {
  assert.throws(
    () => loadBundle(path),
    (error: unknown) => error instanceof RuntimeError && message.test(error.oneLine),
  );
}

const GOOD = '{"ociVersion":"1.3.0","root":{"path":"rootfs"}}';

test('a bundle is read, and its folder found without symbolic links', () => {
  const path = bundle('good', GOOD);
  symlinkSync('good', `${folder}/link`);
  for (const way of [path, `${folder}/link`, `${path}/../good/`]) {
    const { config, bundle } = loadBundle(way);
    assert.equal([bundle, config.root?.path], [path, 'rootfs']);
  }
});

test('a folder that does not exist is named', () => refuses(`${folder}/none`, /bundle \S+\/none: .*ENOENT/));

test('a file is not a bundle', () => {
  writeFileSync(`${folder}/file`, '');
  refuses(`${folder}/file`, /is not a folder/);
});

test('a missing config.json is named, with a hint', () => {
  refuses(bundle('empty'), /empty\/config\.json does not exist — `runts spec` writes one/);
});

test('a folder in the place of config.json is refused', () => {
  mkdirSync(`${bundle('folder')}/config.json`);
  refuses(`${folder}/folder`, /config\.json is not a regular file/);
});

test('a FIFO in the place of config.json is refused without waiting for a writer', () => {
  spawnSync('mkfifo', [`${bundle('fifo')}/config.json`]);
  refuses(`${folder}/fifo`, /config\.json is not a regular file/);
});

test('text that is not JSON is refused', () => refuses(bundle('text', 'hello'), /config\.json: /));

test('a config that breaks rules is refused with all of its problems', () => {
  const path = bundle('bad', '{"ociVersion":"9.0.0","hostname":5}');
  assert.throws(
    () => loadBundle(path),
    (error: unknown) => error instanceof ConfigError && error.problems.length > 1,
  );
});

test.run();
