// linux.sysctl (config-linux.md, "Sysctl"): only what belongs to a namespace of the container may be set.
import type { Config, NamespaceType } from '../../bundle/config.ts';
import type { ConfigProblem } from '../../errors.ts';
import { each, needsNamespace, pointerPart, problem, type Rule } from '../problem.ts';

// Parameters below /proc/sys that the kernel keeps per namespace (ipc_namespaces(7), network_namespaces(7),
// uts_namespaces(7)). All others are the whole machine's.
const NAMESPACED = new Map<string, NamespaceType>([
  ['kernel/msgmax', 'ipc'],
  ['kernel/msgmnb', 'ipc'],
  ['kernel/msgmni', 'ipc'],
  ['kernel/sem', 'ipc'],
  ['kernel/shmall', 'ipc'],
  ['kernel/shmmax', 'ipc'],
  ['kernel/shmmni', 'ipc'],
  ['kernel/shm_rmid_forced', 'ipc'],
  ['kernel/hostname', 'uts'],
  ['kernel/domainname', 'uts'],
]);

function namespaceTypeOf(path: string): NamespaceType | undefined {
  if (path.startsWith('net/')) return 'network';
  return path.startsWith('fs/mqueue/') ? 'ipc' : NAMESPACED.get(path);
}

const NAME = 'must be a sysctl name such as net.ipv4.ip_forward or net/ipv4/ip_forward';
const ALLOWED =
  'is a setting of the whole machine; allowed are kernel.{msgmax,msgmnb,msgmni,sem,shmall,shmmax,shmmni,' +
  'shm_rmid_forced,hostname,domainname}, fs.mqueue.* and net.*';

export const sysctlRules: Rule[] = [
  {
    name: 'sysctls belong to a namespace of the container',
    reads: ['/linux/sysctl', '/linux/namespaces', '/hostname', '/domainname'],
    check(config) {
      const sysctls = Object.entries(config.linux?.sysctl ?? {});
      const keyOf = new Map<string, string>();
      return each(sysctls, ([key, value]) => {
        const path = sysctlPath(key);
        const pointer = `/linux/sysctl/${pointerPart(key)}`;
        if (path === undefined) return problem(pointer, value, NAME);
        const other = keyOf.get(path);
        if (other !== undefined) return problem(pointer, value, `sets the same as ${other}`);
        keyOf.set(path, key);
        return sysctlProblems(config, { path, pointer, value });
      });
    },
  },
];

function sysctlProblems(config: Config, { path, pointer, value }: { path: string; pointer: string; value: string }) {
  const type = namespaceTypeOf(path);
  if (type === undefined) return [problem(pointer, value, ALLOWED)];
  return [...needsNamespace(config, type, pointer, value), ...conflict(config, { path, pointer, value })];
}

// kernel.hostname is what sethostname(2) sets, so only one of the two can win. Docker writes kernel.domainname.
function conflict(
  config: Config,
  { path, pointer, value }: { path: string; pointer: string; value: string },
): ConfigProblem[] {
  const name = path === 'kernel/hostname' ? 'hostname' : path === 'kernel/domainname' ? 'domainname' : undefined;
  const property = name === undefined ? undefined : config[name];
  if (property === undefined || property === '' || property === value) return [];
  return [problem(pointer, value, `contradicts /${name}, ${JSON.stringify(property)}`)];
}

/**
 * The path below /proc/sys that a sysctl name means, undefined for a malformed name. As sysctl.d(5) says: the first
 * separator decides. If it is a dot, dots become slashes and slashes dots (net.ipv4.conf.eth0/100.forwarding); if it is
 * a slash, the name is a path already (net/ipv4/conf/eth0.100/forwarding).
 */
export function sysctlPath(name: string): string | undefined {
  if (name.includes('\0') || name.includes('\n')) return undefined;
  const path = isDotted(name) ? swapSeparators(name) : name;
  for (const part of path.split('/')) if (part === '' || part === '.' || part === '..') return undefined;
  return path;
}

function isDotted(name: string): boolean {
  const slash = name.indexOf('/');
  return slash < 0 || name.lastIndexOf('.', slash) >= 0;
}

function swapSeparators(name: string): string {
  if (!name.includes('/')) return name.replaceAll('.', '/');
  return name
    .split('.')
    .map((part) => part.replaceAll('/', '.'))
    .join('/');
}
