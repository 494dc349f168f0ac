// features.md, features-linux.md: what `features` prints is valid, and each thing that it promises is accepted.
import * as assert from 'uvu/assert';
import { reference } from '../reference-schema/reference.ts';
import { isRunts } from '../runtime.ts';
import { parseStatus, readText } from './host.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('features');

interface Features {
  ociVersionMin: string;
  ociVersionMax: string;
  hooks: string[];
  mountOptions: string[];
  linux: {
    namespaces: ('uts' | 'mount' | 'pid')[];
    capabilities: string[];
    memoryPolicy?: { modes: string[] };
  };
}
const document: Features = JSON.parse(runtime.ok(['features']));

test("the document is valid against the specification's schema", () => {
  assert.is(reference('features-schema')(document), '');
});

test('containers of the lowest and of the highest version run', () => {
  for (const ociVersion of [document.ociVersionMin, document.ociVersionMax]) {
    assert.is(runtime.inside('echo fine', { ociVersion }), 'fine\n');
  }
});

test('hooks of all names are run', () => {
  const hooks = Object.fromEntries(document.hooks.map((name) => [name, [{ path: '/bin/true' }]]));
  assert.is(runtime.inside('echo fine', { hooks }), 'fine\n');
});

testUnless(isRunts ? undefined : 'runc takes no second word for a propagation', test, 'mount options are known', () => {
  const unfit =
    /^(remount|r?bind|r?idmap|tmpcopyup|iversion|noiversion|mand|nomand|r?(shared|slave|private|unbindable))$/;
  const options = document.mountOptions.filter((option) => !unfit.test(option));
  const mounts = options.map((option, index) => {
    return { destination: `/m${index}`, type: 'tmpfs', source: 'tmpfs', options: [option] };
  });
  const proc = { destination: '/proc', type: 'proc', source: 'proc' };
  const linux = { maskedPaths: [], readonlyPaths: [] };
  assert.is(runtime.inside('echo fine', { mounts: [proc, ...mounts], linux }), 'fine\n');
});

test('namespaces of all types are made', () => {
  const namespaces = document.linux.namespaces.map((type) => ({ type }));
  const idMap = [{ containerID: 0, hostID: 0, size: 65_536 }];
  const linux = { namespaces, uidMappings: idMap, gidMappings: idMap };
  assert.is(runtime.inside('echo fine', { linux }), 'fine\n');
});

test('capabilities of all names that the kernel has are granted', () => {
  const last = Number(readText('/proc/sys/kernel/cap_last_cap'));
  const names = document.linux.capabilities;
  assert.ok(names.length > last);
  const capabilities = { bounding: names, effective: names, permitted: names };
  const status = parseStatus(runtime.inside('cat /proc/self/status', { process: { capabilities } }));
  assert.is(status.get('CapPrm'), parseStatus(readText('/proc/self/status')).get('CapPrm'));
});

test.run();
