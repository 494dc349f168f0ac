// Every runtime is measured as freshly installed: its executable is copied with large writes, as `make install` does.
// What the page cache makes of a file depends on how it got there, and is worth a third of the time of a start.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Runtime } from './measure.ts';

/** Copies a runtime's executable, and what lies in lib/ beside it, into a folder. Returns the copy. */
export function installCopy({ name, path }: Runtime, folder: string): Runtime {
  const source = realpathSync(locate(path));
  const target = join(folder, name, basename(source));
  copyLarge(source, target);
  const libraries = join(dirname(source), 'lib');
  if (name === 'runts' && existsSync(libraries)) {
    for (const file of ['runts-engine', 'koffi.node', 'runts-foreground'])
      copyLarge(join(libraries, file), join(folder, name, 'lib', file));
  }
  return { name, path: target };
}

function locate(program: string): string {
  if (program.includes('/')) return program;
  return spawnSync('sh', ['-c', 'command -v "$0"', program], { encoding: 'utf8' }).stdout.trim();
}

function copyLarge(source: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  const script = 'dd if="$0" of="$1.new" bs=64M status=none && chmod 755 "$1.new" && mv -f "$1.new" "$1"';
  const { status, stderr } = spawnSync('sh', ['-c', script, source, target], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`copy ${source}: ${stderr}`);
}
