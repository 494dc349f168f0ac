// linux.devices and linux.resources.devices (config-linux.md, "Devices", "Allowed Device list").
import type { Config, Device } from '../../bundle/config.ts';
import type { ConfigProblem } from '../../errors.ts';
import { each, missing, problem, type Rule } from '../problem.ts';

const DEVICES = '/linux/devices';

export const deviceRules: Rule[] = [
  {
    name: 'device paths are absolute',
    reads: [DEVICES],
    check: ({ linux }) =>
      each(linux?.devices, ({ path }, index) =>
        path.startsWith('/')
          ? undefined
          : problem(`${DEVICES}/${index}/path`, path, 'must be an absolute path in the container'),
      ),
  },
  {
    name: 'devices other than FIFOs have numbers',
    reads: [DEVICES],
    check: ({ linux }) =>
      each(linux?.devices, (device, index) =>
        (['major', 'minor'] as const)
          .filter((number) => device.type !== 'p' && device[number] === undefined)
          .map((number) =>
            missing(`${DEVICES}/${index}/${number}`, `is missing: a device of type ${device.type} needs it`),
          ),
      ),
  },
  {
    // "If a file already exists at path that does not match the requested device, the runtime MUST generate an error."
    name: 'no two different devices have the same path',
    reads: [DEVICES],
    check: ({ linux }) => conflicts(linux?.devices ?? []),
  },
  {
    name: 'device rules grant read, write or mknod',
    reads: ['/linux/resources/devices'],
    check: ({ linux }) =>
      each(linux?.resources?.devices, ({ access = '' }, index) =>
        isAccess(access)
          ? undefined
          : problem(
              `/linux/resources/devices/${index}/access`,
              access,
              'must consist of r (read), w (write) and m (mknod)',
            ),
      ),
  },
];

function isAccess(access: string): boolean {
  for (const char of access) if (!'rwm'.includes(char)) return false;
  return true;
}

function conflicts(devices: Device[]): ConfigProblem[] {
  const first = new Map<string, number>();
  return each(devices, (device, index) => {
    const other = devices[first.get(device.path) ?? index];
    if (other === device) first.set(device.path, index);
    if (other === undefined || identity(other) === identity(device)) return [];
    return problem(`${DEVICES}/${index}/path`, device.path, `is a different device in entry ${first.get(device.path)}`);
  });
}

// "u" is another name of "c": mknod(1).
function identity({ type, major = 0, minor = 0 }: Device): string {
  return type === 'p' ? 'p' : `${type === 'u' ? 'c' : type} ${major}:${minor}`;
}

/** A warning for each device that is there under several paths, which SHOULD NOT be. */
export function deviceWarnings({ linux }: Config): string[] {
  const first = new Map<string, string>();
  return each(linux?.devices, (device, index) => {
    const key = identity(device);
    const other = first.get(key);
    if (other === undefined) first.set(key, device.path);
    const isTwice = other !== undefined && other !== device.path && key !== 'p';
    return isTwice ? `${DEVICES}/${index}: ${device.path} is the same device (${key}) as ${other}` : [];
  });
}
