// A build step: gathers the sources into one file for what every command needs, and one for each thing that is loaded on
// demand. Each module costs a start about 50 µs, and the compiler's own splitting makes 43 of them for `run`.
// usage: bun src/gather.ts FOLDER
import { dirname } from 'node:path';
import { type OutputChunk, type Plugin, rollup } from 'rollup';

const folder = import.meta.dirname;
const entry = `${folder}/main.ts`;
const ownFiles = `${dirname(folder)}/`;

const transpiler = new Bun.Transpiler({ loader: 'ts', target: 'bun' });
const withoutTypes: Plugin = {
  name: 'without types',
  transform: (code, id) => (id.endsWith('.ts') ? { code: transpiler.transformSync(code), map: null } : null),
};

/**
 * Gathers the sources. Packages stay imports.
 * @returns the files: `main.js`, `core.js`, which it imports, and those that are imported on demand
 */
export async function gather(): Promise<OutputChunk[]> {
  const core = new Set<string>();
  const bundle = await rollup({
    input: entry,
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
    plugins: [withoutTypes],
    onwarn: (warning) => {
      throw new Error(warning.message);
    },
  });
  const { output } = await bundle.generate({
    format: 'es',
    chunkFileNames: '[name].js',
    manualChunks: (id, { getModuleInfo }) => {
      const add = (module: string): void => {
        if (core.has(module) || !module.startsWith(ownFiles)) return;
        core.add(module);
        getModuleInfo(module)?.importedIds.forEach(add);
      };
      if (core.size === 0) getModuleInfo(entry)?.importedIds.forEach(add);
      return core.has(id) ? 'core' : undefined;
    },
  });
  await bundle.close();
  return output.filter((file) => file.type === 'chunk');
}

if (import.meta.main) {
  const [target] = process.argv.slice(2);
  for (const { fileName, code } of await gather()) await Bun.write(`${target}/${fileName}`, code);
}
