// bpf(2): programs for cgroups. The attributes are one union of structures (include/uapi/linux/bpf.h); what is not set is
// zero.
import { addressOf, check, syscall, trySyscall } from './syscall.ts';

const BPF_PROG_LOAD = 5;
const BPF_PROG_ATTACH = 8;
const BPF_PROG_GET_FD_BY_ID = 13;
const BPF_OBJ_GET_INFO_BY_FD = 15;
const BPF_PROG_QUERY = 16;

const BPF_PROG_TYPE_CGROUP_DEVICE = 15;
const BPF_CGROUP_DEVICE = 6;
const BPF_F_ALLOW_MULTI = 2;
const BPF_F_REPLACE = 4;

const ATTRIBUTES_SIZE = 128;
const LOG_SIZE = 16_384;
const MAX_PROGRAMS = 64;
const INFO_SIZE = 128;
const NAME_OFFSET = 64;
const NAME_SIZE = 16;

const encoder = new TextEncoder();

type Field = [offset: number, value: number | bigint];

function attributes(words: Field[], addresses: Field[] = []): Uint8Array {
  const view = new DataView(new ArrayBuffer(ATTRIBUTES_SIZE));
  for (const [offset, value] of words) view.setUint32(offset, Number(value), true);
  for (const [offset, value] of addresses) view.setBigUint64(offset, BigInt(value), true);
  return new Uint8Array(view.buffer);
}

/**
 * BPF_PROG_LOAD of a BPF_PROG_TYPE_CGROUP_DEVICE program.
 * @param name up to 15 characters, by which it's found again
 * @returns a descriptor
 * @throws SyscallError; with EACCES and EINVAL the verifier's last words are in its path
 */
export function loadDeviceProgram(code: Uint8Array, name: string): number {
  const license = encoder.encode('Apache-2.0\0');
  const load = (log: Uint8Array | undefined) => {
    const words: Field[] = [
      [0, BPF_PROG_TYPE_CGROUP_DEVICE],
      [4, code.length / 8],
      ...(log === undefined ? [] : ([[24, 1] as Field, [28, log.length] as Field] satisfies Field[])),
    ];
    const addresses: Field[] = [
      [8, addressOf(code)],
      [16, addressOf(license)],
      ...(log === undefined ? [] : ([[32, addressOf(log)]] satisfies Field[])),
    ];
    const attr = attributes(words, addresses);
    attr.set(encoder.encode(name).subarray(0, NAME_SIZE - 1), 48);
    return trySyscall('bpf', BPF_PROG_LOAD, attr, attr.length);
  };
  const fd = load(undefined);
  if (fd >= 0) return fd;
  const log = new Uint8Array(LOG_SIZE);
  return check('bpf', load(log), `BPF_PROG_LOAD ${lastLine(log)}`.trim());
}

function lastLine(log: Uint8Array): string {
  const text = new TextDecoder('latin1').decode(log.subarray(0, log.indexOf(0))).trim();
  return text.slice(text.lastIndexOf('\n') + 1);
}

/**
 * BPF_PROG_ATTACH of a device program to a cgroup, beside those that others have attached.
 * @param replaces the descriptor of an attached program in whose place it comes, at one blow
 */
export function attachDeviceProgram(cgroupFd: number, programFd: number, replaces?: number): void {
  const flags = BPF_F_ALLOW_MULTI | (replaces === undefined ? 0 : BPF_F_REPLACE);
  const attr = attributes([
    [0, cgroupFd],
    [4, programFd],
    [8, BPF_CGROUP_DEVICE],
    [12, flags],
    [16, replaces ?? 0],
  ]);
  syscall('bpf', 'BPF_PROG_ATTACH', BPF_PROG_ATTACH, attr, attr.length);
}

/** BPF_PROG_QUERY: the ids of the device programs that are attached to a cgroup itself. */
export function attachedDevicePrograms(cgroupFd: number): number[] {
  const ids = new Uint32Array(MAX_PROGRAMS);
  const attr = attributes(
    [
      [0, cgroupFd],
      [4, BPF_CGROUP_DEVICE],
      [24, ids.length],
    ],
    [[16, addressOf(new Uint8Array(ids.buffer))]],
  );
  syscall('bpf', 'BPF_PROG_QUERY', BPF_PROG_QUERY, attr, attr.length);
  const count = new DataView(attr.buffer).getUint32(24, true);
  return [...ids.subarray(0, count)];
}

/** BPF_PROG_GET_FD_BY_ID. Returns a descriptor; undefined if the program is gone. */
export function openProgram(id: number): number | undefined {
  const attr = attributes([[0, id]]);
  const fd = trySyscall('bpf', BPF_PROG_GET_FD_BY_ID, attr, attr.length);
  return fd === -2 ? undefined : check('bpf', fd, 'BPF_PROG_GET_FD_BY_ID');
}

/** BPF_OBJ_GET_INFO_BY_FD: the name that a program was loaded with. */
export function programName(programFd: number): string {
  const info = new Uint8Array(INFO_SIZE);
  const attr = attributes(
    [
      [0, programFd],
      [4, info.length],
    ],
    [[8, addressOf(info)]],
  );
  syscall('bpf', 'BPF_OBJ_GET_INFO_BY_FD', BPF_OBJ_GET_INFO_BY_FD, attr, attr.length);
  const name = info.subarray(NAME_OFFSET, NAME_OFFSET + NAME_SIZE);
  return new TextDecoder('latin1').decode(name.subarray(0, name.indexOf(0)));
}
