// For tests that only root can run.
import type { Test } from 'uvu';

/** A test for root; for others it's skipped, and that is said. */
export function rootTest(test: Test, name: string, action: () => void | Promise<void>): void {
  if (process.getuid?.() === 0) {
    test(name, action);
    return;
  }
  console.log(`skipped: needs root: ${name}`);
  test.skip(name, action);
}
