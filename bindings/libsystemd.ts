// libsystemd's D-Bus client, sd-bus(3): loaded on the first call, because only the systemd cgroup driver needs it.
import { append, type BusValue, check, read, splitSignature, stringAt } from './bus-message.ts';
import { koffi } from './koffi.ts';

export const LIBSYSTEMD = 'libsystemd.so.0';

/** What a method call says: signature and values of its arguments. */
export interface Arguments {
  signature: string;
  values: readonly BusValue[];
}

export interface Method {
  service: string;
  path: string;
  interface: string;
  name: string;
}

/** An error that the other side has answered: its name, such as org.freedesktop.systemd1.NoSuchUnit, and its words. */
export class BusError extends Error {
  override readonly name = 'BusError';
  constructor(
    readonly errorName: string,
    readonly text: string,
  ) {
    super(`${errorName}: ${text}`);
  }
}

// Opaque pointers fit a number: user space ends below 2^47 or 2^48.
type Function = (...parameters: (number | bigint | string | Uint8Array | null)[]) => number;

const PROTOTYPES = {
  new: 'int sd_bus_new(void *bus)',
  setAddress: 'int sd_bus_set_address(uintptr_t bus, const char *address)',
  setBusClient: 'int sd_bus_set_bus_client(uintptr_t bus, int isClient)',
  start: 'int sd_bus_start(uintptr_t bus)',
  openSystem: 'int sd_bus_open_system(void *bus)',
  openUser: 'int sd_bus_open_user(void *bus)',
  close: 'uintptr_t sd_bus_flush_close_unref(uintptr_t bus)',
  newCall:
    'int sd_bus_message_new_method_call(uintptr_t bus, void *m, const char *service, const char *path, const char *interface, const char *name)',
  appendBasic: 'int sd_bus_message_append_basic(uintptr_t m, char type, void *value)',
  appendArray: 'int sd_bus_message_append_array(uintptr_t m, char type, void *values, size_t size)',
  openContainer: 'int sd_bus_message_open_container(uintptr_t m, char type, const char *contents)',
  closeContainer: 'int sd_bus_message_close_container(uintptr_t m)',
  readBasic: 'int sd_bus_message_read_basic(uintptr_t m, char type, void *value)',
  enterContainer: 'int sd_bus_message_enter_container(uintptr_t m, char type, const char *contents)',
  isSignal: 'int sd_bus_message_is_signal(uintptr_t m, const char *interface, const char *name)',
  unref: 'uintptr_t sd_bus_message_unref(uintptr_t m)',
  call: 'int sd_bus_call(uintptr_t bus, uintptr_t m, uint64_t usec, void *error, void *reply)',
  freeError: 'void sd_bus_error_free(void *error)',
  process: 'int sd_bus_process(uintptr_t bus, void *m)',
  wait: 'int sd_bus_wait(uintptr_t bus, uint64_t usec)',
} as const;

export type Library = Record<keyof typeof PROTOTYPES, Function>;

let loaded: Library | undefined;

function library(): Library {
  if (loaded !== undefined) return loaded;
  const lib = koffi.load(LIBSYSTEMD);
  const functions = Object.entries(PROTOTYPES).map(([name, prototype]) => [name, lib.func(prototype)]);
  loaded = Object.fromEntries(functions) as Library;
  return loaded;
}

/** Whether the library is installed. */
export function hasLibsystemd(): boolean {
  try {
    library();
    return true;
  } catch {
    return false;
  }
}

const TIMEOUT_USEC = 25_000_000n;

/** A connection to a message bus. */
export class Bus {
  readonly #bus: number;

  /**
   * sd_bus_open_system(3), sd_bus_open_user(3), or sd_bus_set_address(3) and sd_bus_start(3).
   * @param where a name, or an address such as `unix:path=/run/dbus/system_bus_socket`
   */
  constructor(where: 'system' | 'user' | { address: string }) {
    const { new: make, setAddress, setBusClient, start, openSystem, openUser } = library();
    const slot = new BigUint64Array(1);
    const bytes = new Uint8Array(slot.buffer);
    if (where === 'system') check('sd_bus_open_system', openSystem(bytes));
    else if (where === 'user') check('sd_bus_open_user', openUser(bytes));
    else check('sd_bus_new', make(bytes));
    this.#bus = Number(slot[0]);
    if (typeof where === 'string') return;
    check('sd_bus_set_address', setAddress(this.#bus, where.address), where.address);
    check('sd_bus_set_bus_client', setBusClient(this.#bus, 1));
    check('sd_bus_start', start(this.#bus), where.address);
  }

  /** sd_bus_flush_close_unref(3). */
  close(): void {
    library().close(this.#bus);
  }

  /**
   * sd_bus_call(3): calls a method and waits for its answer.
   * @param result the signature of the answer's first value, or nothing
   * @throws BusError if the other side answers with an error, SyscallError if the connection fails
   */
  call(method: Method, { signature, values }: Arguments, result = ''): BusValue | undefined {
    const { newCall, unref, call, freeError } = library();
    const slot = new BigUint64Array(1);
    const { service, path, interface: face, name } = method;
    const made = newCall(this.#bus, new Uint8Array(slot.buffer), service, path, face, name);
    check('sd_bus_message_new_method_call', made, `${face}.${name}`);
    const message = Number(slot[0]);
    // struct sd_bus_error: two strings and a flag.
    const error = new BigUint64Array(3);
    const reply = new BigUint64Array(1);
    try {
      for (const [index, type] of splitSignature(signature).entries()) {
        append(library(), message, { type, value: values[index] ?? '' });
      }
      const code = call(this.#bus, message, TIMEOUT_USEC, bytesOf(error), bytesOf(reply));
      if (code < 0 && error[0] !== 0n) throw new BusError(stringAt(Number(error[0])), stringAt(Number(error[1])));
      check('sd_bus_call', code, `${face}.${name}`);
      return result === '' ? undefined : read(library(), Number(reply[0]), result);
    } finally {
      freeError(bytesOf(error));
      unref(message);
      if (reply[0] !== 0n) unref(Number(reply[0]));
    }
  }

  /**
   * sd_bus_process(3), sd_bus_wait(3): the next signal of that name, others are dropped.
   * @param signature of the signal's arguments, basic types only
   * @returns its arguments; undefined when none has come in time
   */
  nextSignal(face: string, name: string, { signature, patienceMs }: SignalOptions): BusValue[] | undefined {
    const { process, wait, isSignal, unref } = library();
    const slot = new BigUint64Array(1);
    const end = performance.now() + patienceMs;
    for (;;) {
      slot[0] = 0n;
      const hasDone = check('sd_bus_process', process(this.#bus, bytesOf(slot)));
      const message = Number(slot[0]);
      if (message !== 0) {
        const isIt = isSignal(message, face, name) > 0;
        const values = isIt ? splitSignature(signature).map((type) => read(library(), message, type)) : undefined;
        unref(message);
        if (values !== undefined) return values;
      }
      const left = end - performance.now();
      if (left <= 0) return undefined;
      if (hasDone === 0) check('sd_bus_wait', wait(this.#bus, BigInt(Math.ceil(left * 1000))));
    }
  }
}

export interface SignalOptions {
  signature: string;
  patienceMs: number;
}

function bytesOf(words: BigUint64Array): Uint8Array {
  return new Uint8Array(words.buffer);
}
