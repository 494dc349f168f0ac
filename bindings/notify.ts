// Being told of what happens: eventfd(2), inotify(7).
import { cString, syscall } from './syscall.ts';

const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;
const IN_MODIFY = 2;

/** eventfd2(2), without waiting. Returns a descriptor from which 8 bytes can be read once something has happened. */
export function eventfd(): number {
  return syscall('eventfd2', undefined, 0, EFD_CLOEXEC | EFD_NONBLOCK);
}

/** inotify(7) for the changes of one file. Returns a descriptor that doesn't wait. */
export function watchFile(path: string): number {
  const fd = syscall('inotify_init1', undefined, EFD_CLOEXEC | EFD_NONBLOCK);
  syscall('inotify_add_watch', path, fd, cString(path), IN_MODIFY);
  return fd;
}
