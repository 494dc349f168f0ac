// config-linux.md, Devices, and the rules of who may use them.
import type { Device, DeviceRule } from '../../../src/bundle/config.ts';
import { BASE_MOUNTS } from '../../bundle.ts';
import type { Case } from '../case.ts';

const ALL = [{ allow: true, access: 'rwm' }];
const devices = (name: string, list: Device[], resources: DeviceRule[] = ALL): Case => ({
  name: `devices: ${name}`,
  changes: { linux: { devices: list, resources: { devices: resources } } },
  look: list.flatMap(({ path }) => [`stat ${path}`, `open ${path}`]),
});

const MKNOD = ['CAP_MKNOD', 'CAP_KILL'];
/** Rules alone, with the capability to make devices. */
const rules = (name: string, list: DeviceRule[] | undefined): Case => ({
  name: `device rules: ${name}`,
  changes: {
    process: { capabilities: { bounding: MKNOD, effective: MKNOD, permitted: MKNOD } },
    linux: { resources: list === undefined ? undefined : { devices: list } },
  },
});

export const DEVICE_CASES: Case[] = [
  devices('character', [{ path: '/dev/kmsg', type: 'c', major: 1, minor: 11, fileMode: 0o640, uid: 5, gid: 7 }]),
  devices('unbuffered', [{ path: '/dev/unbuffered', type: 'u', major: 1, minor: 5, fileMode: 0o444 }]),
  devices('block', [{ path: '/dev/loop0', type: 'b', major: 7, minor: 0, fileMode: 0o660, uid: 0, gid: 6 }]),
  devices('pipe', [{ path: '/dev/pipe', type: 'p', fileMode: 0o622, uid: 1, gid: 2 }]),
  devices('no mode', [{ path: '/dev/kmsg', type: 'c', major: 1, minor: 11 }]),
  devices('mode 0777 and set-user-id', [{ path: '/dev/odd', type: 'c', major: 1, minor: 3, fileMode: 0o4777 }]),
  devices('in new folders', [{ path: '/dev/a/b/zero', type: 'c', major: 1, minor: 5, fileMode: 0o666 }]),
  devices('outside /dev', [{ path: '/var/lib/null', type: 'c', major: 1, minor: 3, fileMode: 0o666 }]),
  devices('a default device', [{ path: '/dev/null', type: 'c', major: 1, minor: 3, fileMode: 0o600, uid: 3, gid: 4 }]),
  devices('another at a default path', [{ path: '/dev/zero', type: 'c', major: 1, minor: 3, fileMode: 0o666 }]),
  devices('twice', [
    { path: '/dev/one', type: 'c', major: 1, minor: 3, fileMode: 0o600 },
    { path: '/dev/one', type: 'c', major: 1, minor: 5, fileMode: 0o666 },
  ]),
  devices('unknown type', [{ path: '/dev/x', type: 'x' as 'c', major: 1, minor: 3 }]),
  devices('no numbers', [{ path: '/dev/x', type: 'c' }]),
  devices(
    'many',
    Array.from(
      { length: 40 },
      (_, minor): Device => ({ path: `/dev/many${minor}`, type: 'c', major: 10, minor, fileMode: 0o600 }),
    ),
  ),
  {
    ...devices('without /dev', [{ path: '/dev/kmsg', type: 'c', major: 1, minor: 11 }]),
    changes: {
      mounts: BASE_MOUNTS.filter(({ destination }) => !destination.startsWith('/dev')),
      linux: { devices: [{ path: '/dev/kmsg', type: 'c', major: 1, minor: 11 }] },
    },
  },
  rules('none', []),
  rules('no resources', undefined),
  rules('deny all', [{ allow: false, access: 'rwm' }]),
  rules('allow all', [{ allow: true, access: 'rwm' }]),
  rules('type a', [
    { allow: false, type: 'a', access: 'rwm' },
    { allow: true, type: 'c', major: 1, minor: 11, access: 'r' },
  ]),
  rules('deny one after all', [
    { allow: true, access: 'rwm' },
    { allow: false, type: 'b', major: 7, access: 'rwm' },
  ]),
  rules('make only', [
    { allow: false, access: 'rwm' },
    { allow: true, type: 'c', access: 'm' },
    { allow: true, type: 'b', access: 'm' },
  ]),
  rules('all minors', [
    { allow: false, access: 'rwm' },
    { allow: true, type: 'b', major: 7, access: 'rwm' },
  ]),
  rules('no access', [{ allow: false }, { allow: true, type: 'c', major: 1, minor: 11 }]),
  rules('deny without access to the defaults', [{ allow: false, type: 'c', major: 1, minor: 3, access: 'rwm' }]),
];
