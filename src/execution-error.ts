// The user's program can't be executed. The wording is what managers look for to choose their exit status: 127 if it's
// missing, 126 if it may not be executed.
import { RuntimeError, shorten } from './errors.ts';

const REASONS: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  ENOTDIR: 'not a directory',
  ENOEXEC: 'exec format error',
};

/**
 * The error for a failed execve(2).
 * @param executable process.args[0]
 * @param errno the errno's name
 * @param call what has failed, if it was the look before
 */
export function executionError(executable: string, errno: string, call = 'execve'): RuntimeError {
  const isSearched = !executable.includes('/');
  const isMissing = errno === 'ENOENT' && isSearched;
  const reason = isMissing ? 'executable file not found in $PATH' : (REASONS[errno] ?? 'cannot be executed');
  const stat = (errno === 'ENOENT' || errno === 'ENOTDIR') && !isSearched ? `stat ${shorten(executable)}: ` : '';
  return new RuntimeError(`exec: ${JSON.stringify(shorten(executable))}: ${stat}${reason} (${call} ${errno})`, {
    steps: ['/process/args/0'],
    errno,
  });
}
