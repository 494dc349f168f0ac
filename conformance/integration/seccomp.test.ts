// linux.seccomp: what the kernel does at each system call of the user's program, and that the runtime's own need no
// permission.
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Capabilities, Seccomp, SeccompRule } from '../../src/bundle/config.ts';
import type { Bundle, Changes } from '../bundle.ts';
import { isRunts } from '../runtime.ts';
import { largeProfile } from '../seccomp-profile.ts';
import { mask } from './capability.ts';
import { parseStatus, readText } from './host.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration, testUnless } from './suite.ts';
import { addSyscallProgram, SUPPORT, type SystemCall, takeResults } from './syscall-program.ts';

const { test, runtime } = integration('seccomp');
const onlyRunts = isRunts ? undefined : 'runc needs more of the profile, or checks less';

const PERMISSIVE: Seccomp = { defaultAction: 'SCMP_ACT_ALLOW' };
const deny = (name: string, parts: Partial<SeccompRule> = {}): SeccompRule => ({
  names: [name],
  action: 'SCMP_ACT_ERRNO',
  ...parts,
});
const withProfile = (parts: Partial<Seccomp>): Changes => ({ linux: { seccomp: { ...PERMISSIVE, ...parts } } });

function bundleOf(calls: SystemCall[], profile: Partial<Seccomp>, process: Changes['process'] = {}): Bundle {
  const bundle = runtime.bundle({ ...withProfile(profile), process: { args: ['/calls'], ...process } });
  addSyscallProgram(bundle.rootfs, calls, 7);
  return bundle;
}

/** The results of system calls in a container with a profile. */
function results(calls: SystemCall[], profile: Partial<Seccomp>): number[] {
  const bundle = bundleOf(calls, profile);
  const { exit, stderr } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.is(exit, 7, stderr);
  return takeResults(bundle.rootfs);
}

const [EPERM, ENOSYS] = [-1, -38];

test('an errno for one system call leaves the others alone', () => {
  assert.equal(results([['getpid'], ['umask', 0]], { syscalls: [deny('umask', { errnoRet: 111 })] }), [1, -111]);
});

test('without an errno it is EPERM; 0 makes believe that it has worked', () => {
  const syscalls = [deny('umask'), deny('getpid', { errnoRet: 0 })];
  assert.equal(results([['umask', 0], ['getpid']], { syscalls }), [EPERM, 0]);
});

test('the default may be an errno of its own', () => {
  const allowed = { names: SUPPORT, action: 'SCMP_ACT_ALLOW' };
  const strict = { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [allowed] };
  assert.equal(results([['getpid']], strict), [EPERM]);
  assert.equal(results([['getpid']], { ...strict, defaultErrnoRet: 38 }), [ENOSYS]);
});

test('a later system call than the profile knows of gets the default action, as the specification says', () => {
  // runc makes ENOSYS of those that are newer than all in the profile.
  const allowed = { names: [...SUPPORT, 'getpid'], action: 'SCMP_ACT_ALLOW' };
  const strict = { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [allowed] };
  if (isRunts) assert.equal(results([['mount_setattr', -1, 0, 0, 0, 0]], strict), [EPERM]);
});

const BIG = 0x1_0000_0002n;
const at = (op: string, value: bigint | number, valueTwo?: bigint | number) => [
  { index: 1, value, op, ...(valueTwo !== undefined && { valueTwo }) },
];
const comparisons: [op: string, rule: SeccompRule['args'], denied: bigint[], allowed: bigint[]][] = [
  ['EQ', at('SCMP_CMP_EQ', BIG), [BIG], [2n, 0x1_0000_0000n]],
  ['NE', at('SCMP_CMP_NE', BIG), [2n, -1n], [BIG]],
  ['LT', at('SCMP_CMP_LT', BIG), [0xffff_ffffn], [BIG, 0x2_0000_0000n]],
  ['LE', at('SCMP_CMP_LE', BIG), [BIG, 3n], [BIG + 1n]],
  ['GE', at('SCMP_CMP_GE', BIG), [BIG, -1n], [BIG - 1n, 0xffff_ffffn]],
  ['GT', at('SCMP_CMP_GT', BIG), [0x2_0000_0000n], [BIG, 0xffff_ffffn]],
  ['EQ', at('SCMP_CMP_EQ', 2n ** 64n - 1n), [-1n], [0xffff_ffffn]],
  ['MASKED_EQ', at('SCMP_CMP_MASKED_EQ', 0xff_0000_00f0n, 0x12_0000_0030n), [0x12_0000_003fn], [0x32n]],
  ['two of one argument', [...at('SCMP_CMP_EQ', 3), ...at('SCMP_CMP_EQ', 4)], [3n, 4n], [5n]],
];
for (const [name, args, denied, allowed] of comparisons) {
  test(`arguments: ${name} ${args?.[0]?.value}`, () => {
    // getpid(2) takes no arguments, and what is passed all the same is seen.
    const calls: SystemCall[] = [...denied, ...allowed].map((value) => ['getpid', 0, value]);
    const expected = [...denied.map(() => EPERM), ...allowed.map(() => 1)];
    assert.equal(results(calls, { syscalls: [deny('getpid', args && { args })] }), expected);
  });
}

