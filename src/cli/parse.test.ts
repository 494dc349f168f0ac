// The rules of the command line that a table of options can't hold. What runc does was observed with runc 1.1.5.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from '../errors.ts';
import { type Invocation, parseCommandLine, parseGlobalOptions } from './parse.ts';

const test = suite('cli/parse');

const globalDefaults = { 'log-format': 'text', debug: false, 'systemd-cgroup': false, rootless: 'auto' };
const createDefaults = { 'no-pivot': false, 'no-new-keyring': false, 'preserve-fds': 0 };

test('a line of containerd gives typed options', () => {
  const line = '--root /r --log /l.json --log-format json create --bundle /b --pid-file /p web1';
  const global = { ...globalDefaults, root: '/r', log: '/l.json', 'log-format': 'json' };
  const options = { ...createDefaults, bundle: '/b', 'pid-file': '/p' };
  assert.equal(parse(line), { kind: 'command', command: 'create', global, options, args: ['web1'] });
});

test('the types of options and arguments follow from the command', () => {
  const invocation = parse('kill --all web1');
  if (invocation.kind !== 'command' || invocation.command !== 'kill') throw new Error('not a kill');
  const all: boolean = invocation.options.all;
  const [id, signal]: [string, string?] = invocation.args;
  assert.equal([all, id, signal], [true, 'web1', undefined]);
});

/** `gives` is the command with its arguments, or the error. */
interface Rule {
  line: string[];
  runc: string;
  gives: string;
}

const counts: Rule[] = [
  {
    line: ['state'],
    runc: '"state" requires exactly 1 argument(s)',
    gives: 'state: requires exactly 1 argument (<container-id>), got 0',
  },
  {
    line: ['create', 'a', 'b'],
    runc: '"create" requires exactly 1 argument(s)',
    gives: 'create: requires exactly 1 argument (<container-id>), got 2',
  },
  { line: ['list', 'x'], runc: '"list" requires exactly 0 argument(s)', gives: 'list: requires no arguments, got 1' },
  {
    line: ['kill'],
    runc: '"kill" requires a minimum of 1 argument(s)',
    gives: 'kill: requires 1 to 2 arguments (<container-id> [signal]), got 0',
  },
];

const helpAndVersion: Rule[] = [
  { line: [], runc: 'the same', gives: 'help' },
  { line: ['--'], runc: 'the same', gives: 'help' },
  { line: ['help'], runc: 'the same', gives: 'help' },
  { line: ['-h'], runc: 'the same', gives: 'help' },
  { line: ['--debug', '-help', 'state'], runc: 'the same', gives: 'help' },
  { line: ['-v', '--help'], runc: 'the same', gives: 'help' },
  { line: ['h', 'state'], runc: 'the same', gives: 'help state' },
  { line: ['help', 'state', 'kill'], runc: 'the same', gives: 'help state' },
  { line: ['help', '--help'], runc: 'the same', gives: 'help help' },
  { line: ['state', '-h'], runc: 'the same', gives: 'help state' },
  { line: ['state', 'a', 'b', '--help'], runc: 'the same', gives: 'help state' },
  { line: ['state', '--help=false', 'web1'], runc: 'the same', gives: 'state web1' },
  { line: ['state', 'help'], runc: 'the same', gives: 'state help' },
  { line: ['state', '--help', '--foo'], runc: 'the same', gives: 'state: unknown option --foo' },
  { line: ['--version', 'state', 'web1'], runc: 'the same', gives: 'version' },
  { line: ['-v'], runc: 'the same', gives: 'version' },
  { line: ['state', '-v', 'web1'], runc: 'the same', gives: 'state: unknown option -v' },
  { line: ['--version=false', 'state', 'web1'], runc: 'the same', gives: 'state web1' },
  { line: ['foo'], runc: "No help topic for 'foo', exit 3", gives: 'unknown command foo' },
  { line: ['help', 'foo'], runc: "No help topic for 'foo', exit 3", gives: 'unknown command foo' },
  { line: ['toString'], runc: "No help topic for 'toString', exit 3", gives: 'unknown command toString' },
  { line: ['STATE', 'web1'], runc: 'the same', gives: 'unknown command STATE' },
  { line: ['', 'state'], runc: 'shows help, exit 0', gives: 'unknown command ""' },
  { line: ['completion'], runc: 'has no such command', gives: 'completion' },
  { line: ['--get-yargs-completions', 'runts', '--x'], runc: 'has no such option', gives: 'completion runts --x' },
];

