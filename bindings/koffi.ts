// Loads the FFI addon, once. It lies beside the executable and is opened by absolute path: an embedded copy would be
// unpacked into a shared temporary folder at every start.

/** The part of koffi's interface that the bindings use. */
interface Koffi {
  load(path: string): { func(prototype: string): (...args: unknown[]) => number };
  errno(): number;
  address(value: Uint8Array): bigint;
}

// A compiled executable's modules live under this virtual root.
const isCompiled = import.meta.path.startsWith('/$bunfs/');

function addonPath(): string {
  if (isCompiled) return process.execPath.replace(/[^/]*$/, 'koffi.node');
  const platform = `linux-${process.arch}`;
  return `${import.meta.dir}/../node_modules/@koromix/koffi-${platform}/linux_${process.arch}/koffi.node`;
}

function loadAddon(): Koffi {
  const addon = { exports: {} as Koffi };
  try {
    process.dlopen(addon, addonPath());
  } catch (error) {
    // Whatever would report an error needs it.
    console.error(`runts: ${error instanceof Error ? error.message : error}`);
    process.reallyExit(1);
  }
  return addon.exports;
}

export const koffi: Koffi = loadAddon();
export const libc = koffi.load('libc.so.6');
