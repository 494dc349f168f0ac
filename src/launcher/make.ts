// Writes the launcher, when runts is built.
// usage: bun src/launcher/make.ts FILE [ABSOLUTE PATH OF THE ENGINE]
import { chmodSync, writeFileSync } from 'node:fs';
import { launcher } from './launcher.ts';

const [file, engine] = process.argv.slice(2);
if (file === undefined) throw new Error('which file?');
writeFileSync(file, launcher(process.arch === 'arm64' ? 'arm64' : 'x64', engine));
chmodSync(file, 0o755);
