// Whoever imports this takes away at the end what the runtime has kept of its engine meanwhile (src/kept-engine/).
import { readdirSync, rmdirSync, rmSync } from 'node:fs';

const FOLDER = '/run/runts';

function keptEngines(): string[] {
  try {
    return readdirSync(FOLDER).filter((name) => name.startsWith('engine:'));
  } catch {
    return [];
  }
}

const before = new Set(keptEngines());

process.once('exit', () => {
  for (const name of keptEngines()) if (!before.has(name)) rmSync(`${FOLDER}/${name}`, { force: true });
  try {
    rmdirSync(FOLDER);
  } catch {
    // It wasn't there, or there are containers.
  }
});
