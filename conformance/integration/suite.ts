// A uvu suite with a runtime of its own that is cleaned up at the end, and tests that say why they are skipped.
import { suite, type Test } from 'uvu';
import { Runtime } from '../runtime.ts';

/** The suite of a test file and its runtime. `theme` becomes part of temp folders and container ids. */
export function integration(theme: string): { test: Test; runtime: Runtime } {
  const runtime = new Runtime(theme);
  const test = suite(`integration/${theme}`);
  test.after(() => runtime.close());
  process.once('exit', () => runtime.close());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));
  return { test, runtime };
}

/** A test that needs something which this kernel may lack: `reason` says what is missing, or is undefined. */
export function testUnless(
  reason: string | undefined,
  test: Test,
  name: string,
  action: () => void | Promise<void>,
): void {
  if (reason === undefined) {
    test(name, action);
  } else {
    console.log(`skipped: ${reason}: ${name}`);
    test.skip(name);
  }
}