const actions: [action: string, exit: number][] = [
  ['SCMP_ACT_KILL', 159],
  ['SCMP_ACT_KILL_THREAD', 159],
  ['SCMP_ACT_KILL_PROCESS', 159],
  ['SCMP_ACT_TRAP', 159],
  ['SCMP_ACT_LOG', 7],
];
for (const [action, exit] of actions) {
  test(`${action} ends in exit status ${exit}`, () => {
    const bundle = bundleOf([['getpid']], { syscalls: [{ names: ['getpid'], action }] });
    assert.is(runtime.command(['run', '--bundle', bundle.directory, runtime.id()]).exit, exit);
  });
}

test('SCMP_ACT_TRACE without a tracer is ENOSYS', () => {
  assert.equal(results([['getpid']], { syscalls: [{ names: ['getpid'], action: 'SCMP_ACT_TRACE' }] }), [ENOSYS]);
});

test('names that nobody knows, and those of other machines, are passed over', () => {
  const names = ['no_such_call', 'socketcall', 'getpid'];
  assert.equal(results([['getpid']], { syscalls: [{ names, action: 'SCMP_ACT_ERRNO' }] }), [EPERM]);
});

const STRICT: Seccomp = {
  defaultAction: 'SCMP_ACT_KILL_PROCESS',
  syscalls: [{ names: ['read', 'write', 'execve', 'exit', 'exit_group'], action: 'SCMP_ACT_ALLOW' }],
};
for (const noNewPrivileges of [true, false]) {
  const name = `with noNewPrivileges ${noNewPrivileges}`;

  testUnless(onlyRunts, test, `a profile allows nothing but read, write, execve and exiting, ${name}`, () => {
    const bundle = bundleOf([], STRICT, { noNewPrivileges, user: { uid: 1000, gid: 1000 } });
    const id = runtime.create(bundle);
    assert.is(runtime.state(id).status, 'created');
    runtime.ok(['start', id]);
    runtime.waitFor(id, 'stopped');
    runtime.remove(id);
    assert.is(runtime.command(['run', '--bundle', bundle.directory, runtime.id()]).exit, 7);
  });

  testUnless(onlyRunts, test, `under such a profile \`start\` tells that the program is gone, ${name}`, () => {
    const bundle = bundleOf([], STRICT, { noNewPrivileges, args: ['nothing'] });
    const program = join(bundle.rootfs, 'bin/nothing');
    writeFileSync(program, '', { mode: 0o755 });
    const id = runtime.create(bundle);
    rmSync(program);
    assert.match(runtime.fails(['start', id]), /"nothing": executable file not found in \$PATH \(execve ENOENT\)/);
    runtime.remove(id);
  });

  test(`the process has the filter and the rights of the config, ${name}`, () => {
    const sets: Capabilities = {
      bounding: ['CAP_KILL', 'CAP_CHOWN'],
      permitted: ['CAP_KILL'],
      effective: ['CAP_KILL'],
    };
    const process = { args: ['cat', '/proc/self/status'], noNewPrivileges, capabilities: sets };
    const { directory } = runtime.bundle({ ...withProfile({}), process });
    const status = parseStatus(runtime.ok(['run', '--bundle', directory, runtime.id()]));
    assert.equal([status.get('Seccomp'), status.get('NoNewPrivs')], ['2', noNewPrivileges ? '1' : '0']);
    const both = mask('CAP_KILL', 'CAP_CHOWN');
    // execve(2) gives root the bounding set, but nothing new under no_new_privs.
    const permitted = noNewPrivileges ? mask('CAP_KILL') : both;
    assert.equal([status.get('CapPrm'), status.get('CapEff'), status.get('CapBnd')], [permitted, permitted, both]);
  });

  test(`a user without capabilities has none, ${name}`, () => {
    const sets = { bounding: [], permitted: [], effective: [], inheritable: [], ambient: [] };
    const process = { args: ['cat', '/proc/self/status'], noNewPrivileges, capabilities: sets };
    for (const uid of [0, 1000]) {
      const { directory } = runtime.bundle({ ...withProfile({}), process: { ...process, user: { uid, gid: uid } } });
      const status = parseStatus(runtime.ok(['run', '--bundle', directory, runtime.id()]));
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) assert.is(status.get(set), mask(), set);
    }
  });
}

test('without a profile there is no filter', () => {
  assert.match(runtime.inside('cat /proc/self/status'), /^Seccomp:\s+0$/m);
});

testUnless(onlyRunts, test, 'flags are accepted, and one that can have no effect is a warning', () => {
  const names = ['TSYNC', 'LOG', 'SPEC_ALLOW', 'WAIT_KILLABLE_RECV'].map((name) => `SECCOMP_FILTER_FLAG_${name}`);
  const bundle = bundleOf([['getpid']], { flags: names });
  const { exit, stderr } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.is(exit, 7);
  assert.match(
    stderr,
    /^runts: warning: \/linux\/seccomp\/flags\/3: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV has no effect/,
  );
});

