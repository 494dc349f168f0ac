// How a final program tells that it failed: one write(2) of two u32, little-endian: the step's number and the errno.

/** The length of a report. pipe(7): a write of up to PIPE_BUF bytes is atomic, so a reader sees all or nothing. */
export const REPORT_SIZE = 8;

/**
 * The step of the one call besides execve that is made after `start`, when nobody knows the program's own numbers any
 * longer: the filter's installation.
 */
export const SECCOMP_STEP = 0xffffffff;

/** A failed step of a final program: the number that its caller gave it, and the positive errno. */
export interface Report {
  step: number;
  errno: number;
}

/** The step and the errno in a report. */
export function decodeReport(bytes: Uint8Array): Report {
  if (bytes.length !== REPORT_SIZE) throw new Error(`a report has ${REPORT_SIZE} bytes, not ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { step: view.getUint32(0, true), errno: view.getUint32(4, true) };
}
