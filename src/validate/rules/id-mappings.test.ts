import { suite } from 'uvu';
import { testRules, withNamespaces } from '../fixtures/cases.ts';
import { idMappingRules } from './id-mappings.ts';

const test = suite('validate/rules/id-mappings');
const N = '/linux/namespaces';
const U = '/linux/uidMappings';
const G = '/linux/gidMappings';
const map = (containerID: number, hostID: number, size: number) => ({ containerID, hostID, size });
const user = withNamespaces({ type: 'user' });
const joined = withNamespaces({ type: 'user', path: '/proc/1/ns/user' });
const good = [map(0, 1000, 1), map(1, 100000, 65536)];
const newUser = (uids: object[], gids: object[] = good) => ({ [N]: user, [U]: uids, [G]: gids });
const absent = `must have an entry, because ${N} has a new user namespace`;

testRules(test, idMappingRules, [
  { name: 'no user namespace and no mappings is good', set: {}, problems: [] },
  { name: 'a new user namespace with mappings is good', set: newUser(good), problems: [] },
  { name: 'a joined user namespace needs no mappings', set: { [N]: joined }, problems: [] },
  { name: 'a joined user namespace may come with mappings', set: { [N]: joined, [U]: good, [G]: good }, problems: [] },
  {
    name: 'a new user namespace needs mappings',
    set: { [N]: user, [G]: [] },
    problems: [`${U} ${absent}`, `${G} ${absent}`],
  },
  {
    name: 'mappings need a user namespace',
    set: { [U]: good },
    problems: [`${U} needs a namespace of type user in ${N}`],
  },
  { name: 'empty mappings need none', set: { [U]: [], [G]: [] }, problems: [] },
  {
    name: 'a size of 0 is refused',
    set: newUser([...good, map(9999999, 5, 0)]),
    problems: [`${U}/2/size must be at least 1`],
  },
  {
    name: 'ids must not overlap in the container',
    set: newUser([map(5, 1000, 10), map(0, 2000, 6)]),
    problems: [`${U}/0/containerID is in the range of entry 1 already`],
  },
  {
    name: 'ids must not overlap on the host',
    set: newUser(good, [map(0, 1000, 10), map(10, 1009, 1)]),
    problems: [`${G}/1/hostID is in the range of entry 0 already`],
  },
  { name: 'ranges may touch and be in any order', set: newUser([map(10, 20, 10), map(0, 10, 10)]), problems: [] },
  { name: 'a range may end with the last id', set: newUser([map(0, 0, 4294967295)]), problems: [] },
  {
    name: 'a range must not go beyond the last id',
    set: newUser([map(0, 1, 4294967295)]),
    problems: [`${U}/0/size is too large: from 1 it goes beyond the last id, 4294967294`],
  },
  {
    name: '340 entries are good',
    set: newUser(Array.from({ length: 340 }, (_, index) => map(index, index, 1))),
    problems: [],
  },
  {
    name: '341 entries are too many',
    set: newUser(Array.from({ length: 341 }, (_, index) => map(index, index, 1))),
    problems: [`${U} must have at most 340 entries (user_namespaces(7))`],
  },
  {
    name: 'the ids of the process must be mapped',
    set: { ...newUser([map(0, 1000, 1)]), '/process/user': { uid: 1, gid: 65537, additionalGids: [5, 70000] } },
    problems: [
      `/process/user/uid must be a container id of ${U}`,
      `/process/user/gid must be a container id of ${G}`,
      `/process/user/additionalGids/1 must be a container id of ${G}`,
    ],
  },
  {
    name: 'a process without user is root, which must be mapped too',
    set: { ...newUser([map(1, 1000, 1)]), '/process/user': undefined },
    problems: [`/process/user/uid must be a container id of ${U}`],
  },
]);

test.run();
