import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { type Linux, NAMESPACE_TYPES, type Namespace } from '../bundle/config.ts';
import { NAMESPACE_FILE, NAMESPACE_FLAG, planNamespaces } from './namespaces.ts';

const test = suite('plan/namespaces');

const made = (...types: Namespace['type'][]): Linux => ({ namespaces: types.map((type) => ({ type })) });
const joined = (type: Namespace['type'], ...others: Namespace[]): Linux => ({
  namespaces: [...others, { type, path: `/proc/7/ns/${NAMESPACE_FILE[type]}` }],
});

const flags: { name: string; linux: Linux; cloneFlags: number }[] = [
  { name: 'no namespaces, no flags', linux: {}, cloneFlags: 0 },
  {
    name: 'namespaces are made together with the process',
    linux: made('pid', 'network', 'ipc', 'uts', 'mount', 'user'),
    cloneFlags: K.CLONE_NEWPID | K.CLONE_NEWNET | K.CLONE_NEWUTS | K.CLONE_NEWNS | K.CLONE_NEWUSER,
  },
  { name: 'cgroup and time namespaces are made later', linux: made('cgroup', 'time'), cloneFlags: 0 },
  {
    name: 'an empty path counts as none',
    linux: { namespaces: [{ type: 'uts', path: '' }] },
    cloneFlags: K.CLONE_NEWUTS,
  },
  {
    name: 'a namespace that is joined is not made',
    linux: joined('network', { type: 'uts' }),
    cloneFlags: K.CLONE_NEWUTS,
  },
];
for (const { name, linux, cloneFlags } of flags) {
  test(name, () => assert.is(planNamespaces(linux).cloneFlags, cloneFlags));
}

test('the plan says which kinds are new', () => {
  const { newUser, newMount, newPid, newCgroup, newTime } = planNamespaces(made('user', 'mount', 'cgroup'));
  assert.equal(
    { newUser, newMount, newPid, newCgroup, newTime },
    {
      ...{ newUser: true, newMount: true, newPid: false },
      ...{ newCgroup: true, newTime: false },
    },
  );
});

test('a namespace to join keeps its place in the config for errors', () => {
  assert.equal(planNamespaces(joined('network', { type: 'mount' }, { type: 'uts' })).joined, [
    { type: 'network', path: '/proc/7/ns/net', flag: K.CLONE_NEWNET, pointer: '/linux/namespaces/2' },
  ]);
});

test('in a user namespace, what belongs to whoever makes it is made by its root', () => {
  const flags = (linux: Linux) => {
    const { isInUser, cloneFlags, unshareFlags } = planNamespaces(linux);
    return { isInUser, cloneFlags, unshareFlags };
  };
  const [made1, made2] = [made('user', 'ipc', 'uts'), joined('user', { type: 'ipc' }, { type: 'uts' })];
  const unshareFlags = K.CLONE_NEWIPC;
  assert.equal(flags(made1), { isInUser: true, cloneFlags: K.CLONE_NEWUSER | K.CLONE_NEWUTS, unshareFlags });
  assert.equal(flags(made2), { isInUser: true, cloneFlags: K.CLONE_NEWUTS, unshareFlags });
  assert.equal(flags(made('ipc')), { isInUser: false, cloneFlags: K.CLONE_NEWIPC, unshareFlags: 0 });
});

test('time offsets stay exact, and what is left out is 0', () => {
  const timeOffsets = { monotonic: { secs: 9007199254740993n }, boottime: { secs: -5, nanosecs: 7 } };
  assert.equal(planNamespaces({ timeOffsets }).timeOffsets, {
    monotonic: { secs: '9007199254740993', nanosecs: 0 },
    boottime: { secs: '-5', nanosecs: 7 },
  });
});

test('id mappings are taken over', () => {
  const mapping = [{ containerID: 0, hostID: 1000, size: 1 }];
  const { uidMappings, gidMappings } = planNamespaces({ uidMappings: mapping });
  assert.equal([uidMappings, gidMappings], [mapping, []]);
});

test('every type has a flag and a file of its own', () => {
  for (const table of [NAMESPACE_FLAG, NAMESPACE_FILE]) {
    assert.is(new Set(NAMESPACE_TYPES.map((type) => table[type])).size, NAMESPACE_TYPES.length);
  }
});

test.run();
