import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isIdentity, isInitialUserNamespace } from './user-namespace.ts';

const test = suite('bindings/user-namespace');

const maps: [name: string, map: string, isHost: boolean][] = [
  ['of the host', '         0          0 4294967295\n', true],
  ["of a user's namespace", '         0       1234          1\n         1     300000      65536\n', false],
  ['of a part of the ids', '         0          0      65536\n', false],
];
for (const [name, map, isHost] of maps) test(`a map ${name}`, () => assert.is(isIdentity(map), isHost));

test('the own one can be read', () => assert.type(isInitialUserNamespace(), 'boolean'));

test.run();
