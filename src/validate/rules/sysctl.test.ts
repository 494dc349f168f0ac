import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testRules, withoutNamespace } from '../fixtures/cases.ts';
import { sysctlPath, sysctlRules } from './sysctl.ts';

const test = suite('validate/rules/sysctl');
const S = '/linux/sysctl';
const N = '/linux/namespaces';
const name = 'must be a sysctl name such as net.ipv4.ip_forward or net/ipv4/ip_forward';
const machine =
  'is a setting of the whole machine; allowed are kernel.{msgmax,msgmnb,msgmni,sem,shmall,shmmax,shmmni,' +
  'shm_rmid_forced,hostname,domainname}, fs.mqueue.* and net.*';
const ipc = ['msgmax', 'msgmnb', 'msgmni', 'sem', 'shmall', 'shmmax', 'shmmni', 'shm_rmid_forced'].map(
  (key) => `kernel.${key}`,
);
const ofIpc = [...ipc, 'fs.mqueue.msg_max', 'kernel/sem'];
const ofNetwork = ['net.ipv4.ip_forward', 'net/ipv4/conf/eth0.100/forwarding', 'net.ipv4.conf.eth0/100.forwarding'];
const values = (keys: string[]) => Object.fromEntries(keys.map((key) => [key, '1']));
const at = (key: string) => `${S}/${key.replaceAll('/', '~1')}`;

testRules(test, sysctlRules, [
  { name: 'no sysctls are good', set: {}, problems: [] },
  { name: 'those of the ipc namespace are good', set: { [S]: values(ofIpc.slice(0, -1)) }, problems: [] },
  {
    name: 'those of ipc need an ipc namespace',
    set: { [S]: values(ofIpc.slice(0, -1)), [N]: withoutNamespace('ipc') },
    problems: ofIpc.slice(0, -1).map((key) => `${at(key)} needs a namespace of type ipc in ${N}`),
  },
  { name: 'those of the network namespace are good', set: { [S]: values(ofNetwork.slice(0, 2)) }, problems: [] },
  {
    name: 'those of net need a network namespace',
    set: { [S]: values(ofNetwork.slice(0, 2)), [N]: withoutNamespace('network') },
    problems: ofNetwork.slice(0, 2).map((key) => `${at(key)} needs a namespace of type network in ${N}`),
  },
  {
    name: 'a joined namespace will do',
    set: { [S]: { 'net.core.somaxconn': '1' }, [N]: [{ type: 'network', path: '/x' }] },
    problems: [],
  },
  ...[
    'kernel.pid_max',
    'vm.swappiness',
    'kernel.core_pattern',
    'user.max_user_namespaces',
    'kernel.shmmaxx',
    'fs.mqueue',
    'net',
    'network.x',
    'kernel/sem/x',
    'fs.file-max',
  ].map((key) => ({
    name: `${key} is refused`,
    set: { [S]: { [key]: '1' } },
    problems: [`${at(key)} ${machine}`],
  })),
  ...[
    '',
    '.',
    'net.',
    '.net.x',
    'net..x',
    '/net/x',
    'net/../kernel/pid_max',
    'net/./x',
    'net.ipv4.//.x',
    'net.a\0b',
  ].map((key) => ({
    name: `${JSON.stringify(key)} is no name`,
    set: { '/linux': { sysctl: { [key]: '1' } } },
    problems: [`${at(key).replace('\0', '\\u0000')} ${name}`],
  })),
  {
    name: 'two spellings of one name are refused',
    set: { '/linux/sysctl': { 'net.ipv4.ip_forward': '1', 'net/ipv4/ip_forward': '0' } },
    problems: [`${S}/net~1ipv4~1ip_forward sets the same as net.ipv4.ip_forward`],
  },
  {
    name: 'kernel.domainname is good',
    set: { [S]: { 'kernel.domainname': 'a', 'kernel.hostname': 'b' } },
    problems: [],
  },
  {
    name: 'kernel.hostname needs a uts namespace',
    set: { [S]: { 'kernel.hostname': 'b' }, [N]: withoutNamespace('uts') },
    problems: [`${S}/kernel.hostname needs a namespace of type uts in ${N}`],
  },
  {
    name: 'kernel.hostname must not contradict hostname',
    set: { [S]: { 'kernel.hostname': 'b', 'kernel.domainname': 'c' }, '/hostname': 'a', '/domainname': 'c' },
    problems: [`${S}/kernel.hostname contradicts /hostname, "a"`],
  },
]);

const paths: [name: string, path: string][] = [
  ['net.ipv4.ip_forward', 'net/ipv4/ip_forward'],
  ['net.ipv4.conf.eth0/100.forwarding', 'net/ipv4/conf/eth0.100/forwarding'],
  ['net/ipv4/conf/eth0.100/forwarding', 'net/ipv4/conf/eth0.100/forwarding'],
  ['kernel', 'kernel'],
];
for (const [name, path] of paths) test(`${name} is ${path}`, () => assert.is(sysctlPath(name), path));

test.run();