test("a manager's profile works, the first time and when it's known; the waiting process stays small", () => {
  const changes = { linux: { seccomp: largeProfile() } };
  const script = 'mkdir /x && echo made; unshare -m true 2>&1 | grep -c permitted';
  for (const _ of [1, 2]) assert.is(runtime.inside(script, changes), 'made\n1\n');
  const id = runtime.create(runtime.bundle(changes));
  const pss = /^Pss: +(\d+) kB$/m.exec(readText(`/proc/${runtime.state(id).pid}/smaps_rollup`))?.[1];
  if (isRunts) assert.ok(Number(pss) <= 64, `PSS is ${pss} kB`);
  runtime.remove(id);
});

testUnless(onlyRunts, test, 'what is kept of a profile is no container, and damage to it does no harm', () => {
  const bundle = bundleOf([['umask', 0]], { syscalls: [deny('umask', { errnoRet: 77 })] });
  const kept = (): string[] => readdirSync(runtime.root).filter((name) => name.startsWith('seccomp:'));
  const before = kept();
  const damage = (): void => {
    for (const name of kept()) if (!before.includes(name)) writeFileSync(join(runtime.root, name), 'x');
  };
  for (const act of [damage, damage, () => {}]) {
    runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
    assert.equal(takeResults(bundle.rootfs), [-77]);
    act();
  }
  assert.is(kept().length, before.length + 1);
  assert.not.match(runtime.ok(['list', '--quiet']), /seccomp:/);
});

for (const noNewPrivileges of [true, false]) {
  test(`the profile holds for \`exec\`, too, with noNewPrivileges ${noNewPrivileges}`, () => {
    const process = { args: ['sleep', '60'], noNewPrivileges };
    const profile = withProfile({ syscalls: [deny('umask', { errnoRet: 99 })] });
    const bundle = runtime.bundle({ ...profile, process });
    addSyscallProgram(bundle.rootfs, [['umask', 0], ['getpid']]);
    const id = runtime.create(bundle);
    runtime.ok(['start', id]);
    runtime.ok(['exec', id, '/calls']);
    assert.is(takeResults(bundle.rootfs)[0], -99);
    const status = parseStatus(runtime.ok(['exec', id, 'cat', '/proc/self/status']));
    assert.equal([status.get('Seccomp'), status.get('NoNewPrivs')], ['2', noNewPrivileges ? '1' : '0']);
    assert.is(BigInt(`0x${status.get('CapEff')}`) & BigInt(`0x${mask('CAP_SYS_ADMIN')}`), 0n);
    const line = runtime.fails(['exec', id, 'nothing']);
    assert.match(line, /"nothing": executable file not found in \$PATH/);
    runtime.remove(id);
  });
}

test('a stopped container with a profile is deleted without a trace', () => {
  const before = snapshot(runtime);
  const id = runtime.create(
    runtime.bundle({ ...withProfile({ syscalls: [deny('umask')] }), process: { args: ['true'] } }),
  );
  runtime.ok(['start', id]);
  runtime.waitFor(id, 'stopped');
  runtime.ok(['delete', id]);
  // The filter is kept for the next one.
  assert.equal(
    leftovers(before).filter((thing) => !thing.startsWith('state seccomp:')),
    [],
  );
});

const equal = [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }];
const FAILURES: [what: string, profile: Partial<Seccomp>, line: RegExp][] = [
  [
    'two actions for the same conditions',
    { syscalls: [deny('umask', { args: equal, errnoRet: 5 }), deny('umask', { args: equal, errnoRet: 6 })] },
    /\/linux\/seccomp\/syscalls\/1 \(umask\): .*EEXIST/,
  ],
  ['another byte order', { architectures: ['SCMP_ARCH_S390X'] }, /\/linux\/seccomp\/architectures\/0 .*byte order/],
];
for (const [what, profile, line] of FAILURES) {
  testUnless(onlyRunts, test, `${what}: an error of \`create\` that names the place, and nothing is left`, () => {
    const before = snapshot(runtime);
    const { directory } = runtime.bundle(withProfile(profile));
    assert.match(runtime.fails(['create', '--bundle', directory, runtime.id()]), line);
    assert.equal(leftovers(before), []);
  });
}

testUnless(onlyRunts, test, 'without libseccomp the error names the package, and who has no profile needs none', () => {
  // In a mount namespace of its own the library is an empty file.
  const wrapper = ['unshare', '-m', 'sh', '-c', `mount --bind /dev/null ${libraryPath()} && exec "$@"`, 'sh'];
  const { directory } = runtime.bundle(withProfile({}));
  const line = runtime.fails(['create', '--bundle', directory, runtime.id()], { wrapper });
  assert.match(line, /\/linux\/seccomp: libseccomp\.so\.2 cannot be loaded — install the package libseccomp2 \(Debian/);
  runtime.ok(['run', '--bundle', runtime.bundle().directory, runtime.id()], { wrapper });
});

function libraryPath(): string {
  const folders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'];
  const found = folders.map((folder) => `${folder}/libseccomp.so.2`).find((path) => readText(path) !== '');
  if (found === undefined) throw new Error('where is libseccomp?');
  return found;
}

test.run();
