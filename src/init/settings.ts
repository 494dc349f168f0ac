// Kernel settings of the container: host names, the loopback interface, sysctls. Sysctls are written before the mounts
// are made, through the host's /proc: nothing of the container's is in the way (CVE-2025-52881). Which namespace's value
// is meant follows from the writing process.
import * as K from '../../bindings/constants.ts';
import type { Script } from '../final/script.ts';
import type { Plan } from '../plan/plan.ts';
import { byteLength, writeFile } from './namespaces.ts';
import { forbidTracing } from './tracing.ts';

/** sethostname(2), setdomainname(2) as the config says. */
export function setHostNames(script: Script, { hostname, domainname }: Plan): void {
  if (hostname) setName(script, 'sethostname', '/hostname', hostname);
  if (domainname) setName(script, 'setdomainname', '/domainname', domainname);
}

function setName(script: Script, call: 'sethostname' | 'setdomainname', pointer: string, name: string): void {
  const args = [script.string(name), byteLength(name)];
  script.begin(pointer);
  script.call(call, args, { path: name });
  script.end();
}

// struct ifreq, netdevice(7): the name "lo" in 16 bytes, then the flags.
const LOOPBACK_UP = [0x6f6c, 0, K.IFF_UP, 0, 0];

/** Brings up the loopback interface of a new network namespace, as other runtimes do. */
export function raiseLoopback(script: Script, { namespaces }: Pick<Plan, 'namespaces'>): void {
  if (!(namespaces.cloneFlags & K.CLONE_NEWNET)) return;
  script.begin('loopback interface');
  const socket = script.slot();
  // Any socket will do, and this kind is made fastest.
  script.call('socket', [K.AF_UNIX, K.SOCK_DGRAM | K.SOCK_CLOEXEC, 0], { save: socket });
  script.call('ioctl', [socket, K.SIOCSIFFLAGS, script.words(...LOOPBACK_UP)], { path: 'lo' });
  script.call('close', [socket]);
  script.end();
}

/**
 * linux.sysctl. The rules have checked that each belongs to a namespace of the container's.
 * @param procFd the host's /proc, if the mount namespace is somebody else's
 */
export function setSysctls(script: Script, { sysctl }: Plan, procFd?: number): void {
  for (const { name, path, value } of sysctl) {
    script.within(`/linux/sysctl/${name}`, () => writeFile(script, `/proc/sys/${path}`, value, procFd));
  }
}

/** process.oomScoreAdj of a process that is not in the container yet, where nobody has rights over it. */
export function setOomScore(script: Script, score: number | undefined, { isRootless }: Pick<Plan, 'isRootless'>): void {
  if (score === undefined) return;
  script.within('/process/oomScoreAdj', () => {
    if (isRootless) script.call('prctl', [K.PR_SET_DUMPABLE, 1, 0, 0, 0]);
    writeFile(script, '/proc/self/oom_score_adj', `${score}`);
    if (isRootless) forbidTracing(script);
  });
}
