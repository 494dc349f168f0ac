// Block I/O and huge pages of a cgroup, as `events` prints them.
import { readdirSync } from '../../../bindings/stat.ts';
import { errnoOf } from '../../errors.ts';
import { type Exact, exact, flatKeyed, omitEmpty, type ReadFile } from './parse.ts';

interface BlkioEntry {
  major?: Exact;
  minor?: Exact;
  op?: string;
  value?: Exact;
}

/** What it's called in the output, and in v1's files, be they the throttle's, BFQ's or CFQ's. */
const BLKIO: [property: string, file: string][] = [
  ['ioServiceBytesRecursive', 'io_service_bytes'],
  ['ioServicedRecursive', 'io_serviced'],
  ['ioQueueRecursive', 'io_queued'],
  ['ioServiceTimeRecursive', 'io_service_time'],
  ['ioWaitTimeRecursive', 'io_wait_time'],
  ['ioMergedRecursive', 'io_merged'],
  ['ioTimeRecursive', 'time'],
  ['sectorsRecursive', 'sectors'],
];

/** cgroup v1: each from the first of the I/O schedulers that has something to say. */
export function blkioV1(read: ReadFile): object {
  const entriesOf = (file: string) => {
    const names = [`bfq.${file}_recursive`, `${file}_recursive`, `throttle.${file}_recursive`, `throttle.${file}`];
    const all = names.map((name) => (read(`blkio.${name}`) ?? '').split('\n').flatMap(entryV1));
    return all.find((entries) => entries.length > 0) ?? [];
  };
  return omitEmpty(Object.fromEntries(BLKIO.map(([property, file]) => [property, entriesOf(file)])));
}

// `8:0 Read 4096`, or without the operation; the total of all devices has no number.
function entryV1(line: string): BlkioEntry[] {
  const [, major, minor, op = '', value] = /^(\d+):(\d+)(?: (\w+))? (\d+)$/.exec(line) ?? [];
  return value === undefined ? [] : [entry({ major, minor, op, value })];
}

function entry({
  major,
  minor,
  op,
  value,
}: Record<'major' | 'minor' | 'op' | 'value', string | undefined>): BlkioEntry {
  const named = op === '' || op === undefined ? {} : { op };
  return {
    ...omitEmpty({ major: exact(major), minor: exact(minor) }),
    ...named,
    ...omitEmpty({ value: exact(value) }),
  };
}

const IO_STAT: Record<string, [bytes: string, operations: string]> = {
  Read: ['rbytes', 'rios'],
  Write: ['wbytes', 'wios'],
  Discard: ['dbytes', 'dios'],
};

/** cgroup v2: `8:0 rbytes=4096 rios=1 ...`. */
export function ioV2(read: ReadFile): object {
  const bytes: BlkioEntry[] = [];
  const operations: BlkioEntry[] = [];
  for (const line of (read('io.stat') ?? '').split('\n')) {
    const [device = '', ...pairs] = line.split(' ');
    const [major, minor] = device.split(':');
    if (minor === undefined) continue;
    const values = flatKeyed(pairs.join('\n').replaceAll('=', ' '));
    for (const [op, [byteKey, operationKey]] of Object.entries(IO_STAT)) {
      bytes.push(entry({ major, minor, op, value: values.get(byteKey) }));
      operations.push(entry({ major, minor, op, value: values.get(operationKey) }));
    }
  }
  return omitEmpty({ ioServiceBytesRecursive: bytes, ioServicedRecursive: operations });
}

/** Both versions: an entry for each size of huge pages. */
export function hugetlb(directory: string, read: ReadFile): object {
  const sizes = filesOf(directory).flatMap((file) => {
    const [, size] = /^hugetlb\.(\w+)\.(?:current|usage_in_bytes)$/.exec(file) ?? [];
    return size === undefined ? [] : [size];
  });
  return Object.fromEntries(
    sizes.map((size) => {
      const of = (name: string) => read(`hugetlb.${size}.${name}`);
      const failcnt = of('failcnt') ?? flatKeyed(of('events')).get('max');
      const usage = exact(of('current') ?? of('usage_in_bytes'));
      return [size, { ...omitEmpty({ usage, max: exact(of('max_usage_in_bytes')) }), failcnt: exact(failcnt) }];
    }),
  );
}

// systemd removes the cgroup with its last process.
function filesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENODEV') return [];
    throw error;
  }
}
