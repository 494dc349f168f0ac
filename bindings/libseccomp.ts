// libseccomp, seccomp_init(3) and its family: loaded on the first call, because few configs need it.
import { SyscallError } from './errno.ts';
import { koffi, libc } from './koffi.ts';

export const LIBSECCOMP = 'libseccomp.so.2';

/** One condition of a rule, seccomp_rule_add(3). */
export interface Comparison {
  /** The argument's index, 0 to 5. */
  argument: number;
  /** enum scmp_compare. */
  operator: number;
  /** What it's compared with; for SCMP_CMP_MASKED_EQ the mask, and then the value. */
  a: bigint;
  b: bigint;
}

// A filter under construction is an opaque pointer, which fits a number: user space ends below 2^47 or 2^48.
type Context = number;
type Function<Arguments extends unknown[]> = (...args: Arguments) => number;

interface Library {
  init: Function<[action: number]>;
  release: Function<[Context]>;
  addArchitecture: Function<[Context, token: number]>;
  removeArchitecture: Function<[Context, token: number]>;
  resolveSyscall: Function<[architecture: number, name: number]>;
  addRule: Function<[Context, action: number, syscall: number, count: number, comparisons: number]>;
  exportBpf: Function<[Context, fd: number]>;
}

let loaded: (Library & { lib: ReturnType<typeof koffi.load> }) | undefined;

// scmp_filter_ctx is declared as an integer: wrapping a pointer costs the FFI more than the calls themselves.
function library(): NonNullable<typeof loaded> {
  if (loaded !== undefined) return loaded;
  const lib = koffi.load(LIBSECCOMP);
  loaded = {
    lib,
    init: lib.func('uintptr_t seccomp_init(uint32_t action)'),
    release: lib.func('void seccomp_release(uintptr_t context)'),
    addArchitecture: lib.func('int seccomp_arch_add(uintptr_t context, uint32_t token)'),
    removeArchitecture: lib.func('int seccomp_arch_remove(uintptr_t context, uint32_t token)'),
    resolveSyscall: lib.func('int seccomp_syscall_resolve_name_arch(uint32_t token, uintptr_t name)'),
    addRule: lib.func(
      'int seccomp_rule_add_array(uintptr_t context, uint32_t action, int syscall, unsigned int count, uintptr_t comparisons)',
    ),
    exportBpf: lib.func('int seccomp_export_bpf(uintptr_t context, int fd)'),
  };
  return loaded;
}

/** Throws if there is no libseccomp. */
export function loadLibseccomp(): void {
  library();
}

/** seccomp_version(3), e.g. `2.5.4`. */
export function libseccompVersion(): string {
  const memcpy = libc.func('void *memcpy(void *to, uintptr_t from, size_t size)') as unknown as (
    to: Uint8Array,
    from: number,
    size: number,
  ) => unknown;
  const versionOf = library().lib.func('uintptr_t seccomp_version()') as unknown as Function<[]>;
  const version = new Uint32Array(3);
  memcpy(new Uint8Array(version.buffer), versionOf(), version.byteLength);
  return version.join('.');
}

/** seccomp_arch_resolve_name(3): an architecture's token, e.g. for `x86_64`; undefined if the library doesn't know it. */
export function architectureToken(name: string): number | undefined {
  return USUAL.get(name) ?? resolveArchitecture(name);
}

/** The same, by the library alone. */
export function resolveArchitecture(name: string): number | undefined {
  const prototype = 'uint32_t seccomp_arch_resolve_name(const char *name)';
  const resolve = library().lib.func(prototype) as unknown as Function<[name: string]>;
  return resolve(name) || undefined;
}

/** AUDIT_ARCH_*, and libseccomp's own number for x32: what most profiles have. A declared function takes 15 µs. */
const USUAL = new Map([
  ['x86_64', 0xc000003e],
  ['x86', 0x40000003],
  ['x32', 0x4000003e],
  ['aarch64', 0xc00000b7],
  ['arm', 0x40000028],
]);

const SCMP_ARCH_NATIVE = 0;
const EEXIST = 17;

