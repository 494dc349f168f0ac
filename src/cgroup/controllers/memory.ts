// linux.resources.memory to files of the memory controller (cgroup-v1/memory.rst; cgroup-v2.rst, "Memory").
import type { Integer, Memory } from '../../bundle/config.ts';
import { RuntimeError } from '../../errors.ts';
import { type CgroupFiles, type CgroupWrite, isSet, orMax, refuse } from '../write.ts';

/** cgroup v1. Limit and memory+swap have to fit each other: whoever writes them tries the other one first then. */
export function memoryV1(memory: Memory, cgroup: CgroupFiles): CgroupWrite[] {
  const at = `${cgroup.pointer}/memory`;
  const { limit, reservation, swappiness, disableOOMKiller } = memory;
  const writes: CgroupWrite[] = [];
  const isTcpLimited = isSet(memory.kernelTCP) && cgroup.read(KMEM_TCP) !== undefined;
  warnIgnored(isTcpLimited ? { ...memory, kernelTCP: 0 } : memory, cgroup);
  if (isSet(limit)) writes.push({ file: 'memory.limit_in_bytes', value: String(limit), pointer: `${at}/limit` });
  writes.push(...swapV1(memory, cgroup));
  if (isSet(reservation)) {
    writes.push({ file: 'memory.soft_limit_in_bytes', value: String(reservation), pointer: `${at}/reservation` });
  }
  if (isTcpLimited) writes.push({ file: KMEM_TCP, value: String(memory.kernelTCP), pointer: `${at}/kernelTCP` });
  if (swappiness !== undefined) {
    writes.push({ file: 'memory.swappiness', value: String(swappiness), pointer: `${at}/swappiness` });
  }
  if (disableOOMKiller !== undefined) {
    const value = disableOOMKiller ? '1' : '0';
    writes.push({ file: 'memory.oom_control', value, pointer: `${at}/disableOOMKiller` });
  }
  return writes;
}

// Of the limits for kernel memory only this one still does something, where it's there (CONFIG_MEMCG_V1).
const KMEM_TCP = 'memory.kmem.tcp.limit_in_bytes';
const MEMSW = 'memory.memsw.limit_in_bytes';

function swapV1({ limit, swap }: Memory, { pointer, read }: CgroupFiles): CgroupWrite[] {
  const at = `${pointer}/memory/swap`;
  // No limit for memory means none for memory+swap, which can't be lower.
  const value = isSet(swap) ? swap : limit === -1 ? limit : undefined;
  if (value === undefined) return [];
  if (read(MEMSW) !== undefined) return [{ file: MEMSW, value: String(value), pointer: at }];
  // Without swap accounting there is no limit anyway.
  if (value < 0) return [];
  return refuse(at, 'the kernel does not account for swap (boot with swapaccount=1)');
}

/** cgroup v2. */
export function memoryV2(memory: Memory, cgroup: CgroupFiles): CgroupWrite[] {
  const at = `${cgroup.pointer}/memory`;
  const { limit, reservation, swappiness, disableOOMKiller, checkBeforeUpdate } = memory;
  const writes: CgroupWrite[] = [];
  warnIgnored(memory, cgroup);
  if (swappiness !== undefined) refuse(`${at}/swappiness`, 'cgroup v2 has no swappiness');
  if (disableOOMKiller === true) refuse(`${at}/disableOOMKiller`, 'the OOM killer of cgroup v2 cannot be disabled');
  const swap = swapV2(memory, cgroup);
  if (checkBeforeUpdate === true) checkUsage(limit, swap, cgroup);
  if (swap !== undefined) writes.push(swap);
  if (isSet(limit)) writes.push({ file: 'memory.max', value: orMax(limit), pointer: `${at}/limit` });
  if (isSet(reservation)) {
    writes.push({ file: 'memory.low', value: orMax(reservation), pointer: `${at}/reservation` });
  }
  return writes;
}

const SWAP_MAX = 'memory.swap.max';

// The specification counts memory and swap together, as cgroup v1 does; v2 limits swap alone.
function swapV2(memory: Memory, cgroup: CgroupFiles): CgroupWrite | undefined {
  const pointer = `${cgroup.pointer}/memory/swap`;
  const { limit, swap } = memory;
  // As in v1: no limit for memory means none for memory and swap.
  const value = isSet(swap) ? swap : limit === -1 ? limit : undefined;
  if (value === undefined) return undefined;
  const write = { file: SWAP_MAX, value: value < 0 ? 'max' : swapAlone(value, limit, cgroup), pointer };
  if (cgroup.read(SWAP_MAX) !== undefined) return write;
  if (write.value === 'max') return undefined;
  return refuse(pointer, 'the kernel does not account for swap (boot with swapaccount=1)');
}

function swapAlone(swap: Integer, limit: Integer | undefined, { pointer, read }: CgroupFiles): string {
  const at = `${pointer}/memory/swap`;
  const memory = isSet(limit) ? String(limit) : (read('memory.max') ?? 'max');
  if (memory === 'max' || memory.startsWith('-')) {
    refuse(at, 'is for memory and swap together: cgroup v2 needs a memory limit with it');
  }
  const difference = BigInt(swap) - BigInt(memory);
  if (difference < 0n) refuse(at, `${swap} is below the memory limit, ${memory}: it is for memory and swap together`);
  return String(difference);
}

// config-linux.md, Memory, checkBeforeUpdate: what v1 refuses, v2 answers with the OOM killer.
function checkUsage(limit: Integer | undefined, swap: CgroupWrite | undefined, { pointer, read }: CgroupFiles): void {
  const wanted = [
    { property: 'limit', file: 'memory.current', value: isSet(limit) ? orMax(limit) : 'max' },
    { property: 'swap', file: 'memory.swap.current', value: swap?.value ?? 'max' },
  ];
  for (const { property, file, value } of wanted) {
    const usage = read(file) ?? '0';
    if (value === 'max' || BigInt(value) >= BigInt(usage)) continue;
    const reason = `${value} is below what the container uses, ${usage}`;
    throw new RuntimeError(reason, { steps: [`${pointer}/memory/${property}`], hint: 'checkBeforeUpdate is set' });
  }
}

function warnIgnored({ kernel, kernelTCP, useHierarchy }: Memory, { pointer, warn }: CgroupFiles): void {
  const reason = 'is ignored: kernels have no such limit any more';
  if (isSet(kernel) && kernel > 0) warn(`${pointer}/memory/kernel ${reason}`);
  if (isSet(kernelTCP) && kernelTCP > 0) warn(`${pointer}/memory/kernelTCP ${reason}`);
  // cgroup-v1/memory.rst, "Hierarchy support": deprecated, always on.
  if (useHierarchy === false)
    warn(`${pointer}/memory/useHierarchy is ignored: memory is always accounted for in trees`);
}
