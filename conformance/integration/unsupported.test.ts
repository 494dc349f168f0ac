// What asks for nothing is accepted, what is unknown is ignored, and a version that may mean something else is refused.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Config } from '../../src/bundle/config.ts';
import type { Changes } from '../bundle.ts';
import { isRunts } from '../runtime.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('unsupported');
const NOT_NEEDED: [name: string, changes: Changes][] = [
  ['process.apparmorProfile ""', { process: { apparmorProfile: '' } }],
  ['process.selinuxLabel ""', { process: { selinuxLabel: '' } }],
  ['linux.mountLabel ""', { linux: { mountLabel: '' } }],
  ['linux.resources.memory {}', { linux: { resources: { memory: {} } } }],
  ['linux.resources.pids {}', { linux: { resources: { pids: {} } } }],
  ['hooks {}', { hooks: {} }],
  ['process.consoleSize without a terminal', { process: { consoleSize: { height: 25, width: 80 } } }],
];
for (const [name, changes] of NOT_NEEDED) {
  test(`${name} asks for nothing and is accepted`, () => {
    assert.is(runtime.inside('echo fine', changes), 'fine\n');
  });
}

test('unknown properties are ignored at every level', () => {
  const unknown = { 'org.example.unknown': { nested: [1, null, 'x'] } };
  const bundle = runtime.bundle({ process: { args: ['echo', 'fine'] } });
  const { process, root, linux, mounts, ...rest } = bundle.config;
  const config = {
    ...rest,
    ...unknown,
    process: { ...process, user: { ...process?.user, ...unknown }, ...unknown },
    root: { ...root, ...unknown },
    linux: { ...linux, resources: { ...linux?.resources, ...unknown }, ...unknown },
    mounts: mounts?.map((mount) => ({ ...mount, ...unknown })),
    windows: { layerFolders: [] },
    solaris: { limitpriv: 'x' },
  };
  writeFileSync(join(bundle.directory, 'config.json'), JSON.stringify(config));
  const { exit, stdout } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.is(exit, 0);
  assert.is(stdout, 'fine\n');
});

for (const version of ['1.0.0', '1.0.2', '1.0.2-dev', '1.1.0', '1.2.1', '1.3.0', '1.0.0-rc5']) {
  test(`ociVersion ${version} is accepted`, () => {
    assert.is(runtime.inside('echo fine', { ociVersion: version }), 'fine\n');
  });
}

// A later minor version may hold properties that mean something; config.md, "Specification version".
const REFUSED: Config['ociVersion'][] = ['2.0.0', '0.9.0', 'one', '', '1', '1.0', 'v1.0.0'];
for (const version of REFUSED) {
  testUnless(isRunts ? undefined : 'runc does not look at it', test, `ociVersion "${version}" is refused`, () => {
    const bundle = runtime.bundle({ ociVersion: version });
    assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), /ociVersion/);
  });
}

test.run();
