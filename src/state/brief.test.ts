import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { briefOf } from './brief.ts';
import { BRIEF, BRIEF_MAGIC, BRIEF_SIZE } from './brief-layout.ts';
import { stateDocument } from './document.ts';
import { sampleRecord } from './fixtures/record.ts';

const test = suite('state/brief');

function numberAt(brief: Uint8Array, at: number): number {
  return Number(new DataView(brief.buffer, brief.byteOffset).getBigUint64(at, true));
}

function textAt(brief: Uint8Array, at: number): string {
  const start = numberAt(brief, at);
  return new TextDecoder().decode(brief.subarray(start, brief.indexOf(0, start)));
}

test('the text of state is there in parts', () => {
  const record = sampleRecord({ pid: 321, annotations: { 'x "pid": ': '"status": "', é: 'ü' } });
  const brief = briefOf(record);
  const [before, middle, after] = [BRIEF.beforePid, BRIEF.beforeStatus, BRIEF.afterStatus].map((at) =>
    textAt(brief, at),
  );
  assert.is(textAt(brief, BRIEF.pid), '321');
  const text = `${before}321${middle}paused${after}`;
  assert.is(text, `${JSON.stringify(stateDocument(record, 'paused'), null, 2)}\n`);
});

test('begins with its magic; the process is told by its file and its start time', () => {
  const brief = briefOf(sampleRecord({ pid: 321, startTime: '98765' }));
  assert.is(new DataView(brief.buffer, brief.byteOffset).getBigUint64(0, true), BRIEF_MAGIC);
  assert.is(textAt(brief, BRIEF.statPath), '/proc/321/stat');
  assert.is(textAt(brief, BRIEF.startTime), '98765');
});

test('says how long it is', () => {
  const brief = briefOf(sampleRecord());
  assert.is(numberAt(brief, BRIEF.size), brief.length);
});

test('own cgroups are removed, all that freeze are looked at', () => {
  const cgroups = [
    { directory: '/a', isOwn: true },
    { directory: '/b', isOwn: false, freezer: 'freezer.state' as const },
    { directory: '/c', isOwn: true, freezer: 'cgroup.freeze' as const },
  ];
  const brief = briefOf(sampleRecord({ cgroups }));
  assert.equal(
    BRIEF.freezers.map((at) => textAt(brief, at)),
    ['/b/freezer.state', '/c/cgroup.freeze'],
  );
  const list = new TextDecoder().decode(brief.subarray(numberAt(brief, BRIEF.cgroups)));
  assert.ok(list.startsWith('/a\0/c\0\0'), JSON.stringify(list));
});

const hook = [{ path: '/bin/true' }];
const cases: [name: string, changes: Parameters<typeof sampleRecord>[0], start: number, remove: number][] = [
  ['a plain container', { hooks: {} }, 1, 1],
  ['a startContainer hook', { hooks: { startContainer: hook } }, 0, 1],
  ['a poststart hook', { hooks: { poststart: hook } }, 0, 1],
  ['a poststop hook', { hooks: { poststop: hook } }, 1, 0],
  ['no process', { hooks: {}, executable: undefined }, 0, 1],
  ['mounts outside of a namespace of its own', { hooks: {}, rootfsMount: { path: '/x' } }, 1, 0],
  ['groups of resctrl', { hooks: {}, resctrl: { mountPoint: '', tasks: [], own: [] } }, 1, 0],
  ['a scope of systemd', { hooks: {}, scope: { unit: '', isUser: false, description: '' } }, 1, 0],
  ['messages to a service manager', { hooks: {}, notifies: true }, 0, 0],
];
for (const [name, changes, start, remove] of cases) {
  test(`${name}: start ${start}, delete ${remove}`, () => {
    const brief = briefOf(sampleRecord({ executable: 'sh', ...changes }));
    assert.equal([numberAt(brief, BRIEF.canStart), numberAt(brief, BRIEF.canDelete)], [start, remove]);
  });
}

test('what is too large is left out', () => {
  assert.is(briefOf(sampleRecord({ annotations: { a: 'ü'.repeat(BRIEF_SIZE / 2) } })).length, 0);
  assert.ok(briefOf(sampleRecord({ annotations: { a: 'x'.repeat(BRIEF_SIZE / 2) } })).length > 0);
});

test.run();
