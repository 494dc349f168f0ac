import { closeSync, mkdirSync, openSync, readFileSync, rmdirSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { attachDeviceProgram, attachedDevicePrograms, loadDeviceProgram, openProgram, programName } from './bpf.ts';
import { messageOf, rootTest } from './root-suite.ts';

const test = suite('bindings/bpf');

// mov32 r0, 1; exit
const ALLOW = Uint8Array.of(0xb4, 0, 0, 0, 1, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);

rootTest(test, 'a program that the verifier refuses is an error with its last words', () => {
  assert.match(
    messageOf(() => loadDeviceProgram(ALLOW.subarray(8), 'x')),
    /^bpf BPF_PROG_LOAD .* EACCES$/,
  );
});

rootTest(test, 'a program is loaded under its name', () => {
  const fd = loadDeviceProgram(ALLOW, 'runts_test');
  assert.is(programName(fd), 'runts_test');
  closeSync(fd);
});

rootTest(test, 'only a cgroup takes device programs', () => {
  const [fd, file] = [loadDeviceProgram(ALLOW, 'runts_test'), openSync('/tmp', 'r')];
  assert.match(
    messageOf(() => attachDeviceProgram(file, fd)),
    /^bpf BPF_PROG_ATTACH EBADF$/,
  );
  assert.match(
    messageOf(() => attachedDevicePrograms(file)),
    /^bpf BPF_PROG_QUERY EBADF$/,
  );
  for (const each of [fd, file]) closeSync(each);
});

rootTest(test, 'a program that does not exist cannot be opened, and a file has no name', () => {
  assert.is(openProgram(0xffff_fffe), undefined);
  const file = openSync('/tmp', 'r');
  assert.match(
    messageOf(() => programName(file)),
    /^bpf BPF_OBJ_GET_INFO_BY_FD E/,
  );
  closeSync(file);
});

rootTest(test, 'programs are attached, found, and replaced', () => {
  const mount = / (\/\S+) \S+ (?:\S+ )*- cgroup2 /.exec(readFileSync('/proc/self/mountinfo', 'utf8'))?.[1];
  if (mount === undefined) return;
  const directory = `${mount}/runts-bpf-${process.pid}`;
  mkdirSync(directory);
  const cgroup = openSync(directory, 'r');
  const names = () =>
    attachedDevicePrograms(cgroup).map((id) => {
      const fd = openProgram(id) ?? -1;
      const name = programName(fd);
      closeSync(fd);
      return name;
    });
  const [one, two, three] = ['one', 'two', 'three'].map((name) => loadDeviceProgram(ALLOW, name));
  try {
    attachDeviceProgram(cgroup, one ?? -1);
    attachDeviceProgram(cgroup, two ?? -1);
    assert.equal(names().sort(), ['one', 'two']);
    attachDeviceProgram(cgroup, three ?? -1, one);
    assert.equal(names().sort(), ['three', 'two']);
  } finally {
    for (const fd of [one, two, three, cgroup]) closeSync(fd ?? -1);
    rmdirSync(directory);
  }
});

test.run();
