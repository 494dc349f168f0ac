// Mounts that the runtime itself takes away. The container's own are made by its programs (src/init).
import { cString, syscall } from './syscall.ts';

/** umount2(2). */
export function umount2(target: string, flags: number): void {
  syscall('umount2', target, cString(target), flags);
}
