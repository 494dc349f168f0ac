// newuidmap(1), newgidmap(1): set-user-ID programs that write the maps which /etc/subuid and /etc/subgid grant a user.
import * as K from '../../bindings/constants.ts';
import { errnoName } from '../../bindings/constants.ts';
import { closeSync, readSync } from '../../bindings/file-system.ts';
import { memfdCreate, socketpair } from '../../bindings/files.ts';
import { wait } from '../../bindings/process.ts';
import type { IdMapping } from '../bundle/config.ts';
import { RuntimeError } from '../errors.ts';
import { Script } from '../final/script.ts';
import { stepError } from '../final/steps.ts';
import { receive } from '../protocol.ts';
import { spawnScript } from '../spawn.ts';

const FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin'];

/**
 * Has a map written by newuidmap or newgidmap.
 * @throws RuntimeError with the program's words if it refuses, or if it is not there
 */
export function mapByHelper(kind: 'uid' | 'gid', pid: number, mappings: IdMapping[]): void {
  const name = `new${kind}map`;
  const [outputFd, [parentFd, syncFd]] = [memfdCreate('output'), socketpair()];
  try {
    const script = new Script(syncFd);
    script.call('dup3', [outputFd, 1, 0]);
    script.call('dup3', [outputFd, 2, 0]);
    for (const fd of [outputFd, syncFd]) script.call('fcntl', [fd, K.F_SETFD, 1]);
    const ranges = mappings.flatMap(({ containerID, hostID, size }) => [containerID, hostID, size]);
    const argv = script.program.stringArray([name, String(pid), ...ranges.map(String)]);
    const candidates = FOLDERS.map((folder) => `${folder}/${name}`);
    script.execFirst(candidates, argv, script.program.stringArray([]));
    script.finish();
    const helperPid = spawnScript(script, { name, inherit: [outputFd, syncFd], firstOwn: 3 });
    closeSync(syncFd);
    const message = receive(parentFd, script);
    const ended = wait(helperPid, { block: true });
    if (message?.kind === 'failure') throw missing(name, script, message);
    if (ended?.code !== 0) throw new RuntimeError(`${name}: ${wordsIn(outputFd) || `exit status ${ended?.code}`}`);
  } finally {
    for (const fd of [outputFd, parentFd]) closeSync(fd);
  }
}

function missing(name: string, script: Script, { step, errno }: { step: number; errno: number }): RuntimeError {
  const { reason } = stepError(script, step, errnoName(errno));
  return new RuntimeError(`${name}: ${reason}`, { hint: `more than the own id is mapped by ${name} (package uidmap)` });
}

function wordsIn(fd: number): string {
  const buffer = new Uint8Array(512);
  return new TextDecoder().decode(buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, 0))).trim();
}
