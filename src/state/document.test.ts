import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stateDocument } from './document.ts';
import { sampleRecord } from './fixtures/record.ts';

const test = suite('state/document');

test("the document has the specification's properties and runc's, and nothing of the runtime's own", () => {
  assert.equal(stateDocument(sampleRecord(), 'running'), {
    ociVersion: '1.3.0',
    id: 'web1',
    pid: 7,
    status: 'running',
    bundle: '/bundle',
    rootfs: '/bundle/rootfs',
    created: '2025-01-02T03:04:05.678Z',
    owner: 'root',
  });
});

test('a stopped container has no process', () => assert.is(stateDocument(sampleRecord(), 'stopped').pid, 0));

test('annotations are there if there are any', () => {
  const document = stateDocument(sampleRecord({ annotations: { 'a.b': 'c' } }), 'created');
  assert.equal(document.annotations, { 'a.b': 'c' });
});

const owners: [uid: number, name: string][] = [
  [0, 'root'],
  [1, 'daemon'],
  [4000000000, '4000000000'],
];
for (const [owner, name] of owners) {
  test(`the owner with uid ${owner} is called ${name}`, () => {
    assert.is(stateDocument(sampleRecord({ owner }), 'created').owner, name);
  });
}

test.run();
