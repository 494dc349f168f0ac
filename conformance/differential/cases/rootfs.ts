// config.md, Root and hostname; config-linux.md, rootfsPropagation, masked and read-only paths, sysctl, personality.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BASE_MOUNTS, type Bundle, type Changes } from '../../bundle.ts';
import type { Case } from '../case.ts';

const linux = (name: string, changes: Changes['linux']): Case => ({ name, changes: { linux: changes } });

function secrets({ rootfs }: Bundle): void {
  mkdirSync(join(rootfs, 'secret/inner'), { recursive: true });
  writeFileSync(join(rootfs, 'secret/inner/file'), 'secret');
  writeFileSync(join(rootfs, 'secret.txt'), 'secret');
  chmodSync(join(rootfs, 'secret.txt'), 0o600);
  symlinkSync('secret.txt', join(rootfs, 'link'));
}
const SECRETS = ['/secret', '/secret/inner', '/secret/inner/file', '/secret.txt', '/link'];
const LOOK = [...SECRETS.flatMap((path) => [`stat ${path}`, `open ${path}`, `write ${path}`]), 'names /secret'];

const paths = (name: string, changes: Changes['linux']): Case => ({
  ...linux(name, changes),
  prepare: secrets,
  look: LOOK,
});

const PROPAGATIONS = ['shared', 'slave', 'private', 'unbindable', 'rshared', 'rslave', 'rprivate', 'runbindable'];

export const ROOTFS_CASES: Case[] = [
  { name: 'root: read-only', changes: { root: { readonly: true } } },
  {
    name: 'root: read-only, missing mount points',
    changes: {
      root: { readonly: true },
      mounts: [...BASE_MOUNTS, { destination: '/new/point', type: 'tmpfs', source: 'tmpfs' }],
    },
  },
  {
    name: 'root: absolute path',
    edit: (config) => ({ ...config }),
    prepare: ({ config, rootfs }) => {
      if (config.root) config.root.path = rootfs;
    },
  },
  {
    name: 'root: dotted path',
    changes: { root: { path: './x/../rootfs/' } },
    prepare: ({ directory }) => mkdirSync(join(directory, 'x')),
  },
  {
    name: 'root: by a link',
    changes: { root: { path: 'link' } },
    prepare: ({ directory }) => symlinkSync('rootfs', join(directory, 'link')),
  },
  { name: 'root: missing', changes: { root: { path: 'missing' } } },
  { name: 'hostname: long', changes: { hostname: 'h'.repeat(63) } },
  { name: 'hostname: unset', changes: { hostname: undefined } },
  { name: 'domainname', changes: { domainname: 'example.org' } },
  { name: 'hostname without uts', changes: { linux: { namespaces: [{ type: 'mount' }, { type: 'pid' }] } } },
  {
    name: 'annotations',
    changes: { annotations: { 'org.opencontainers.image.os': 'linux', 'org.example.x': '', 'run.oci.y': 'z' } },
  },
  { name: 'ociVersion 1.3.0', changes: { ociVersion: '1.3.0' } },
  {
    name: 'unknown properties',
    edit: (config) => ({ ...config, future: { x: 1 }, linux: { ...config.linux, future: [1] } }),
  },
  {
    name: 'other platforms',
    edit: (config) => ({ ...config, windows: { layerFolders: [] }, solaris: {}, zos: {} }),
  },
  ...PROPAGATIONS.map((rootfsPropagation) => linux(`rootfsPropagation: ${rootfsPropagation}`, { rootfsPropagation })),
  linux('rootfsPropagation: unknown', { rootfsPropagation: 'sideways' }),
  paths('maskedPaths: file, folder, missing', {
    maskedPaths: ['/secret.txt', '/secret/inner', '/proc/keys', '/missing'],
  }),
  paths('maskedPaths: link', { maskedPaths: ['/link'] }),
  paths('maskedPaths: twice', { maskedPaths: ['/secret', '/secret', '/secret/inner'] }),
  paths('maskedPaths: none', { maskedPaths: [], readonlyPaths: [] }),
  paths('masked and read-only: unset', { maskedPaths: undefined, readonlyPaths: undefined }),
  paths('readonlyPaths: file, folder, missing', {
    readonlyPaths: ['/secret.txt', '/secret/inner', '/proc/sys', '/missing'],
  }),
  paths('readonlyPaths: nested', { readonlyPaths: ['/secret', '/secret/inner', '/dev', '/dev/shm'] }),
  paths('read-only and masked', { readonlyPaths: ['/secret'], maskedPaths: ['/secret/inner'] }),
  linux('sysctl: network', {
    sysctl: { 'net.ipv4.ip_forward': '1', 'net.ipv4.ping_group_range': '0 1000', 'net.core.somaxconn': '512' },
  }),
  linux('sysctl: slashes', { sysctl: { 'net/ipv4/ip_unprivileged_port_start': '80' } }),
  linux('sysctl: ipc', {
    sysctl: {
      'kernel.shmmax': '1000000',
      'kernel.msgmax': '4096',
      'kernel.sem': '100 200 10 100',
      'fs.mqueue.msg_max': '20',
      'kernel.shm_rmid_forced': '1',
    },
  }),
  linux('sysctl: domain name', { sysctl: { 'kernel.domainname': 'by.sysctl' } }),
  linux('sysctl: of the host', { sysctl: { 'vm.swappiness': '60' } }),
  linux('sysctl: missing', { sysctl: { 'net.ipv4.missing': '1' } }),
  linux('personality: LINUX32', { personality: { domain: 'LINUX32' } }),
  linux('personality: LINUX', { personality: { domain: 'LINUX' } }),
  linux('memoryPolicy', { memoryPolicy: { mode: 'MPOL_INTERLEAVE', nodes: '0' } }),
];
