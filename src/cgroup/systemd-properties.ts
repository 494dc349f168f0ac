// A scope's properties, systemd.resource-control(5), for limits that its cgroup has already: systemd is told what the
// kernel's files say, so that it writes the same when it writes them. Pure: files to properties.
import type { BusValue } from '../../bindings/bus-message.ts';
import type { Resources } from '../bundle/config.ts';

/** Name, and signature and value of a variant: org.freedesktop.systemd1(5). */
export type Property = [name: string, value: [signature: string, value: BusValue]];

/** A file's text without the line feed at its end; undefined if there's no such file. */
type Read = (file: string) => string | undefined;

/** What stands for a file. */
export interface Mirror {
  file: string;
  /** The properties for a text that is not empty. */
  properties(text: string, read: Read): Property[];
}

export interface Group {
  /** The parts of linux.resources that change these files, and the beginning of their names on v2. */
  part: keyof Resources;
  prefix: string;
  controller: string;
  v1: Mirror[];
  v2: Mirror[];
}

const INFINITY = 2n ** 64n - 1n;
const USEC = 1_000_000n;
// systemd keeps the quota in whole percents where it writes it down.
const PERCENT = 10_000n;

const amount = (file: string, name: string): Mirror => ({
  file,
  properties: (text) => [[name, ['t', numberOf(text)]]],
});

// Said by the weight 0; but systemd writes the weight without it.
const idle: Mirror = { file: 'cpu.idle', properties: () => [] };

/** In the order in which they are set. Other files of the kernel's have no property. */
export const GROUPS: Group[] = [
  {
    ...{ part: 'cpu', prefix: 'cpuset.', controller: 'cpuset' },
    v1: [],
    v2: [
      { file: 'cpuset.cpus', properties: (text) => [['AllowedCPUs', ['ay', bitsOf(text)]]] },
      { file: 'cpuset.mems', properties: (text) => [['AllowedMemoryNodes', ['ay', bitsOf(text)]]] },
    ],
  },
  {
    ...{ part: 'cpu', prefix: 'cpu.', controller: 'cpu' },
    v1: [
      idle,
      amount('cpu.shares', 'CPUShares'),
      { file: 'cpu.cfs_period_us', properties: () => [] },
      {
        file: 'cpu.cfs_quota_us',
        properties: (quota, read) => bandwidth(quota, read('cpu.cfs_period_us')),
      },
    ],
    v2: [
      idle,
      amount('cpu.weight', 'CPUWeight'),
      { file: 'cpu.max', properties: (text) => bandwidth(...(text.split(' ') as [string, string])) },
    ],
  },
  {
    ...{ part: 'blockIO', prefix: 'io.', controller: 'blkio' },
    v1: [
      amount('blkio.bfq.weight', 'BlockIOWeight'),
      amount('blkio.weight', 'BlockIOWeight'),
      { file: 'blkio.throttle.read_bps_device', properties: (text) => [['BlockIOReadBandwidth', devices(text)]] },
      { file: 'blkio.throttle.write_bps_device', properties: (text) => [['BlockIOWriteBandwidth', devices(text)]] },
    ],
    v2: [
      { file: 'io.weight', properties: ioWeights },
      { file: 'io.max', properties: ioMaxima },
    ],
  },
  {
    ...{ part: 'pids', prefix: 'pids.', controller: 'pids' },
    v1: [{ file: 'pids.max', properties: tasks }],
    v2: [{ file: 'pids.max', properties: tasks }],
  },
  {
    ...{ part: 'memory', prefix: 'memory.', controller: 'memory' },
    v1: [amount('memory.limit_in_bytes', 'MemoryLimit')],
    v2: [
      amount('memory.min', 'MemoryMin'),
      amount('memory.low', 'MemoryLow'),
      amount('memory.high', 'MemoryHigh'),
      amount('memory.max', 'MemoryMax'),
      amount('memory.swap.max', 'MemorySwapMax'),
    ],
  },
];

/** Whether these limits change files of a group. */
export function isAffected({ part, prefix }: Group, resources: Resources): boolean {
  const unified = Object.keys(resources.unified ?? {});
  return resources[part] !== undefined || unified.some((file) => file.startsWith(prefix));
}

/** The properties for what a group's files say. */
export function propertiesOf(mirrors: Mirror[], read: Read): Property[] {
  return mirrors.flatMap(({ file, properties }) => {
    const text = read(file) ?? '';
    return text === '' ? [] : properties(text, read);
  });
}

// cgroup v1 says a number near 2^63 where there's no limit.
const NO_LIMIT_V1 = 2n ** 62n;

function numberOf(text: string): bigint {
  if (text === 'max' || text.startsWith('-')) return INFINITY;
  const value = BigInt(text);
  return value >= NO_LIMIT_V1 ? INFINITY : value;
}

function bandwidth(quota: string, periodText = '100000'): Property[] {
  const [limit, period] = [numberOf(quota), BigInt(periodText)];
  const exact = limit === INFINITY ? INFINITY : (limit * USEC) / period;
  const rounded = exact === INFINITY ? exact : ((exact + PERCENT - 1n) / PERCENT) * PERCENT;
  return [
    ['CPUQuotaPeriodUSec', ['t', period]],
    ['CPUQuotaPerSecUSec', ['t', rounded]],
  ];
}

// systemd has no property for "none".
function tasks(text: string): Property[] {
  return text === '0' ? [] : [['TasksMax', ['t', numberOf(text)]]];
}

// "default 100", then a line for each device: "8:0 200".
function ioWeights(text: string): Property[] {
  const lines = text.split('\n').map((line) => line.split(' '));
  const properties: Property[] = [];
  const single: [string, bigint][] = [];
  for (const [device = '', weight = ''] of lines) {
    if (device === 'default') properties.push(['IOWeight', ['t', BigInt(weight)]]);
    else if (/^\d+$/.test(weight)) single.push([nodeOf(device), BigInt(weight)]);
  }
  if (single.length > 0) properties.push(['IODeviceWeight', ['a(st)', single]]);
  return properties;
}

const MAXIMA: [key: string, property: string][] = [
  ['rbps', 'IOReadBandwidthMax'],
  ['wbps', 'IOWriteBandwidthMax'],
  ['riops', 'IOReadIOPSMax'],
  ['wiops', 'IOWriteIOPSMax'],
];

// "8:0 rbps=1048576 wbps=max riops=max wiops=max"
function ioMaxima(text: string): Property[] {
  return MAXIMA.flatMap(([key, property]): Property[] => {
    const limits = text.split('\n').flatMap((line): [string, bigint][] => {
      const [device = '', ...pairs] = line.split(' ');
      const value = pairs.find((pair) => pair.startsWith(`${key}=`))?.slice(key.length + 1) ?? 'max';
      return value === 'max' ? [] : [[nodeOf(device), BigInt(value)]];
    });
    return limits.length === 0 ? [] : [[property, ['a(st)', limits]]];
  });
}

function devices(text: string): [string, [string, bigint][]] {
  const lines = text.split('\n').map((line) => line.split(' '));
  return ['a(st)', lines.map(([device = '', rate = '0']) => [nodeOf(device), BigInt(rate)])];
}

function nodeOf(device: string): string {
  return `/dev/block/${device}`;
}

/** A list as the kernel writes it, `0-3,8`, as a mask of bits, the lowest byte first. */
export function bitsOf(list: string): Uint8Array {
  const numbers = list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  const bits = new Uint8Array(Math.floor(Math.max(...numbers) / 8) + 1);
  for (const number of numbers) bits[number >> 3] = (bits[number >> 3] ?? 0) | (1 << (number & 7));
  return bits;
}
