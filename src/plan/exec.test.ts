import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Process } from '../bundle/config.ts';
import { RuntimeError } from '../errors.ts';
import { chosenProcess, type ExecChoices, type ExecPlanOptions, planExec } from './exec.ts';
import { SAMPLE_HOST } from './fixtures/plan.ts';

const test = suite('plan/exec');

const NOTHING: ExecChoices = {
  args: ['ls'],
  cwd: undefined,
  env: [],
  hasTerminal: false,
  user: undefined,
  additionalGids: [],
  noNewPrivileges: false,
  capabilities: [],
  selinuxLabel: undefined,
  apparmorProfile: undefined,
};
const BASE: Process = {
  args: ['sh', '-l'],
  cwd: '/work',
  env: ['PATH=/bin', 'A=1', 'B=2'],
  terminal: true,
  user: { uid: 5, gid: 6, additionalGids: [7] },
  capabilities: { bounding: ['CAP_KILL'], effective: ['CAP_KILL'], inheritable: ['CAP_KILL'] },
};

const chosen = (choices: Partial<ExecChoices>, base: Process | undefined = BASE): Process =>
  chosenProcess(base, { ...NOTHING, ...choices });

test('without options it is the process of the container with other arguments and no terminal', () => {
  assert.equal(chosen({}), { ...BASE, args: ['ls'], terminal: false });
});

test('a container without a process gives a root in /', () => {
  assert.equal(chosenProcess(undefined, NOTHING), { args: ['ls'], cwd: '/', env: [], terminal: false, user: {} });
});

const CHANGES: [what: string, choices: Partial<ExecChoices>, part: Partial<Process>][] = [
  ['cwd', { cwd: '/tmp' }, { cwd: '/tmp' }],
  ['a terminal', { hasTerminal: true }, { terminal: true }],
  ['no_new_privs', { noNewPrivileges: true }, { noNewPrivileges: true }],
  ['labels', { selinuxLabel: 's', apparmorProfile: 'a' }, { selinuxLabel: 's', apparmorProfile: 'a' }],
  ['one more variable', { env: ['C=3'] }, { env: ['PATH=/bin', 'A=1', 'B=2', 'C=3'] }],
  ['a variable again', { env: ['A=9', 'A=10'] }, { env: ['PATH=/bin', 'B=2', 'A=10'] }],
  ['a uid: the gid stays', { user: '9' }, { user: { uid: 9, gid: 6, additionalGids: [7] } }],
  ['uid and gid', { user: '9:8' }, { user: { uid: 9, gid: 8, additionalGids: [7] } }],
  ['more groups', { additionalGids: ['1', '2'] }, { user: { uid: 5, gid: 6, additionalGids: [7, 1, 2] } }],
  [
    'more capabilities, but not inheritable ones',
    { capabilities: ['CAP_CHOWN'] },
    {
      capabilities: {
        bounding: ['CAP_KILL', 'CAP_CHOWN'],
        effective: ['CAP_KILL', 'CAP_CHOWN'],
        permitted: ['CAP_CHOWN'],
        inheritable: ['CAP_KILL'],
      },
    },
  ],
];

for (const [what, choices, part] of CHANGES) {
  test(`options can ask for ${what}`, () => {
    assert.equal(chosen(choices), { ...BASE, args: ['ls'], terminal: false, ...part });
  });
}

const MISTAKES: [choices: Partial<ExecChoices>, line: RegExp][] = [
  [{ args: [] }, /no command/],
  [{ env: ['A'] }, /--env "A" is not name=value/],
  [{ env: ['=A'] }, /--env "=A"/],
  [{ cwd: 'tmp' }, /--cwd "tmp" is not an absolute path/],
  [{ user: 'root' }, /--user: "root" is not a number .* names are not looked up/],
  [{ user: '1:2:3' }, /--user "1:2:3" is not uid\[:gid\]/],
  [{ user: '4294967295' }, /--user: "4294967295"/],
  [{ user: '1:' }, /--user: ""/],
  [{ additionalGids: ['wheel'] }, /--additional-gids: "wheel"/],
];

for (const [choices, line] of MISTAKES) {
  test(`${JSON.stringify(choices)} is refused`, () => {
    const isKnown = (error: unknown) => error instanceof RuntimeError && line.test(error.oneLine);
    assert.throws(() => chosen(choices), isKnown);
  });
}

const OPTIONS: ExecPlanOptions = {
  id: 'web1',
  newKeyring: true,
  personality: undefined,
  memoryPolicy: undefined,
  seccomp: undefined,
  defaults: {
    capabilities: { bounding: ['CAP_KILL'] },
    rlimits: [{ type: 'RLIMIT_NPROC', soft: 1n, hard: 2n ** 64n - 1n }],
  },
  preserveFds: 0,
  listenFds: 0,
};

test('capabilities and limits that the process lacks are those of the container', () => {
  const { process } = planExec({ args: ['ls'], cwd: '/' }, SAMPLE_HOST, OPTIONS);
  assert.is(process.capabilities.bounding, 1n << 5n);
  assert.equal(process.rlimits[0], {
    label: '/process/rlimits/0 (RLIMIT_NPROC)',
    resource: 6,
    soft: 1n,
    hard: 2n ** 64n - 1n,
  });
});

test('what it cannot have is told unless the container process cannot either', () => {
  const capabilities = { bounding: ['CAP_NOTHING'] };
  const defaults = { ...OPTIONS.defaults, capabilities };
  const process = { args: ['ls'], cwd: '/' };
  assert.equal(planExec({ ...process, capabilities }, SAMPLE_HOST, { ...OPTIONS, defaults }).warnings, []);
  assert.equal(planExec(process, SAMPLE_HOST, { ...OPTIONS, defaults }).warnings, []);
  assert.is(planExec({ ...process, capabilities }, SAMPLE_HOST, OPTIONS).warnings.length, 1);
});

test('its own come before those of the container', () => {
  const own = { args: ['ls'], cwd: '/', capabilities: {}, rlimits: [{ type: 'RLIMIT_CORE', soft: 1, hard: 1 }] };
  const { process } = planExec(own, SAMPLE_HOST, OPTIONS);
  assert.is(process.capabilities.bounding, 0n);
  assert.equal(
    process.rlimits.map(({ resource }) => resource),
    [4, 7],
  );
});

test('socket activation tells the number of descriptors, the pid is left to the program', () => {
  const { process, preserveFds } = planExec({ args: ['ls'], cwd: '/' }, SAMPLE_HOST, {
    ...OPTIONS,
    listenFds: 2,
    preserveFds: 3,
  });
  assert.equal(process.env, ['LISTEN_FDS=2']);
  assert.is(preserveFds, 5);
});

test.run();
