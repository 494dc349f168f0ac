// A process that does nothing: systemd makes a scope only for processes that exist, and the container process is to be
// born in there.
import { Script } from '../final/script.ts';

/** Builds the program, which ends when the other end of a socket is closed. */
export function placeholderScript(socketFd: number): Script {
  const script = new Script(socketFd);
  script.program.waitByte(socketFd);
  script.finish();
  return script;
}