const notSupportedYet: Rule[] = [
  { line: ['exec', '--help'], runc: 'the same', gives: 'help exec' },
  { line: ['checkpoint'], runc: 'requires exactly 1 argument(s)', gives: 'checkpoint: not supported yet' },
  { line: ['checkpoint', '--help'], runc: 'shows help', gives: 'checkpoint: not supported yet' },
  { line: ['restore', '-no-subreaper', '-h'], runc: 'shows help', gives: 'restore: not supported yet' },
  { line: ['help', 'checkpoint'], runc: 'the same', gives: 'help checkpoint' },
  {
    line: ['create', '--pidfd-socket', '/s', 'web1'],
    runc: 'does since 1.2',
    gives: 'create: --pidfd-socket: not supported yet',
  },
  { line: ['create', '--pidfd-socket=', 'web1'], runc: 'the same', gives: 'create web1' },
  { line: ['--systemd-cgroup', 'list'], runc: 'does', gives: 'list' },
  { line: ['--systemd-cgroup=false', 'list'], runc: 'the same', gives: 'list' },
  { line: ['--systemd-cgroup', '--version'], runc: 'the same', gives: 'version' },
  { line: ['--criu', 'criu', 'list'], runc: 'does', gives: '--criu: not supported yet' },
  { line: ['--rootless=true', 'list'], runc: 'does', gives: 'list' },
  { line: ['--rootless=false', 'list'], runc: 'the same', gives: 'list' },
];

const tables = {
  counts,
  helpAndVersion,
  notSupportedYet,
};

for (const [table, rules] of Object.entries(tables)) {
  for (const { line, runc, gives } of rules) {
    const sameness = runc === 'the same' ? 'as runc does' : `where runc: ${runc}`;
    test(`${table}: ${['runts', ...line].join(' ')} gives "${gives}", ${sameness}`, () => {
      assert.is(outcome(line), gives);
    });
  }
}

test('an error is one line that names the help to read', () => {
  const error = usageErrorOf(['state', '--foo', 'web1']);
  assert.equal([error.steps, error.reason, error.hint], [['state'], 'unknown option --foo', 'see runts state --help']);
  assert.is(usageErrorOf(['foo']).hint, 'see runts --help');
});

test('a refused option says why', () => {
  assert.match(usageErrorOf(['create', '--pidfd-socket', '/s', 'web1']).hint ?? '', 'state prints the pid');
});

test('the global options of a wrong command line are known unless they are wrong', () => {
  assert.is(parseGlobalOptions(['--log', '/l', 'state', '--foo'])?.log, '/l');
  assert.is(parseGlobalOptions(['--log', '/l', '--foo']), undefined);
});

function parse(line: string): Invocation {
  return parseCommandLine(line.split(' '));
}

function outcome(line: string[]): string {
  try {
    return describe(parseCommandLine(line));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return [...error.steps, error.reason].join(': ');
  }
}

function describe(invocation: Invocation): string {
  if (invocation.kind === 'version') return 'version';
  if (invocation.kind === 'help') return ['help', invocation.command].filter(Boolean).join(' ');
  if (invocation.kind === 'completion') return ['completion', ...(invocation.words ?? [])].join(' ');
  return [invocation.command, ...invocation.args].join(' ');
}

function usageErrorOf(line: string[]): UsageError {
  try {
    parseCommandLine(line);
  } catch (error) {
    if (error instanceof UsageError) return error;
  }
  throw new Error(`${line.join(' ')} gave no UsageError`);
}

test.run();
