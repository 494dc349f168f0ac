import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sampleRecord } from './fixtures/record.ts';
import { isRecordOf } from './record-shape.ts';

const test = suite('state/record-shape');

test('a record is one, as it comes back from JSON', () => {
  assert.ok(isRecordOf('web1', JSON.parse(JSON.stringify(sampleRecord()))));
  assert.ok(isRecordOf('web1', sampleRecord({ cgroups: [{ directory: '/a', isOwn: true }] })));
});

test('the record of another container is none', () => assert.not(isRecordOf('web2', sampleRecord())));

const wrong: [name: string, value: unknown][] = [
  ...[null, 5, 'text', [], {}].map((value): [string, unknown] => [JSON.stringify(value), value]),
  ['a pid that is no number', { ...sampleRecord(), pid: '7' }],
  ['no creator', { ...sampleRecord(), creator: null }],
  ['no cgroups', { ...sampleRecord(), cgroups: undefined }],
  ['cgroups without folders', { ...sampleRecord(), cgroups: [{}] }],
  ['no hooks', { ...sampleRecord(), hooks: undefined }],
  ['no defaults for exec', { ...sampleRecord(), execDefaults: undefined }],
  ['defaults for exec of another shape', { ...sampleRecord(), execDefaults: { process: {} } }],
  ['no annotations', { ...sampleRecord(), annotations: 3 }],
];
for (const [name, value] of wrong) test(`${name} is no record`, () => assert.not(isRecordOf('web1', value)));

test.run();
