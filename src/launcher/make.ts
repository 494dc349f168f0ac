// Writes the launcher or the foreground's program, when runts is built.
// usage: bun src/launcher/make.ts FILE DIGEST-OF-THE-SOURCES [ABSOLUTE PATH OF THE ENGINE]
//        bun src/launcher/make.ts FILE
import { chmodSync, writeFileSync } from 'node:fs';
import { foreground } from './foreground.ts';
import { launcher } from './launcher.ts';

const [file, digest, engine] = process.argv.slice(2);
if (file === undefined) throw new Error('which file?');
const architecture = process.arch === 'arm64' ? 'arm64' : 'x64';
const launcherOf = (sources: string) => launcher(architecture, { engine, sources: BigInt(`0x${sources}`) });
writeFileSync(file, digest === undefined ? foreground(architecture) : launcherOf(digest));
chmodSync(file, 0o755);
