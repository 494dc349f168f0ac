import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { configWith, testRules, withNamespaces } from '../fixtures/cases.ts';
import { mountRules, mountWarnings } from './mounts.ts';

const test = suite('validate/rules/mounts');
const map = [{ containerID: 0, hostID: 1000, size: 10 }];
const bind = { destination: '/d', source: '/s', options: ['rbind', 'ro'] };
const noSource = '/mounts/0/source is missing: a bind mount needs it';
const noMappings = 'needs uidMappings and gidMappings, or a user namespace to take them from';
const user = { '/linux/namespaces': withNamespaces({ type: 'user' }) };

testRules(test, mountRules, [
  { name: 'no mounts are good', set: {}, problems: [] },
  { name: 'usual mounts are good', set: { '/mounts': [{ destination: '/proc', type: 'proc' }, bind] }, problems: [] },
  { name: 'bind mounts need a source', set: { '/mounts': [{ ...bind, source: '' }] }, problems: [noSource] },
  {
    name: 'so do mounts of type bind',
    set: { '/mounts': [{ destination: '/d', type: 'bind' }] },
    problems: [noSource],
  },
  {
    name: 'a remount does not',
    set: { '/mounts': [{ destination: '/d', options: ['bind', 'remount', 'ro'] }] },
    problems: [],
  },
  {
    name: 'nothing is mounted over the root directory',
    set: {
      '/mounts': [{ destination: '/x/..', type: 'tmpfs' }, bind, { destination: '/', options: ['remount', 'ro'] }],
    },
    problems: ['/mounts/0/destination must not be the root directory: that is root.path'],
  },
  {
    name: 'uidMappings come with gidMappings',
    set: {
      '/mounts': [
        { ...bind, uidMappings: map },
        { ...bind, uidMappings: [], gidMappings: map },
      ],
    },
    problems: [
      '/mounts/0/gidMappings must have an entry, because uidMappings has',
      '/mounts/1/uidMappings must have an entry, because gidMappings has',
    ],
  },
  {
    name: 'empty mappings are none',
    set: { '/mounts': [{ ...bind, uidMappings: [], gidMappings: [] }] },
    problems: [],
  },
  {
    name: 'mappings must be acceptable to the kernel',
    set: {
      '/mounts': [{ ...bind, uidMappings: [...map, ...map], gidMappings: [{ containerID: 0, hostID: 0, size: 0 }] }],
    },
    problems: [
      '/mounts/0/uidMappings/1/containerID is in the range of entry 0 already',
      '/mounts/0/uidMappings/1/hostID is in the range of entry 0 already',
      '/mounts/0/gidMappings/0/size must be at least 1',
    ],
  },
  {
    name: 'idmap needs mappings',
    set: {
      '/mounts': [
        { ...bind, options: ['rbind', 'ridmap'] },
        { ...bind, options: ['idmap', 'bind'] },
      ],
    },
    problems: [`/mounts/0/options/1 ${noMappings}`, `/mounts/1/options/0 ${noMappings}`],
  },
  {
    name: 'idmap may have mappings of its own',
    set: { '/mounts': [{ ...bind, options: ['bind', 'idmap'], uidMappings: map, gidMappings: map }] },
    problems: [],
  },
  {
    name: 'idmap may take those of a user namespace',
    set: { ...user, '/mounts': [{ ...bind, options: ['bind', 'idmap'] }] },
    problems: [],
  },
]);

test('relative destinations and mappings without idmap are warnings', () => {
  const mounts = [{ destination: 'tmp', type: 'tmpfs' }, { ...bind, uidMappings: map, gidMappings: map }, bind];
  assert.equal(mountWarnings(configWith({ '/mounts': mounts })), [
    '/mounts/0/destination: tmp is relative, which is deprecated; taken as /tmp',
    '/mounts/1/options: should have idmap or ridmap, because there are uidMappings',
  ]);
});

test.run();
