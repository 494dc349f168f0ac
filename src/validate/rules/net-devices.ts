// linux.netDevices (config-linux.md, "Network Devices"). Whether an interface can be moved is found out at create.
import type { ConfigProblem } from '../../errors.ts';
import { each, needsNamespace, pointerPart, problem, type Rule } from '../problem.ts';

const POINTER = '/linux/netDevices';

/** What is expected of an interface's name, for errors. */
export const INTERFACE_NAME = 'must be an interface name: 1 to 15 bytes without blanks, "/" and ":"';
const TEMPLATE = 'must have no "%" but one "%d", for a free number';

/** Whether the kernel accepts a name: dev_valid_name of net/core/dev.c. */
export function isInterfaceName(name: string): boolean {
  return Buffer.byteLength(name) <= 15 && /^[^\s/:\0]+$/.test(name) && name !== '.' && name !== '..';
}

// dev_alloc_name of net/core/dev.c takes nothing else.
function isTemplateOrPlain(name: string): boolean {
  return !name.replace('%d', '').includes('%');
}

export const netDeviceRules: Rule[] = [
  {
    name: 'network devices have valid names, none twice',
    reads: [POINTER],
    check({ linux }) {
      const taken = new Map<string, string>();
      return each(Object.entries(linux?.netDevices ?? {}), ([hostName, { name = '' }]) => {
        const pointer = `${POINTER}/${pointerPart(hostName)}`;
        const containerName = name === '' ? hostName : name;
        const problems: ConfigProblem[] = [];
        if (!isInterfaceName(hostName)) problems.push(problem(pointer, hostName, INTERFACE_NAME));
        if (!isInterfaceName(containerName)) problems.push(problem(`${pointer}/name`, containerName, INTERFACE_NAME));
        if (!isTemplateOrPlain(containerName)) problems.push(problem(`${pointer}/name`, containerName, TEMPLATE));
        const other = taken.get(containerName);
        // With %d the kernel finds a free number.
        if (other !== undefined && !containerName.includes('%d')) {
          problems.push(problem(`${pointer}/name`, containerName, `is the name of ${other} in the container already`));
        }
        taken.set(containerName, hostName);
        return problems;
      });
    },
  },
  {
    name: 'network devices need a network namespace',
    reads: [POINTER, '/linux/namespaces'],
    check(config) {
      const devices = config.linux?.netDevices ?? {};
      return Object.keys(devices).length === 0 ? [] : needsNamespace(config, 'network', POINTER, devices);
    },
  },
];
