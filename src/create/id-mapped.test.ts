import { closeSync, fstatSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CLONE_NEWUSER } from '../../bindings/constants.ts';
import { namespaceFlag, wait } from '../../bindings/process.ts';
import { rootTest } from '../../bindings/root-suite.ts';
import type { IdMapping, Mount } from '../bundle/config.ts';
import { toRuntimeError } from '../errors.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { openIdMaps } from './id-mapped.ts';

const test = suite('create/id-mapped');

const mapping = (hostID: number, size = 10): IdMapping[] => [{ containerID: 0, hostID, size }];
const mapped = (ids?: IdMapping[]): Mount => ({
  ...{ destination: '/x', source: '/', options: ['bind', 'idmap'] },
  ...(ids !== undefined && { uidMappings: ids, gidMappings: ids }),
});

function open(mounts: Mount[], ids: IdMapping[] = mapping(500)): Map<number, number> {
  const linux = { namespaces: [{ type: 'user' as const }], uidMappings: ids, gidMappings: ids };
  return openIdMaps(samplePlan({ ociVersion: '1.3.0', mounts, linux }));
}

rootTest(test, 'each mapping is a user namespace, shared by the mounts that have the same', () => {
  const plain: Mount = { destination: '/y', source: '/', options: ['bind'] };
  const fds = open([mapped(mapping(100)), plain, mapped(mapping(200)), mapped(mapping(100)), mapped()]);
  assert.equal([...fds.keys()], [0, 2, 3, 4]);
  assert.is(fds.get(0), fds.get(3));
  const own = [...new Set(fds.values())];
  assert.is(own.length, 3);
  assert.is(new Set(own.map((fd) => fstatSync(fd).ino)).size, 3);
  for (const fd of own) assert.is(namespaceFlag(fd), CLONE_NEWUSER);
  for (const fd of own) closeSync(fd);
});

rootTest(test, 'the processes that it took are gone', () => {
  for (const fd of open([mapped(mapping(100))]).values()) closeSync(fd);
  assert.is(wait(-1, { block: false }), undefined);
});

rootTest(test, 'a mapping that the kernel refuses is told with its mount', () => {
  try {
    open([mapped(mapping(4294967295))]);
    assert.unreachable();
  } catch (error) {
    assert.match(String(toRuntimeError(error)?.oneLine), /^mount \/mounts\/0 .*: id mappings: \/linux\/uidMappings/);
  }
  assert.is(wait(-1, { block: false }), undefined);
});

test('without id-mapped mounts nothing is opened', () => {
  assert.is(open([]).size, 0);
});

test.run();
