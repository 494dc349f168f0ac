import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planMounts } from './mounts.ts';
import { overlayFolders, replaceFolders } from './overlay.ts';

const test = suite('plan/overlay');

function foldersOf(type: string, ...options: string[]): string[] {
  const [plan] = planMounts([{ destination: '/x', type, options }], { bundle: '/', isInUser: true });
  return plan === undefined ? [] : overlayFolders(plan);
}

const cases: [options: string[], folders: string[]][] = [
  [
    ['lowerdir=/a:/b', 'upperdir=/c', 'workdir=/d', 'index=off'],
    ['/a', '/b', '/c', '/d'],
  ],
  [['lowerdir=/a\\:b:/c::/data'], ['/a:b', '/c', '/data']],
  [
    ['upperdir=/a:b', 'lowerdir+=/c:d'],
    ['/a:b', '/c:d'],
  ],
  [['lowerdir=relative'], []],
  [['ro', 'lowerdirectory=/a'], []],
];
for (const [options, folders] of cases) {
  test(`in ${options.join()} there are ${folders.join()}`, () =>
    assert.equal(foldersOf('overlay', ...options), folders));
}

test('other file systems have none', () => assert.equal(foldersOf('tmpfs', 'lowerdir=/a'), []));

test('paths are replaced, the rest stays', () => {
  const other = (path: string) => (path === '/b:b' ? '/fd/7' : undefined);
  const data = ['lowerdir=/a\\:a:/b\\:b::/c', 'upperdir=/b:b', 'index=off'];
  assert.equal(replaceFolders(data, other), ['lowerdir=/a\\:a:/fd/7::/c', 'upperdir=/fd/7', 'index=off']);
});

test.run();
