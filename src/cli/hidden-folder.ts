// Imported before yargs, which looks for a package.json in the current folder and its parents while it loads.
// A bundle's folder isn't to be trusted (a FIFO of that name would block for ever), so yargs gets none to look into.

/** A path that can't exist, because procfs holds nothing of that name. */
export const nowhere = '/proc/self/nowhere';

const { cwd } = process;
process.cwd = () => nowhere;

/** Makes process.cwd tell the truth again. */
export function showFolder(): void {
  process.cwd = cwd;
}
