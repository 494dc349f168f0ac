// How a process gets its share of CPU time and I/O: sched_setattr(2), ioprio_set(2), sched_setaffinity(2).
import { check, syscall, trySyscall } from './syscall.ts';

/** struct sched_attr without its size. Times are in nanoseconds. */
export interface SchedulingAttributes {
  policy: number;
  flags: number;
  nice: number;
  priority: number;
  runtime: bigint;
  deadline: bigint;
  period: bigint;
}

// SCHED_ATTR_SIZE_VER1: with sched_util_min and sched_util_max, which the kernel wants if a flag speaks of them.
const ATTRIBUTES_SIZE = 56;

/** sched_setattr(2) on a process of any pid namespace that is seen from here. */
export function schedSetattr(pid: number, attributes: SchedulingAttributes): void {
  const memory = new DataView(new ArrayBuffer(ATTRIBUTES_SIZE));
  memory.setUint32(0, ATTRIBUTES_SIZE, true);
  memory.setUint32(4, attributes.policy, true);
  memory.setBigUint64(8, BigInt(attributes.flags), true);
  memory.setInt32(16, attributes.nice, true);
  memory.setUint32(20, attributes.priority, true);
  memory.setBigUint64(24, attributes.runtime, true);
  memory.setBigUint64(32, attributes.deadline, true);
  memory.setBigUint64(40, attributes.period, true);
  syscall('sched_setattr', undefined, pid, new Uint8Array(memory.buffer), 0);
}

/** sched_getattr(2). */
export function schedGetattr(pid: number): SchedulingAttributes {
  const memory = new DataView(new ArrayBuffer(ATTRIBUTES_SIZE));
  syscall('sched_getattr', undefined, pid, new Uint8Array(memory.buffer), ATTRIBUTES_SIZE, 0);
  return {
    policy: memory.getUint32(4, true),
    flags: Number(memory.getBigUint64(8, true)),
    nice: memory.getInt32(16, true),
    priority: memory.getUint32(20, true),
    runtime: memory.getBigUint64(24, true),
    deadline: memory.getBigUint64(32, true),
    period: memory.getBigUint64(40, true),
  };
}

const IOPRIO_WHO_PROCESS = 1;

/** ioprio_set(2) on one process; those that it makes inherit it. */
export function ioprioSet(pid: number, priority: number): void {
  syscall('ioprio_set', undefined, IOPRIO_WHO_PROCESS, pid, priority);
}

/** ioprio_get(2). */
export function ioprioGet(pid: number): number {
  return check('ioprio_get', trySyscall('ioprio_get', IOPRIO_WHO_PROCESS, pid));
}

/** sched_setaffinity(2); bit 0 of byte 0 is CPU 0. What the kernel has no CPU for is passed over. */
export function schedSetaffinity(pid: number, mask: Uint8Array): void {
  syscall('sched_setaffinity', undefined, pid, mask.length, mask);
}

/** sched_getaffinity(2) into a mask of `size` bytes. */
export function schedGetaffinity(pid: number, size: number): Uint8Array {
  const mask = new Uint8Array(size);
  syscall('sched_getaffinity', undefined, pid, size, mask);
  return mask;
}
