// The options of `update` that stand for properties of linux.resources.
import type { Integer, Resources } from '../bundle/config.ts';
import type { CommandOptions } from '../cli/commands.ts';
import { UsageError } from '../errors.ts';

type Flags = CommandOptions<'update'>;
type FlagName = keyof Flags & string;

/** The resources object that the options ask for. What isn't given stays as it is; 0 of --pids-limit too, as in runc. */
export function resourcesOfFlags(flags: Flags): Resources {
  const number = (name: FlagName) => integer(name, flags[name]);
  const bytes = (name: FlagName) => size(name, flags[name]);
  const cpu = withoutUndefined({
    period: number('cpu-period'),
    quota: number('cpu-quota'),
    burst: number('cpu-burst'),
    shares: number('cpu-share'),
    realtimePeriod: number('cpu-rt-period'),
    realtimeRuntime: number('cpu-rt-runtime'),
    idle: number('cpu-idle'),
    cpus: flags['cpuset-cpus'],
    mems: flags['cpuset-mems'],
  });
  const memory = withoutUndefined({
    limit: bytes('memory'),
    reservation: bytes('memory-reservation'),
    swap: bytes('memory-swap'),
    kernel: bytes('kernel-memory'),
    kernelTCP: bytes('kernel-memory-tcp'),
  });
  const pids = withoutUndefined({ limit: flags['pids-limit'] || undefined });
  const blockIO = withoutUndefined({ weight: flags['blkio-weight'] || undefined });
  return withoutUndefined({ cpu, memory, pids, blockIO });
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as Defined<T>;
}

function integer(name: string, text: unknown): Integer | undefined {
  if (typeof text !== 'string') return undefined;
  if (!/^-?\d{1,20}$/.test(text)) throw new UsageError(`--${name} ${JSON.stringify(text)} is not a whole number`);
  return exact(BigInt(text));
}

const UNITS = 'bkmgtp';

// As managers write it: 512m, 1.5GiB, 1024; -1 is unlimited. All units are powers of 1024.
function size(name: string, text: unknown): Integer | undefined {
  if (typeof text !== 'string') return undefined;
  if (text === '-1') return -1;
  const [, whole, fraction = '', unit = 'b'] = /^(\d{1,19})(?:\.(\d{1,9}))? ?([bkmgtp])?i?b?$/i.exec(text) ?? [];
  if (whole === undefined) {
    throw new UsageError(`--${name} ${JSON.stringify(text)} is not a size`, {
      hint: 'use e.g. 64m, or -1 for unlimited',
    });
  }
  const factor = 1024n ** BigInt(UNITS.indexOf(unit.toLowerCase()));
  const scale = 10n ** BigInt(fraction.length);
  return exact((BigInt(whole + fraction) * factor) / scale);
}

// As numbers in JSON are read: a bigint only where a number would not be exact.
function exact(value: bigint): Integer {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
