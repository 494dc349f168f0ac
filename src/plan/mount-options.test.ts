import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { knownOptions, type OptionEffect, optionEffect } from './mount-options.ts';

const test = suite('plan/mount-options');

const ATIME = K.MOUNT_ATTR__ATIME;
const attribute = (set: number, clear: number): OptionEffect => ({ set, clear });
const recursive = (recursiveSet: number, recursiveClear: number): OptionEffect => ({ recursiveSet, recursiveClear });
const propagate = (propagation: number): OptionEffect => ({ propagation });
const propagateAll = (propagation: number): OptionEffect => ({ propagation, recursivePropagation: true });

// Every word of config.md's table "Linux mount options", in its order.
const effects: Record<string, OptionEffect> = {
  async: { clears: 'sync' },
  atime: attribute(K.MOUNT_ATTR_RELATIME, ATIME),
  bind: { bind: 'bind' },
  defaults: {},
  dev: attribute(0, K.MOUNT_ATTR_NODEV),
  diratime: attribute(0, K.MOUNT_ATTR_NODIRATIME),
  dirsync: { superblock: 'dirsync' },
  exec: attribute(0, K.MOUNT_ATTR_NOEXEC),
  iversion: { superblock: 'iversion' },
  lazytime: { superblock: 'lazytime' },
  loud: {},
  mand: { superblock: 'mand' },
  noatime: attribute(K.MOUNT_ATTR_NOATIME, ATIME),
  nodev: attribute(K.MOUNT_ATTR_NODEV, 0),
  nodiratime: attribute(K.MOUNT_ATTR_NODIRATIME, 0),
  noexec: attribute(K.MOUNT_ATTR_NOEXEC, 0),
  noiversion: { clears: 'iversion' },
  nolazytime: { clears: 'lazytime' },
  nomand: { clears: 'mand' },
  norelatime: attribute(0, 0),
  nostrictatime: attribute(K.MOUNT_ATTR_RELATIME, ATIME),
  nosuid: attribute(K.MOUNT_ATTR_NOSUID, 0),
  nosymfollow: attribute(K.MOUNT_ATTR_NOSYMFOLLOW, 0),
  private: propagate(K.MS_PRIVATE),
  ratime: recursive(K.MOUNT_ATTR_RELATIME, ATIME),
  rbind: { bind: 'rbind' },
  rdev: recursive(0, K.MOUNT_ATTR_NODEV),
  rdiratime: recursive(0, K.MOUNT_ATTR_NODIRATIME),
  relatime: attribute(K.MOUNT_ATTR_RELATIME, ATIME),
  remount: { remount: true },
  rexec: recursive(0, K.MOUNT_ATTR_NOEXEC),
  rnoatime: recursive(K.MOUNT_ATTR_NOATIME, ATIME),
  rnodiratime: recursive(K.MOUNT_ATTR_NODIRATIME, 0),
  rnoexec: recursive(K.MOUNT_ATTR_NOEXEC, 0),
  rnorelatime: recursive(0, 0),
  rnostrictatime: recursive(K.MOUNT_ATTR_RELATIME, ATIME),
  rnosuid: recursive(K.MOUNT_ATTR_NOSUID, 0),
  rnosymfollow: recursive(K.MOUNT_ATTR_NOSYMFOLLOW, 0),
  ro: { ...attribute(K.MOUNT_ATTR_RDONLY, 0), superblock: 'ro' },
  rprivate: propagateAll(K.MS_PRIVATE),
  rrelatime: recursive(K.MOUNT_ATTR_RELATIME, ATIME),
  rro: recursive(K.MOUNT_ATTR_RDONLY, 0),
  rrw: recursive(0, K.MOUNT_ATTR_RDONLY),
  rshared: propagateAll(K.MS_SHARED),
  rslave: propagateAll(K.MS_SLAVE),
  rstrictatime: recursive(K.MOUNT_ATTR_STRICTATIME, ATIME),
  rsuid: recursive(0, K.MOUNT_ATTR_NOSUID),
  rsymfollow: recursive(0, K.MOUNT_ATTR_NOSYMFOLLOW),
  runbindable: propagateAll(K.MS_UNBINDABLE),
  rw: { ...attribute(0, K.MOUNT_ATTR_RDONLY), clears: 'ro' },
  shared: propagate(K.MS_SHARED),
  silent: {},
  slave: propagate(K.MS_SLAVE),
  strictatime: attribute(K.MOUNT_ATTR_STRICTATIME, ATIME),
  suid: attribute(0, K.MOUNT_ATTR_NOSUID),
  symfollow: attribute(0, K.MOUNT_ATTR_NOSYMFOLLOW),
  sync: { superblock: 'sync' },
  tmpcopyup: { copyUp: true },
  unbindable: propagate(K.MS_UNBINDABLE),
  idmap: { idmap: 'idmap' },
  ridmap: { idmap: 'ridmap' },
};

for (const [option, effect] of Object.entries(effects)) {
  test(`"${option}" does what config.md says`, () => assert.equal(optionEffect(option), effect));
}

// The recursive forms that config.md leaves out: mount_setattr(2) can do them too.
const EXTRA = ['rnodev'];

for (const option of EXTRA) test(`"${option}" is known as well`, () => assert.ok(optionEffect(option)));

for (const option of ['', 'r', 'rr', 'rbindx', 'size=64k', 'RO', 'rsync', 'rremount', 'constructor', 'rtoString']) {
  test(`"${option}" is for the file system`, () => assert.is(optionEffect(option), undefined));
}

test("the list of known words is config.md's table and its missing recursive forms, sorted", () => {
  assert.equal(knownOptions(), [...Object.keys(effects), ...EXTRA].sort());
});

test.run();
