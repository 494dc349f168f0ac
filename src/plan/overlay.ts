// The folders in the options of an overlay (overlayfs.rst): lowerdir has some, with colons between them; a backslash takes
// the meaning of the next character away.
import type { MountPlan } from './mounts.ts';

const FOLDERS = /^(lowerdir|upperdir|workdir|lowerdir\+|datadir\+)=(.*)$/s;

/** The absolute paths that the options of an overlay name. */
export function overlayFolders({ kind, type, data }: MountPlan): string[] {
  if (kind !== 'filesystem' || type !== 'overlay') return [];
  const found: string[] = [];
  replaceFolders(data, (path) => {
    if (path.startsWith('/')) found.push(path);
    return undefined;
  });
  return found;
}

/**
 * The options with other paths.
 * @param other the path to take instead; undefined to leave it
 */
export function replaceFolders(data: string[], other: (path: string) => string | undefined): string[] {
  return data.map((option) => {
    const [, key = '', value = ''] = FOLDERS.exec(option) ?? [];
    if (key === '') return option;
    const part = key === 'lowerdir' ? /(?:\\.|[^:\\])+/gs : /^.+$/s;
    const replaced = value.replace(part, (path) => other(path.replace(/\\(.)/gs, '$1')) ?? path);
    return `${key}=${replaced}`;
  });
}
