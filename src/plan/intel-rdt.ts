// linux.intelRdt: the group of the resctrl file system that the container is in (config-linux.md, "IntelRdt").
import type { IntelRdt } from '../bundle/config.ts';

export interface IntelRdtPlan {
  /** The group's folder below the mount point; empty for the default group, the file system's root. */
  group: string;
  /** Without closID the group is called after the container, and goes with it. */
  isContainers: boolean;
  /** A missing group is made: it's the container's, or there is something to write to it. */
  mayMake: boolean;
  /** Lines for the group's `schemata`, in the order of writing, with their places in the config. */
  schemata: { pointer: string; line: string }[];
  /** The folder of the container's own monitoring group below the mount point. */
  monitoringGroup: string | undefined;
}

const POINTER = '/linux/intelRdt';

/** Decides on the groups; undefined if the config asks for none. */
export function planIntelRdt(intelRdt: IntelRdt | undefined, id: string): IntelRdtPlan | undefined {
  if (intelRdt === undefined) return undefined;
  const { closID, l3CacheSchema, memBwSchema, schemata = [], enableMonitoring = false } = intelRdt;
  const lines = [
    { pointer: `${POINTER}/l3CacheSchema`, line: l3CacheSchema ?? '' },
    { pointer: `${POINTER}/memBwSchema`, line: memBwSchema ?? '' },
    ...schemata.map((line, index) => ({ pointer: `${POINTER}/schemata/${index}`, line })),
  ].filter(({ line }) => line !== '');
  const isContainers = closID === undefined;
  const group = isContainers ? id : closID === '/' ? '' : closID;
  return {
    group,
    isContainers,
    mayMake: isContainers || lines.length > 0,
    schemata: lines,
    monitoringGroup: enableMonitoring ? `${group === '' ? '' : `${group}/`}mon_groups/${id}` : undefined,
  };
}

/** Whether a line of `schemata` goes into a group that is there already only if it says the same as the group does. */
export function isCompared(pointer: string): boolean {
  return pointer.endsWith('Schema');
}

/**
 * Whether a group's `schemata` has the values of a line, such as `L3:0=7f0;1=1f`, for each domain that the line names
 * (Documentation/filesystems/resctrl.rst).
 */
export function hasSchema(schemata: string, line: string): boolean {
  const [resource, wanted] = parseLine(line);
  const found = schemata.split('\n').map(parseLine);
  const values = found.find(([name]) => name === resource)?.[1];
  return values !== undefined && [...wanted].every(([domain, value]) => values.get(domain) === value);
}

function parseLine(line: string): [resource: string, values: Map<string, string>] {
  const [resource = '', values = ''] = line.split(':', 2);
  const pairs = values.split(';').map((pair): [string, string] => {
    const [domain = '', value = ''] = pair.split('=', 2);
    return [plainNumber(domain), plainNumber(value)];
  });
  return [resource.trim(), new Map(pairs)];
}

const plainNumber = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replace(/^(0x)?0*(?=.)/, '');
