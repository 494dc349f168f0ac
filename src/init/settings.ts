// Kernel settings of the container: host names and sysctls. Written before the mounts are made, through the host's
// /proc: nothing of the container's is in the way (CVE-2025-52881). Which namespace's value is meant follows from the
// writing process.
import type { Script } from '../final/script.ts';
import type { Plan } from '../plan/plan.ts';
import { writeFile } from './namespaces.ts';

/** sethostname(2), setdomainname(2) as the config says. */
export function setHostNames(script: Script, { hostname, domainname }: Plan): void {
  if (hostname) setName(script, 'sethostname', '/hostname', hostname);
  if (domainname) setName(script, 'setdomainname', '/domainname', domainname);
}

function setName(script: Script, call: 'sethostname' | 'setdomainname', pointer: string, name: string): void {
  const args = [script.string(name), Buffer.byteLength(name)];
  script.within(pointer, () => script.call(call, args, { path: name }));
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
