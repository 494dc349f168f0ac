// The entry: parses the command line, runs one command, and is the only place that prints an error and exits. What a
// command does not need is not loaded: each start pays for what it imports.
import { type CommandInvocation, type Invocation, parseCommandLine } from './cli/parse.ts';
import { toRuntimeError, UsageError, withStep } from './errors.ts';
import { configureLog, logError } from './log.ts';
import { ensureStrictMode } from './strict-mode.ts';

async function main(argv: string[]): Promise<number> {
  let invocation: Invocation | undefined;
  try {
    invocation = parseCommandLine(argv);
    if (invocation.kind !== 'command') return await inform(invocation);
    await prepareLog(invocation);
    return await runCommand(invocation);
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
    print(await renderHelp(invocation.command));
    return 0;
  }
  const { completions, printCompletionScript } = await import('./cli/completion.ts');
  if (invocation.words === undefined) printCompletionScript();
  else print((await completions(invocation.words)).map((word) => `${word}\n`).join(''));
  return 0;
}

async function prepareLog({ global }: CommandInvocation): Promise<void> {
  const isDebug = global.debug;
  const wantsTrace = isDebug || process.env['DEBUG'] !== undefined;
  const sink = wantsTrace ? (await import('./debug.ts')).debugSink(isDebug) : undefined;
  configureLog({ file: global.log, format: global['log-format'] === 'json' ? 'json' : 'text', isDebug }, sink);
}

async function runCommand(invocation: CommandInvocation): Promise<number> {
  const { dispatch, needsOneThread } = await import('./operate/dispatch.ts');
  if (needsOneThread(invocation.command)) ensureStrictMode();
  return dispatch(invocation, print);
}

// One line on standard error, the same in the log.
async function fail(error: unknown, invocation: Invocation | undefined, argv: string[]): Promise<number> {
  const context = invocation?.kind === 'command' ? [invocation.command, invocation.args[0]] : [];
  const named = withStep(context.filter(Boolean).join(' '), error);
  const known = toRuntimeError(context.length > 0 ? named : error);
  const line = known?.line ?? `internal error: ${error instanceof Error ? error.message : String(error)}`;
  logError(line);
  process.stderr.write(`runts: ${line}\n`);
  const isDebug = invocation?.kind === 'command' && invocation.global.debug;
  if (isDebug || known === undefined) {
    const details = [...(known?.undoFailures ?? []).map((text) => `undo: ${text}`)];
    if (isDebug && error instanceof Error) details.push(String(error.stack), ...causes(error));
    for (const detail of details) process.stderr.write(`${detail}\n`);
  }
  if (error instanceof UsageError && invocation === undefined) logError(argv.join(' '));
  return 1;
}

function causes(error: Error): string[] {
  return error.cause instanceof Error ? [`cause: ${error.cause.stack}`, ...causes(error.cause)] : [];
}

function print(text: string): void {
  process.stdout.write(text);
}

process.exitCode = await main(process.argv.slice(2));
