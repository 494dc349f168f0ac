// Mount option words (config.md, "Linux mount options") and what each does, as mount(8) and mount_setattr(2) say.
import * as K from '../../bindings/constants.ts';

/** What one option word does. Several may be set. */
export interface OptionEffect {
  /** MOUNT_ATTR_* bits of the mount. */
  set?: number;
  clear?: number;
  /** Same, for the mount and all mounts below it. */
  recursiveSet?: number;
  recursiveClear?: number;
  /** A flag of the file system itself, by fsconfig(2)'s name; `clears` lists names that it takes back. */
  superblock?: string;
  clears?: string;
  bind?: 'bind' | 'rbind';
  /** MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE, and whether for all mounts below too. */
  propagation?: number;
  recursivePropagation?: boolean;
  remount?: boolean;
  copyUp?: boolean;
  idmap?: 'idmap' | 'ridmap';
}

const ATIME = K.MOUNT_ATTR__ATIME;

// Plain attribute words: what to set, what to clear. The r-words are made from them.
const ATTRIBUTES: Record<string, [set: number, clear: number]> = {
  ro: [K.MOUNT_ATTR_RDONLY, 0],
  rw: [0, K.MOUNT_ATTR_RDONLY],
  nosuid: [K.MOUNT_ATTR_NOSUID, 0],
  suid: [0, K.MOUNT_ATTR_NOSUID],
  nodev: [K.MOUNT_ATTR_NODEV, 0],
  dev: [0, K.MOUNT_ATTR_NODEV],
  noexec: [K.MOUNT_ATTR_NOEXEC, 0],
  exec: [0, K.MOUNT_ATTR_NOEXEC],
  nosymfollow: [K.MOUNT_ATTR_NOSYMFOLLOW, 0],
  symfollow: [0, K.MOUNT_ATTR_NOSYMFOLLOW],
  nodiratime: [K.MOUNT_ATTR_NODIRATIME, 0],
  diratime: [0, K.MOUNT_ATTR_NODIRATIME],
  // The access time mode is one field: setting any mode clears the others. The kernel's default is relatime.
  noatime: [K.MOUNT_ATTR_NOATIME, ATIME],
  atime: [K.MOUNT_ATTR_RELATIME, ATIME],
  relatime: [K.MOUNT_ATTR_RELATIME, ATIME],
  // Only takes a relatime back: mount(8). What remains is the kernel's default.
  norelatime: [0, 0],
  strictatime: [K.MOUNT_ATTR_STRICTATIME, ATIME],
  nostrictatime: [K.MOUNT_ATTR_RELATIME, ATIME],
};

const PROPAGATION: Record<string, number> = {
  shared: K.MS_SHARED,
  slave: K.MS_SLAVE,
  private: K.MS_PRIVATE,
  unbindable: K.MS_UNBINDABLE,
};

const OTHERS: Record<string, OptionEffect> = {
  defaults: {},
  // MS_SILENT only keeps the kernel's log quiet.
  silent: {},
  loud: {},
  bind: { bind: 'bind' },
  rbind: { bind: 'rbind' },
  remount: { remount: true },
  tmpcopyup: { copyUp: true },
  idmap: { idmap: 'idmap' },
  ridmap: { idmap: 'ridmap' },
  sync: { superblock: 'sync' },
  async: { clears: 'sync' },
  dirsync: { superblock: 'dirsync' },
  mand: { superblock: 'mand' },
  nomand: { clears: 'mand' },
  lazytime: { superblock: 'lazytime' },
  nolazytime: { clears: 'lazytime' },
  iversion: { superblock: 'iversion' },
  noiversion: { clears: 'iversion' },
};

/** What an option word does; undefined for words that are for the file system. */
export function optionEffect(option: string): OptionEffect | undefined {
  const attribute = lookUp(ATTRIBUTES, option);
  if (attribute !== undefined) return attributeEffect(option, attribute);
  const propagation = lookUp(PROPAGATION, option);
  if (propagation !== undefined) return { propagation };
  const other = lookUp(OTHERS, option);
  if (other !== undefined) return other;
  return option.startsWith('r') ? recursiveEffect(option.slice(1)) : undefined;
}

// An option may be called `constructor`, which every object has.
function lookUp<T>(table: Record<string, T>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

function attributeEffect(option: string, [set, clear]: [number, number]): OptionEffect {
  if (option === 'ro') return { set, clear, superblock: 'ro' };
  return option === 'rw' ? { set, clear, clears: 'ro' } : { set, clear };
}

function recursiveEffect(plain: string): OptionEffect | undefined {
  const attribute = lookUp(ATTRIBUTES, plain);
  if (attribute !== undefined) return { recursiveSet: attribute[0], recursiveClear: attribute[1] };
  const propagation = lookUp(PROPAGATION, plain);
  return propagation === undefined ? undefined : { propagation, recursivePropagation: true };
}

/** Every option word that the runtime knows, sorted: for `features`. */
export function knownOptions(): string[] {
  const plain = [...Object.keys(ATTRIBUTES), ...Object.keys(PROPAGATION)];
  return [...plain, ...plain.map((word) => `r${word}`), ...Object.keys(OTHERS)].sort();
}
