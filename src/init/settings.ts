// Kernel settings of the container: host names, sysctls, the OOM score. Written before the mounts are made, through the
// host's /proc: nothing of the container's is in the way (CVE-2025-52881). Which namespace's value is meant follows from
// the writing process.
import { writeFileSync } from 'node:fs';
import { setdomainname, sethostname } from '../../bindings/privileges.ts';
import { step } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';

/** sethostname(2), setdomainname(2) as the config says. */
export function setHostNames({ hostname, domainname }: Plan): void {
  if (hostname !== undefined && hostname !== '') step('/hostname', () => sethostname(hostname));
  if (domainname !== undefined && domainname !== '') step('/domainname', () => setdomainname(domainname));
}

/** proc_pid_oom_score_adj(5); unset leaves it unchanged. */
export function adjustOomScore({ process }: Plan): void {
  if (process?.oomScoreAdj === undefined) return;
  const score = String(process.oomScoreAdj);
  step('/process/oomScoreAdj', () => writeFileSync('/proc/self/oom_score_adj', score));
}

/** linux.sysctl. The rules have checked that each belongs to a namespace of the container's. */
export function setSysctls({ sysctl }: Plan): void {
  for (const [key, value] of sysctl) {
    const path = `/proc/sys/${sysctlPath(key)}`;
    step(`/linux/sysctl/${key}`, () => writeFileSync(path, value, { flag: 'r+' }));
  }
}

// sysctl(8): the first separator tells which of "." and "/" separates; the other is a character of a name then.
function sysctlPath(key: string): string {
  const isSlashed = /^[^./]*\//.test(key);
  return isSlashed ? key : key.replace(/[./]/g, (character) => (character === '.' ? '/' : '.'));
}
