// Memory of a cgroup, as `events` prints it.
import { type Exact, exact, flatKeyed, omitEmpty, type ReadFile } from './parse.ts';

/** cgroup v1. */
export function memoryV1(read: ReadFile): object {
  const stat = flatKeyed(read('memory.stat'));
  return {
    ...omitEmpty({ cache: exact(stat.get('cache')) }),
    usage: entryV1(read, 'memory'),
    swap: entryV1(read, 'memory.memsw'),
    kernel: entryV1(read, 'memory.kmem'),
    kernelTCP: entryV1(read, 'memory.kmem.tcp'),
    raw: rawOf(stat),
  };
}

function entryV1(read: ReadFile, name: string): object {
  const number = (what: string) => exact(read(`${name}.${what}`));
  return entry({
    limit: number('limit_in_bytes'),
    usage: number('usage_in_bytes'),
    max: number('max_usage_in_bytes'),
    failcnt: number('failcnt'),
  });
}

function entry({ limit, usage, max, failcnt }: Record<'limit' | 'usage' | 'max' | 'failcnt', Exact>): object {
  return { limit, ...omitEmpty({ usage, max }), failcnt };
}

const UNLIMITED = '18446744073709551615';

/** cgroup v2. What is called swap is memory and swap together, as in v1. */
export function memoryV2(read: ReadFile): object {
  const stat = flatKeyed(read('memory.stat'));
  const limit = limitOf(read('memory.max'));
  const usage = read('memory.current') ?? '0';
  const swapLimit = limitOf(read('memory.swap.max'));
  const isLimited = limit !== UNLIMITED && swapLimit !== UNLIMITED;
  const failcnt = exact(flatKeyed(read('memory.events')).get('max'));
  const none = { limit: 0, usage: 0, max: 0, failcnt: 0 };
  return {
    ...omitEmpty({ cache: exact(stat.get('file')) }),
    usage: entry({ limit: exact(limit), usage: exact(usage), max: exact(read('memory.peak')), failcnt }),
    swap: entry({
      limit: exact(isLimited ? sum(limit, swapLimit) : UNLIMITED),
      usage: exact(sum(usage, read('memory.swap.current') ?? '0')),
      max: 0,
      failcnt: exact(flatKeyed(read('memory.swap.events')).get('max')),
    }),
    kernel: entry({ ...none, usage: exact(stat.get('kernel')) }),
    kernelTCP: entry({ ...none, usage: exact(stat.get('sock')) }),
    raw: rawOf(stat),
  };
}

function limitOf(text = 'max'): string {
  return text === 'max' || text === '' ? UNLIMITED : text;
}

function sum(a: string, b: string): string {
  return String(BigInt(a || 0) + BigInt(b || 0));
}

function rawOf(stat: Map<string, string>): object {
  return Object.fromEntries([...stat].map(([key, value]) => [key, exact(value)]));
}
