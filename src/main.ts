// The entry: parses the command line, runs one command, and is the only place that prints an error and exits. What a
// command does not need is not loaded: each start pays for what it imports.

import './array-methods.ts';
import type { GlobalOptions } from './cli/commands.ts';
import { type Invocation, parseCommandLine, parseGlobalOptions } from './cli/parse.ts';
import { errnoOf, toRuntimeError, UsageError, undoFailuresOf, withStep } from './errors.ts';
import { isToBeKept } from './kept-engine/when.ts';
import { configureLog, logError, writeAll, writeText } from './log.ts';
import { dispatch } from './operate/dispatch.ts';

async function main(argv: string[]): Promise<number> {
  let invocation: Invocation | undefined;
  try {
    invocation = parseCommandLine(argv);
    if (invocation.kind !== 'command') return await inform(invocation);
    if (wantsTrace(invocation.global)) await prepareTrace(invocation.global);
    else prepareLog(invocation.global);
    if (isToBeKept(invocation.command)) await keepForLater();
    return await dispatch(invocation, print);
  } catch (error) {
    return await fail(error, invocation, argv);
  }
}

async function inform(invocation: Exclude<Invocation, { kind: 'command' }>): Promise<number> {
  if (invocation.kind === 'version') {
    const { versionText } = await import('./cli/version.ts');
    const { build } = await import('./build.ts');
    print(versionText(build));
    return 0;
  }
  if (invocation.kind === 'help') {
    const { renderHelp } = await import('./cli/help.ts');
    const { columnsOf } = await import('./operate/columns.ts');
    print(await renderHelp(invocation.command, columnsOf(1)));
    return 0;
  }
  const { completions, printCompletionScript } = await import('./cli/completion.ts');
  if (invocation.words === undefined) printCompletionScript();
  else print((await completions(invocation.words)).map((word) => `${word}\n`).join(''));
  return 0;
}

async function keepForLater(): Promise<void> {
  const { sources } = await import('./build.ts');
  const { makeKeptEngine } = await import('./kept-engine/make.ts');
  if (sources !== undefined) makeKeptEngine(sources);
}

function wantsTrace(global: GlobalOptions): boolean {
  return global.debug || process.env.DEBUG !== undefined;
}

async function prepareTrace(global: GlobalOptions): Promise<void> {
  const { debugSink } = await import('./debug.ts');
  prepareLog(global, debugSink(global.debug));
}

function prepareLog(global: GlobalOptions, sink?: (text: string) => void): void {
  const format = global['log-format'] === 'json' ? 'json' : 'text';
  try {
    configureLog({ file: global.log, format, isDebug: global.debug }, sink);
  } catch (error) {
    // `run` that has been handed back (operate/hand-over.ts) has opened it before: what is left to do counts more.
    if (process.env.RUNTS_RESUME === undefined && process.env.RUNTS_REMOVE === undefined) throw error;
  }
}

// One line on standard error, the same in the log.
async function fail(error: unknown, invocation: Invocation | undefined, argv: string[]): Promise<number> {
  if (invocation?.kind !== 'command') return failUsage(error, argv);
  const { command, args, global } = invocation;
  const named = withStep([command, args[0]].filter(Boolean).join(' '), error);
  report(named);
  if (global.debug && error instanceof Error) {
    const undo = undoFailuresOf(error).map((text) => `undo: ${text}`);
    for (const detail of [String(error.stack), ...causes(error), ...undo]) writeAll(2, `${detail}\n`);
  }
  // As runc: what exec fails with can be told from what its process may end with.
  return command === 'exec' ? 255 : 1;
}

async function failUsage(error: unknown, argv: string[]): Promise<number> {
  const global = parseGlobalOptions(argv);
  if (global !== undefined) prepareLog(global);
  const { explainUsage } = await import('./cli/explain.ts');
  report(error instanceof UsageError ? (explainUsage(argv) ?? error) : error);
  return 1;
}

function report(error: unknown): void {
  const line = toRuntimeError(error)?.oneLine ?? `internal error: ${error instanceof Error ? error.message : error}`;
  logError(line);
  writeAll(2, `runts: ${line}\n`);
}

function causes(error: Error): string[] {
  return error.cause instanceof Error ? [`cause: ${error.cause.stack}`, ...causes(error.cause)] : [];
}

// Without process.stdout: making the stream costs as much as the rest of a small command.
// Returns false if there's nobody (any more) who reads it.
function print(text: string): boolean {
  try {
    writeText(1, text);
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EPIPE' || errno === 'EBADF') return false;
    throw withStep('standard output', error);
  }
}

// Only the process that is to keep the engine comes back from here, and those that go on with it.
async function keep(): Promise<void> {
  const { keepEngine } = await import('./kept-engine/keep.ts');
  const { sources } = await import('./build.ts');
  if (!(await keepEngine(BigInt(`0x${sources}`)))) process.reallyExit(0);
}

if (process.env.RUNTS_KEEP !== undefined) await keep();
// Ends at once: taking the engine down in order would cost every command most of a millisecond.
process.reallyExit(await main(process.argv.slice(2)));
