// The trace for who looks for a fault, printed by the debug package: DEBUG=runts, or --debug.
import createDebug from 'debug';

/** Returns what prints one line of the trace to standard error. */
export function debugSink(isEnabled: boolean): (text: string) => void {
  if (isEnabled) createDebug.enable('runts');
  const trace = createDebug('runts');
  return (text) => trace(text);
}
