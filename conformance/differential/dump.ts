// What the probe printed, as fields that two runs of the same runtime have in common.
import { mountFields } from './mountinfo.ts';

export type Fields = Map<string, string>;

export interface Names {
  /** Namespace links (`net:[1]`) and whose they are. */
  namespaces: ReadonlyMap<string, string>;
  /** Parts of paths, and what stands for them. */
  replacements: readonly (readonly [part: string, name: string])[];
}

/** Reads the probe's lines: [name, value], escapes undone. */
export function parseLines(text: string): [name: string, value: string][] {
  return text
    .split('\n')
    .filter((line) => line.includes('\t'))
    .map((line) => {
      const at = line.indexOf('\t');
      return [line.slice(0, at), plain(line.slice(at + 1))];
    });
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', '\\': '\\' };
const plain = (value: string): string => value.replace(/\\([nt\\])/g, (_, letter: string) => ESCAPES[letter] ?? '');

/** The fields of one dump. */
export function fieldsOf(lines: [name: string, value: string][], names: Names): Fields {
  const fields: Fields = new Map();
  const environment: string[] = [];
  for (const [name, value] of lines) {
    if (name.startsWith('env ')) environment.push(value);
    else for (const [part, text] of split(name, value, names)) fields.set(part, replace(text, names));
  }
  for (const variable of environment) {
    const [key = '', ...value] = variable.split('=');
    fields.set(`env ${key}`, replace(value.join('='), names));
  }
  fields.set('env order', environment.map((variable) => variable.split('=')[0]).join(' '));
  return fields;
}

function split(name: string, value: string, names: Names): [string, string][] {
  if (value.startsWith('!')) return [[name, value]];
  if (name === 'read /proc/self/mountinfo') return mountFields(value);
  if (name === 'read /proc/self/status') return statusFields(value);
  if (name === 'read /proc/self/cgroup') return cgroupFields(value);
  if (name === 'stdin') return stateFields(value);
  if (name.startsWith('link /proc/self/ns/')) {
    const own = value.replace(/^.*:\[.*/, 'own');
    return [[name.replace('link /proc/self/ns/', 'namespace '), names.namespaces.get(value) ?? own]];
  }
  // What masks a file may be the host's: its owner is the host's business.
  if (/^stat \/(proc|sys)\//.test(name) || name.startsWith('stat /secret')) {
    return [[name, value.replace(/ \d+:\d+ device 1:3$/, ' null device')]];
  }
  if (name === 'pid') return [[name, pid(value)]];
  if (name.endsWith('devices.list')) return [[name, value.trim().split('\n').sort().join(', ')]];
  // Ids that the kernel counts up.
  if (name === 'keyring') return [[name, value.replace(/_ses\.\S+/, '_ses.ID')]];
  if (name.startsWith('fd ')) return [[name, value.replace(/:\[\d+\]/, '').replace(/^\/\S*\/(in|out|err)\b/, '$1')]];
  return [[name, value.trim()]];
}

// What counts, grows or is about the probe's memory.
const VOLATILE = /^(Vm|Rss|Hugetlb|FDSize|SigQ|voluntary|nonvoluntary|x86|State|Tgid|Ngid|CoreDumping|Threads)/;

function statusFields(status: string): [string, string][] {
  const lines = status.split('\n').map((line) => line.split(/:\s*/));
  return lines.flatMap(([key = '', value = '']): [string, string][] => {
    if (key === '' || VOLATILE.test(key)) return [];
    const isPid = /^(Pid|PPid|TracerPid|NS\w+)$/.test(key);
    if (isPid) return [[`status ${key}`, value.split(/\s+/).map(pid).join(' ')]];
    return [[`status ${key}`, key.startsWith('Sig') ? withoutInternal(value.trim()) : value.trim()]];
  });
}

// Signals 32 and 33 are the C library's own: what they are set to depends on which programs were there before.
function withoutInternal(mask: string): string {
  return (BigInt(`0x${mask}`) & ~(3n << 31n)).toString(16);
}

// In a pid namespace of its own a process is 1, and what is outside is 0.
const pid = (value: string): string => (Number(value) > 1 ? 'N' : value);

function cgroupFields(text: string): [string, string][] {
  const lines = text.split('\n').filter(Boolean);
  return lines.map((line) => {
    const [, controllers = '', path = ''] = line.split(':');
    return [`cgroup ${controllers || 'v2'}`, path];
  });
}

/** What a hook gets on standard input. Runtimes state a version of their own, and may add properties. */
function stateFields(json: string): [string, string][] {
  try {
    const { ociVersion, id, status, pid: process, bundle, annotations } = JSON.parse(json);
    return [
      ['state ociVersion', typeof ociVersion],
      ['state id', typeof id],
      ['state status', String(status)],
      ['state pid', process === undefined ? 'none' : process > 1 ? 'some' : String(process)],
      ['state bundle', String(bundle)],
      ['state annotations', JSON.stringify(annotations ?? {})],
    ];
  } catch {
    return [['state', `not JSON: ${json}`]];
  }
}

function replace(value: string, { replacements }: Names): string {
  return replacements.reduce((text, [part, name]) => text.replaceAll(part, name), value);
}

/** The dumps of hooks, one after the other in a log: fields with the hook's name before them, and their order. */
export function hookFields(log: string, names: Names): Fields {
  const fields: Fields = new Map();
  const order: string[] = [];
  for (const part of log.split(/^(?=hook\t)/m)) {
    const lines = parseLines(part);
    const [, kind = ''] = lines[0] ?? [];
    if (kind === '') continue;
    order.push(kind);
    const nth = order.filter((earlier) => earlier === kind).length;
    for (const [name, value] of fieldsOf(lines.slice(1), names))
      fields.set(`hook ${kind}${nth > 1 ? `#${nth}` : ''}: ${name}`, value);
  }
  if (order.length > 0) fields.set('hook order', order.join(' '));
  return fields;
}
