// linux.resources.unified: values for cgroup v2 files, written as they are (config-linux.md, "Unified").
import type { Resources } from '../../bundle/config.ts';
import { type CgroupFiles, type CgroupWrite, refuse } from '../write.ts';

/** cgroup v2. A value of several lines is written line by line: the kernel takes one device at a time (io.max). */
export function unified(files: NonNullable<Resources['unified']>, { pointer, read }: CgroupFiles): CgroupWrite[] {
  return Object.entries(files).flatMap(([file, value]) => {
    const at = `${pointer}/unified/${file}`;
    if (read(file) === undefined) refuse(at, 'the kernel has no such file');
    const lines = value.split('\n').filter((line) => line !== '');
    return lines.map((line) => ({ file, value: line, pointer: at }));
  });
}
