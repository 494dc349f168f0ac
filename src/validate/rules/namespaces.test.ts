import { suite } from 'uvu';
import { testRules, withNamespaces, withoutNamespace } from '../fixtures/cases.ts';
import { namespaceRules } from './namespaces.ts';

const test = suite('validate/rules/namespaces');
const N = '/linux/namespaces';
const pathRule = 'must be an absolute path; leave it out for a new namespace';

testRules(test, namespaceRules, [
  { name: 'the small config is good', set: {}, problems: [] },
  { name: 'no linux section is good', set: { '/linux': undefined }, problems: [] },
  {
    name: 'joined namespaces are good',
    set: { [N]: withNamespaces({ type: 'time', path: '/proc/1/ns/time' }) },
    problems: [],
  },
  {
    name: 'a type must not be there twice',
    set: { [N]: withNamespaces({ type: 'pid' }, { type: 'pid', path: '/x' }) },
    problems: [`${N}/6/type is in entry 0 already`, `${N}/7/type is in entry 0 already`],
  },
  {
    name: 'paths must be absolute',
    set: { [N]: withNamespaces({ type: 'user', path: 'ns/user' }, { type: 'time', path: '' }) },
    problems: [`${N}/6/path ${pathRule}`, `${N}/7/path ${pathRule}`],
  },
  {
    name: 'hostname and domainname need a uts namespace',
    set: { [N]: withoutNamespace('uts'), '/hostname': 'a', '/domainname': 'b' },
    problems: ['/hostname', '/domainname'].map((name) => `${name} needs a namespace of type uts in ${N}`),
  },
  {
    name: 'a joined uts namespace will do',
    set: { [N]: [{ type: 'uts', path: '/x' }], '/hostname': 'a' },
    problems: [],
  },
  {
    name: 'a user namespace needs a mount namespace, a new one or a joined one',
    set: { [N]: [{ type: 'user' }], '/linux/maskedPaths': [], '/linux/readonlyPaths': [] },
    problems: [`${N} must have an entry of type mount, because there is one of type user`],
  },
  { name: 'an empty hostname is none', set: { [N]: withoutNamespace('uts'), '/hostname': '' }, problems: [] },
  { name: 'a hostname of 64 bytes is good', set: { '/hostname': 'x'.repeat(64) }, problems: [] },
  {
    name: 'a hostname must not be longer than 64 bytes',
    set: { '/hostname': 'é'.repeat(33), '/domainname': 'x'.repeat(65) },
    problems: ['/hostname must have at most 64 bytes', '/domainname must have at most 64 bytes'],
  },
  {
    name: 'masked and read-only paths must be absolute',
    set: { '/linux/maskedPaths': ['/proc/kcore', 'proc/keys'], '/linux/readonlyPaths': [''] },
    problems: ['/linux/maskedPaths/1', '/linux/readonlyPaths/0'].map(
      (at) => `${at} must be an absolute path in the container`,
    ),
  },
  {
    name: 'the root directory cannot be masked, but be read-only',
    set: { '/linux/maskedPaths': ['/proc/keys', '/', '/tmp/..//.'], '/linux/readonlyPaths': ['/'] },
    problems: [1, 2].map(
      (index) => `/linux/maskedPaths/${index} must not be the root directory: nothing would be left`,
    ),
  },
  {
    name: 'masked and read-only paths need a mount namespace',
    set: { [N]: withoutNamespace('mount'), '/linux/maskedPaths': ['/proc/kcore'], '/linux/readonlyPaths': [] },
    problems: [`/linux/maskedPaths needs a namespace of type mount in ${N}`],
  },
  { name: 'no offsets need no time namespace', set: { '/linux/timeOffsets': {} }, problems: [] },
  {
    name: 'offsets of both clocks are good',
    set: { [N]: withNamespaces({ type: 'time' }), '/linux/timeOffsets': { monotonic: { secs: -5n }, boottime: {} } },
    problems: [],
  },
  {
    name: 'offsets need a new time namespace',
    set: { [N]: withNamespaces({ type: 'time', path: '/x' }), '/linux/timeOffsets': { monotonic: {} } },
    problems: [`/linux/timeOffsets needs a new time namespace in ${N}`],
  },
  {
    name: 'other clocks have no offset',
    set: { [N]: withNamespaces({ type: 'time' }), '/linux/timeOffsets': { realtime: {}, 'a/b': {} } },
    problems: ['realtime', 'a~1b'].map((clock) => `/linux/timeOffsets/${clock} must be for monotonic or boottime`),
  },
]);

test.run();
