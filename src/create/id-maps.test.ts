import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RuntimeError } from '../errors.ts';
import { planNamespaces } from '../plan/namespaces.ts';
import { NO_PID } from '../state/fixtures/record.ts';
import { hostIdOf, hostIdOfRoot, hostOwner, isAlone, mapText, writeIdMaps } from './id-maps.ts';

const test = suite('create/id-maps');

const ROOT = { containerID: 0, hostID: 100000, size: 65536 };
const USER = { containerID: 65536, hostID: 1000, size: 1 };

test('no mappings, no text', () => assert.is(mapText([]), ''));

test('each range is a line', () => assert.is(mapText([ROOT, USER]), '0 100000 65536\n65536 1000 1\n'));

test('a map that cannot be written names its place in the config', () => {
  for (const key of ['uidMappings', 'gidMappings'] as const) {
    const namesKey = (error: unknown) => error instanceof RuntimeError && error.oneLine.startsWith(`/linux/${key}: `);
    assert.throws(() => writeIdMaps(NO_PID, planNamespaces({ [key]: [ROOT] })), namesKey);
  }
});

test('without mappings nothing is written', () => {
  assert.not.throws(() => writeIdMaps(NO_PID, planNamespaces({})));
});

test('the kernel takes the own id alone from a user without privileges', () => {
  const alone = { containerID: 0, hostID: 1000, size: 1 };
  assert.ok(isAlone([alone], 1000));
  assert.not(isAlone([alone], 1001));
  assert.not(isAlone([alone, ROOT], 1000));
  assert.not(isAlone([{ ...alone, size: 2 }], 1000));
});

test('any id is looked up in a map', () => {
  const map = '         0     100000      65536\n     65536       1000          1\n';
  assert.equal(
    [0, 5, 65535, 65536, 65537].map((id) => hostIdOf(map, id)),
    [100000, 100005, 165535, 1000, undefined],
  );
});

test('the root of a container is looked up in the map of its process', () => {
  assert.is(hostIdOfRoot('         1       1000          1\n         0     100000      65536\n'), 100000);
  assert.is(hostIdOfRoot('         5     100000      65536\n'), 0);
  const owner = (isInUser: boolean) => hostOwner(process.pid, { ...planNamespaces({}), isInUser });
  assert.equal(
    [owner(false), owner(true)],
    [
      { uid: 0, gid: 0 },
      { uid: 0, gid: 0 },
    ],
  );
});

test.run();
