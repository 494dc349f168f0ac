import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { configWith, testRules } from '../fixtures/cases.ts';
import { cacheSchemaWarnings, platformRules } from './platform.ts';

const test = suite('validate/rules/platform');
const I = '/linux/intelRdt';
const M = '/linux/memoryPolicy';
const closId = `${I}/closID must be the name of a resctrl group, or "/" for the default one`;
const STATIC = 'MPOL_F_STATIC_NODES';
const RELATIVE = 'MPOL_F_RELATIVE_NODES';
const BALANCING = 'MPOL_F_NUMA_BALANCING';

testRules(test, platformRules, [
  { name: 'the small config is good', set: {}, problems: [] },
  ...['/', 'guaranteed_group', 'a..b', '...'].map((id) => ({
    name: `closID ${id} is good`,
    set: { [I]: { closID: id } },
    problems: [],
  })),
  ...['', '.', '..', '/a', 'a/b', '../a', 'a\nb', 'info', 'mon_groups'].map((id) => ({
    name: `closID ${JSON.stringify(id)} is refused`,
    set: { [I]: { closID: id } },
    problems: [closId],
  })),
  {
    name: 'schemata are good',
    set: { [I]: { schemata: ['L3:0=7f0', 'MB:0=20'], memBwSchema: 'MB:0=20;1=70' } },
    problems: [],
  },
  {
    name: 'schemata must be single lines',
    set: { [I]: { schemata: ['L3:0=7f0', 'L3:0=1\nMB:0=20'], memBwSchema: 'MB:0=20\n' } },
    problems: [`${I}/schemata/1 must not contain line breaks`, `${I}/memBwSchema must start with MB: and be one line`],
  },
  {
    name: 'memBwSchema must start with MB:',
    set: { [I]: { memBwSchema: 'L3:0=1' } },
    problems: [`${I}/memBwSchema must start with MB: and be one line`],
  },
  ...[
    { mode: 'MPOL_DEFAULT' },
    { mode: 'MPOL_LOCAL', nodes: '' },
    { mode: 'MPOL_BIND', nodes: '0-3,7', flags: [STATIC, BALANCING] },
    { mode: 'MPOL_PREFERRED' },
    { mode: 'MPOL_PREFERRED', nodes: '1', flags: [RELATIVE] },
    { mode: 'MPOL_WEIGHTED_INTERLEAVE', nodes: '2-3' },
  ].map((policy) => ({ name: `${JSON.stringify(policy)} is good`, set: { [M]: policy }, problems: [] })),
  {
    name: 'nodes must be a list',
    set: { [M]: { mode: 'MPOL_BIND', nodes: 'all' } },
    problems: [`${M}/nodes must be a comma-separated list of numbers and ranges, e.g. 0-3,7`],
  },
  {
    name: 'MPOL_BIND needs nodes',
    set: { [M]: { mode: 'MPOL_BIND' } },
    problems: [`${M}/nodes must name a node for MPOL_BIND`],
  },
  {
    name: 'MPOL_LOCAL takes none',
    set: { [M]: { mode: 'MPOL_LOCAL', nodes: '0' } },
    problems: [`${M}/nodes must be empty for MPOL_LOCAL`],
  },
  {
    name: 'flags must not contradict each other',
    set: { [M]: { mode: 'MPOL_BIND', nodes: '0', flags: [STATIC, RELATIVE] } },
    problems: [`${M}/flags must not have both ${STATIC} and ${RELATIVE}`],
  },
  {
    name: 'flags must have nodes to be about',
    set: { [M]: { mode: 'MPOL_PREFERRED', flags: [STATIC] } },
    problems: [`${M}/flags must not say how to take nodes, because there are none`],
  },
  {
    name: 'NUMA balancing goes with two modes',
    set: { [M]: { mode: 'MPOL_INTERLEAVE', nodes: '0', flags: [BALANCING] } },
    problems: [`${M}/flags must have ${BALANCING} only with MPOL_BIND or MPOL_PREFERRED_MANY`],
  },
  {
    name: 'personality has no flags',
    set: { '/linux/personality': { domain: 'LINUX32', flags: ['ADDR_NO_RANDOMIZE'] } },
    problems: ['/linux/personality/flags must be empty: no flag is supported'],
  },
  {
    name: 'personality without flags is good',
    set: { '/linux/personality': { domain: 'LINUX', flags: [] } },
    problems: [],
  },
  { name: 'annotations may have empty values', set: { '/annotations': { a: '' } }, problems: [] },
  {
    name: 'annotations must not have an empty key',
    set: { '/annotations': { '': 'x' } },
    problems: ['/annotations/ must not have an empty key'],
  },
]);

test('an l3CacheSchema that should be different is a warning', () => {
  const warning = `${I}/l3CacheSchema: should start with L3: and be one line`;
  const schemas: [string, string[]][] = [
    ['L3:0=7f0;1=1f', []],
    ['', []],
    ['MB:0=1', [warning]],
    ['L3:0=1\nMB:0=2', [warning]],
  ];
  for (const [schema, warnings] of schemas) {
    assert.equal(cacheSchemaWarnings(configWith({ [I]: { l3CacheSchema: schema } })), warnings);
  }
});

test.run();
