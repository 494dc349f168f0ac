import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rootTest } from '../../bindings/root-suite.ts';
import type { Config } from '../bundle/config.ts';
import { readHierarchies } from '../cgroup/hierarchies.ts';
import { toRuntimeError } from '../errors.ts';
import { configureLog } from '../log.ts';
import { makeFolder } from '../state/store.ts';
import { type CreateOptions, create } from './create.ts';

// What is refused, and that nothing is left then. Containers that come up: conformance/integration.
const test = suite('create/create');

const folder = mkdtempSync('/tmp/runts-create-');
const id = basename(folder);
const bundle = `${folder}/bundle`;
const root = `${folder}/state`;
mkdirSync(`${bundle}/rootfs`, { recursive: true });
writeFileSync(`${bundle}/rootfs/program`, '', { mode: 0o755 });
test.after(() => rmSync(folder, { recursive: true }));

const GOOD: Config = {
  ociVersion: '1.3.0',
  root: { path: 'rootfs' },
  process: { cwd: '/', args: ['/program'] },
  linux: { cgroupsPath: `/${id}`, namespaces: [{ type: 'mount' }, { type: 'pid' }] },
};

// What the user would be told.
async function refused(config: unknown, options: Partial<CreateOptions> = {}): Promise<string> {
  writeFileSync(`${bundle}/config.json`, JSON.stringify(config));
  const none = {
    pidFile: undefined,
    isRootless: undefined,
    systemdCgroup: false,
    noPivot: false,
    noNewKeyring: false,
    preserveFds: 0,
    listenFds: 0,
    detach: true,
    consoleSocket: undefined,
  };
  try {
    await create({ root, id, bundle, ...none, ...options });
    return 'created';
  } catch (error) {
    return toRuntimeError(error)?.oneLine ?? String(error);
  }
}

const cgroups = (): string[] =>
  readHierarchies()
    .map(({ mountPoint }) => `${mountPoint}/${id}`)
    .filter((directory) => existsSync(directory));

const early: [name: string, config: unknown, options: Partial<CreateOptions>, line: RegExp][] = [
  ['what is no id', GOOD, { id: '../x' }, /^"\.\.\/x" is not a container id/],
  ['a bundle that does not exist', GOOD, { bundle: `${folder}/none` }, /^bundle \S+\/none: .*ENOENT$/],
  ['a config with problems', { ...GOOD, hostname: 5 }, {}, /^config\.json: \/hostname: /],
  [
    'a terminal for nobody',
    { ...GOOD, process: { cwd: '/', args: ['/none'], terminal: true } },
    {},
    /^cannot allocate tty/,
  ],
];
for (const [name, config, options, line] of early) {
  test(`before anything is made, ${name} is refused`, async () => {
    assert.match(await refused(config, options), line);
    assert.not.ok(existsSync(root));
    assert.equal(cgroups(), []);
  });
}

const late: [name: string, config: Config, line: RegExp][] = [
  [
    'a namespace that does not exist',
    { ...GOOD, linux: { ...GOOD.linux, namespaces: [{ type: 'network', path: '/none' }] } },
    /^\/linux\/namespaces\/0\/path \/none: .*ENOENT$/,
  ],
  [
    'a file system that does not exist',
    { ...GOOD, mounts: [{ destination: '/x', type: 'nofs' }] },
    /^mount \/mounts\/0 \(nofs on \/x\): fsopen nofs ENODEV$/,
  ],
  [
    'a limit that cannot be set',
    { ...GOOD, linux: { ...GOOD.linux, resources: { rdma: { none: { hcaHandles: 1 } } } } },
    /^\/linux\/resources\/rdma\/none: /,
  ],
  [
    'a hook that fails',
    { ...GOOD, hooks: { prestart: [{ path: '/bin/false' }] } },
    /^hook \/hooks\/prestart\/0 \(\/bin\/false\): exit status 1$/,
  ],
];
for (const [name, config, line] of late) {
  rootTest(test, `after ${name} nothing is left`, async () => {
    configureLog({ file: `${folder}/log`, format: 'text', isDebug: false });
    assert.match(await refused(config), line);
    assert.equal([readdirSync(root), cgroups()], [[], []]);
  });
}

test('an id that is taken is refused, and what is there is left alone', async () => {
  makeFolder(root, id);
  assert.match(await refused(GOOD), /container with this id exists already/);
  assert.equal(readdirSync(root), [id]);
});

test.run();