/** What stands for a system call that no architecture has, as far as the library knows. */
export const NR_SCMP_ERROR = -1;

const encoder = new TextEncoder();

/** Names of system calls, laid out for the library: a profile has hundreds, and each is looked up several times. */
export class SyscallNames {
  readonly #text: Uint8Array;
  readonly #offsets: number[] = [];

  constructor(names: readonly string[]) {
    const text = `${names.join('\0')}\0`;
    this.#text = encoder.encode(text);
    const isAscii = this.#text.length === text.length;
    let offset = 0;
    for (const name of names) {
      this.#offsets.push(offset);
      offset += (isAscii ? name.length : Buffer.byteLength(name)) + 1;
    }
  }

  /**
   * seccomp_syscall_resolve_name_arch(3): a number for each name. Another negative one than NR_SCMP_ERROR stands for a
   * system call that this architecture doesn't have.
   * @param architecture a token
   */
  numbersOn(architecture: number): number[] {
    const { resolveSyscall } = library();
    const address = Number(koffi.address(this.#text));
    const numbers: number[] = [];
    for (const offset of this.#offsets) numbers.push(resolveSyscall(architecture, address + offset));
    return numbers;
  }
}

/** A filter under construction, for one architecture. */
export class SeccompFilter {
  readonly #library = library();
  readonly #context: Context;

  /**
   * seccomp_init(3), seccomp_arch_add(3): everything has the default action.
   * @param architecture a token
   */
  constructor(defaultAction: number, architecture: number) {
    const { init, addArchitecture, removeArchitecture } = this.#library;
    this.#context = init(defaultAction);
    if (this.#context === 0) throw new SyscallError('seccomp_init', 'EINVAL', `action 0x${defaultAction.toString(16)}`);
    const added = addArchitecture(this.#context, architecture);
    if (added === -EEXIST) return;
    check('seccomp_arch_add', added, `0x${architecture.toString(16)}`);
    check('seccomp_arch_remove', removeArchitecture(this.#context, SCMP_ARCH_NATIVE));
  }

  /**
   * seccomp_rule_add_array(3), seccomp_rule_add(3).
   * @param syscall the machine's own number, whatever the filter's architecture
   */
  addRule(action: number, syscall: number, { count, address }: Conditions): void {
    const result = this.#library.addRule(this.#context, action, syscall, count, address);
    if (result < 0) throw new SyscallError('seccomp_rule_add_array', -result);
  }

  /** seccomp_export_bpf(3): writes the program, an array of struct sock_filter, to a descriptor. */
  exportBpf(fd: number): void {
    check('seccomp_export_bpf', this.#library.exportBpf(this.#context, fd));
  }

  /** seccomp_release(3). */
  release(): void {
    this.#library.release(this.#context);
  }
}

/** sizeof(struct scmp_arg_cmp). */
const COMPARISON_SIZE = 24;

/** The conditions of a rule as the library takes them. */
export interface Conditions {
  count: number;
  address: number;
  /** What is there, for as long as this is. */
  array: Uint8Array | undefined;
}

const NO_CONDITIONS: Conditions = { count: 0, address: 0, array: undefined };

/** All of these must hold; of one argument there may be one comparison only. */
export function conditionsOf(comparisons: readonly Comparison[]): Conditions {
  if (comparisons.length === 0) return NO_CONDITIONS;
  const view = new DataView(new ArrayBuffer(comparisons.length * COMPARISON_SIZE));
  comparisons.forEach(({ argument, operator, a, b }, index) => {
    const at = index * COMPARISON_SIZE;
    view.setUint32(at, argument, true);
    view.setUint32(at + 4, operator, true);
    view.setBigUint64(at + 8, a, true);
    view.setBigUint64(at + 16, b, true);
  });
  const array = new Uint8Array(view.buffer);
  return { count: comparisons.length, address: Number(koffi.address(array)), array };
}

// The library returns -errno.
function check(call: string, result: number, what?: string): void {
  if (result < 0) throw new SyscallError(call, -result, what);
}
