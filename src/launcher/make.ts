// Writes the launcher, when runts is built.
// usage: bun src/launcher/make.ts FILE DIGEST-OF-THE-SOURCES [ABSOLUTE PATH OF THE ENGINE]
import { chmodSync, writeFileSync } from 'node:fs';
import { launcher } from './launcher.ts';

const [file, digest, engine] = process.argv.slice(2);
if (file === undefined || digest === undefined) throw new Error('which file, and of which sources?');
const options = { engine, sources: BigInt(`0x${digest}`) };
writeFileSync(file, launcher(process.arch === 'arm64' ? 'arm64' : 'x64', options));
chmodSync(file, 0o755);
