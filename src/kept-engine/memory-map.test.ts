import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isOfFile, isOfVdso, readAreas } from './memory-map.ts';

const test = suite('kept-engine/memory-map');

const SMAPS = `00200000-01a00000 r--p 00001000 fe:00 5318388                            /opt/my engine
Size:              24576 kB
VmFlags: rd mr mw me 
4180d000000-41811000000 rw-p 00000000 00:00 0 
VmFlags: rd wr mr mw me nr hg 
7f3900000000-7f3a00000000 r-xs 00000000 00:00 0 
VmFlags: rd wr mr mw me nr nh 
7f3aa9ee4000-7f3aa9ee8000 r--p 00000000 00:00 0                          [vvar]
VmFlags: rd mr pf io de dd 
7f3aa9eea000-7f3aa9eec000 r-xp 00000000 00:00 0                          [vdso]
7fff8ce13000-7fff8ce34000 ---p 00000000 00:00 0                          [stack]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
VmFlags: ex 
`;

test('each mapping is an area, but for what is there for old programs', () => {
  assert.equal(
    readAreas(SMAPS).map(({ name }) => name),
    ['/opt/my engine', '', '', '[vvar]', '[vdso]', '[stack]'],
  );
});

test('an area has what mmap and madvise were told', () => {
  const [file, heap, shared, , , stack] = readAreas(SMAPS);
  const where = { start: 0x200000, end: 0x1a00000, offset: 0x1000, name: '/opt/my engine' };
  assert.equal(file, { ...where, protection: 1, isShared: false, hugePages: undefined });
  assert.equal([heap?.start, heap?.protection, heap?.hugePages], [0x4180d000000, 3, true]);
  assert.equal([shared?.protection, shared?.isShared, shared?.hugePages], [5, true, false]);
  assert.is(stack?.protection, 0);
});

test('files and the vDSO are told from the rest', () => {
  const areas = readAreas(SMAPS);
  assert.equal(areas.filter(isOfFile).length, 1);
  assert.equal(areas.filter(isOfVdso).length, 2);
});

test('this process has a stack, a vDSO and its executable', () => {
  const areas = readAreas(readFileSync('/proc/self/smaps', 'latin1'));
  for (const name of ['[stack]', '[vdso]']) assert.is(areas.filter((area) => area.name === name).length, 1);
  assert.ok(areas.some((area) => isOfFile(area) && (area.protection & 4) !== 0));
});

test.run();
