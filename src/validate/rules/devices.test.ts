import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { configWith, testRules } from '../fixtures/cases.ts';
import { deviceRules, deviceWarnings } from './devices.ts';

const test = suite('validate/rules/devices');
const D = '/linux/devices';
const R = '/linux/resources/devices';
const fuse = { path: '/dev/fuse', type: 'c', major: 10, minor: 229 };
const accessRule = 'must consist of r (read), w (write) and m (mknod)';

testRules(test, deviceRules, [
  { name: 'no devices are good', set: {}, problems: [] },
  { name: 'a device and a FIFO are good', set: { [D]: [fuse, { path: '/run/pipe', type: 'p' }] }, problems: [] },
  {
    name: 'paths must be absolute',
    set: { [D]: [{ ...fuse, path: 'dev/fuse' }] },
    problems: [`${D}/0/path must be an absolute path in the container`],
  },
  {
    name: 'devices need numbers',
    set: {
      [D]: [
        { path: '/a', type: 'b' },
        { path: '/b', type: 'u', major: 1 },
      ],
    },
    problems: [
      `${D}/0/major is missing: a device of type b needs it`,
      `${D}/0/minor is missing: a device of type b needs it`,
      `${D}/1/minor is missing: a device of type u needs it`,
    ],
  },
  {
    name: 'the same device twice at one path is good',
    set: { [D]: [fuse, { ...fuse, type: 'u', fileMode: 438 }] },
    problems: [],
  },
  {
    name: 'two devices must not have one path',
    set: { [D]: [fuse, { ...fuse, minor: 1 }, { ...fuse, type: 'b' }, { path: '/dev/fuse', type: 'p' }] },
    problems: [1, 2, 3].map((index) => `${D}/${index}/path is a different device in entry 0`),
  },
  {
    name: 'rules have access of r, w and m',
    set: {
      [R]: [
        { allow: true, access: 'rwm' },
        { allow: false },
        { allow: true, access: '' },
        { allow: true, access: 'm' },
      ],
    },
    problems: [],
  },
  {
    name: 'rules must have no other access',
    set: {
      [R]: [
        { allow: true, access: 'rx' },
        { allow: true, access: 'RW' },
        { allow: true, access: 'r\n' },
      ],
    },
    problems: [0, 1, 2].map((index) => `${R}/${index}/access ${accessRule}`),
  },
]);

test('a device with two paths is a warning', () => {
  const devices = [fuse, { ...fuse, path: '/dev/other' }, { path: '/a', type: 'p' }, { path: '/b', type: 'p' }, fuse];
  assert.equal(deviceWarnings(configWith({ [D]: devices })), [
    '/linux/devices/1: /dev/other is the same device (c 10:229) as /dev/fuse',
  ]);
});

test.run();
