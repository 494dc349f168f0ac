// How wide the terminal is that a text is written to.
import { windowSize } from '../../bindings/terminal.ts';

/**
 * Its columns; 0 if it's no terminal, or doesn't say. A kept engine's `process.stdout` tells of another process.
 * @param fd of the terminal
 */
export function columnsOf(fd: number): number {
  // struct winsize: rows, columns.
  const size = windowSize(fd);
  return size === undefined ? 0 : new DataView(size.buffer).getUint16(2, true);
}
