// What a process has in memory: the text of /proc/PID/smaps, proc_pid_smaps(5).

/** A mapping. */
export interface Area {
  start: number;
  end: number;
  /** PROT_READ, PROT_WRITE and PROT_EXEC of mmap(2). */
  protection: number;
  isShared: boolean;
  /** In the file. */
  offset: number;
  /** A file's path, a name in brackets, or nothing. */
  name: string;
  /** Whether madvise(2) was told that huge pages are wanted, or not. */
  hugePages: boolean | undefined;
}

/** The parts of the vDSO and the data that it reads. */
export const isOfVdso = ({ name }: Area): boolean => name === '[vdso]' || name.startsWith('[vvar');

/** Whether it's a part of a file. */
export const isOfFile = ({ name }: Area): boolean => name.startsWith('/');

const [READ, WRITE, EXECUTE] = [1, 2, 4];
/** start-end, permissions, offset, device, inode, name. */
const HEADER = /^([\da-f]+)-([\da-f]+) ([r-])([w-])([x-])([ps]) ([\da-f]+) \S+ \d+\s*(.*)$/;

/** Reads the text. What the kernel has put there for old programs, [vsyscall], is left out. */
export function readAreas(smaps: string): Area[] {
  const areas: Area[] = [];
  for (const line of smaps.split('\n')) {
    const header = HEADER.exec(line);
    if (header !== null) areas.push(areaOf(header));
    const area = areas.at(-1);
    if (area !== undefined && line.startsWith('VmFlags:')) area.hugePages = hugePagesOf(line.split(' '));
  }
  return areas.filter(({ name }) => name !== '[vsyscall]');
}

function areaOf([, start = '', end = '', read, write, execute, sharing, offset = '', name = '']: string[]): Area {
  return {
    start: Number.parseInt(start, 16),
    end: Number.parseInt(end, 16),
    protection: (read === 'r' ? READ : 0) | (write === 'w' ? WRITE : 0) | (execute === 'x' ? EXECUTE : 0),
    isShared: sharing === 's',
    offset: Number.parseInt(offset, 16),
    name,
    hugePages: undefined,
  };
}

function hugePagesOf(flags: string[]): boolean | undefined {
  if (flags.includes('hg')) return true;
  return flags.includes('nh') ? false : undefined;
}
