import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planScope } from './systemd-scope.ts';

const test = suite('plan/systemd-scope');

const good = [
  {
    path: '',
    slice: 'system.slice',
    unit: 'runts-web1.scope',
    folder: '/system.slice/runts-web1.scope',
  },
  {
    path: 'machine.slice:libpod:abc',
    slice: 'machine.slice',
    unit: 'libpod-abc.scope',
    folder: '/machine.slice/libpod-abc.scope',
  },
  {
    path: 'kubepods-besteffort-pod1_2.slice:cri-containerd:abc',
    slice: 'kubepods-besteffort-pod1_2.slice',
    unit: 'cri-containerd-abc.scope',
    folder: '/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1_2.slice/cri-containerd-abc.scope',
  },
  { path: ':docker:abc', slice: 'system.slice', unit: 'docker-abc.scope', folder: '/system.slice/docker-abc.scope' },
  { path: '-:a:b', slice: '-.slice', unit: 'a-b.scope', folder: '/a-b.scope' },
  { path: '-.slice::b', slice: '-.slice', unit: '-b.scope', folder: '/-b.scope' },
  { path: 'memory.slice:_a:b', slice: 'memory.slice', unit: '_a-b.scope', folder: '/_memory.slice/__a-b.scope' },
];
for (const { path, folder, ...rest } of good) {
  test(`"${path}" is ${rest.unit} in ${rest.slice}`, () => {
    assert.equal(planScope(path, 'web1', { isUser: false }), { ...rest, path: folder });
  });
}

test("the user's manager has its own slice", () => {
  const scope = { slice: 'user.slice', unit: 'runts-web1.scope', path: '/user.slice/runts-web1.scope' };
  assert.equal(planScope('', 'web1', { isUser: true }), scope);
});

const bad = [
  { path: '/runts/web1', says: /"\/runts\/web1" must be slice:prefix:name/ },
  { path: 'a.slice:b', says: /must be slice:prefix:name/ },
  { path: 'a.slice:b:', says: /must be slice:prefix:name/ },
  { path: 'a.slice:b:c:d', says: /must be slice:prefix:name/ },
  { path: 'a:b:c', says: /must begin with the name of a slice/ },
  { path: 'a--b.slice:b:c', says: /must begin with the name of a slice/ },
  { path: '-a.slice:b:c', says: /must begin with the name of a slice/ },
  { path: 'x/a.slice:b:c', says: /must begin with the name of a slice/ },
  { path: 'a.slice:b:c.slice', says: /must not name a slice/ },
  { path: 'a.slice:b:c/d', says: /must not have "\/"/ },
];
for (const { path, says } of bad) {
  test(`"${path}" is refused`, () => assert.throws(() => planScope(path, 'web1', { isUser: false }), says));
}

test.run();
