// How words become options and arguments. What runc does was observed with runc 1.1.5.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from '../errors.ts';
import { isCommandName } from './commands.ts';
import { readWords } from './words.ts';

const test = suite('cli/words');

/** `gives` is the command with the options that differ from the default and the arguments, or the error. */
interface Rule {
  line: string[];
  runc: string;
  gives: string;
}

const whereOptionsMayStand: Rule[] = [
  { line: ['kill', 'web1', 'KILL', '--all'], runc: 'the same', gives: 'kill {"all":true} web1 KILL' },
  { line: ['kill', 'web1', '--all=true', 'KILL'], runc: 'the same', gives: 'kill {"all":true} web1 KILL' },
  { line: ['kill', 'web1', '--all', 'KILL'], runc: 'takes KILL for the id', gives: 'kill {"all":true} web1 KILL' },
  { line: ['delete', 'web1', '-f'], runc: 'the same', gives: 'delete {"force":true} web1' },
  { line: ['create', 'web1', '--bundle', '/b'], runc: 'the same', gives: 'create {"bundle":"/b"} web1' },
  {
    line: ['create', 'web1', '--bundle'],
    runc: 'takes the id for the bundle, then misses the id',
    gives: 'create: --bundle needs a value',
  },
  { line: ['create', '-b'], runc: 'flag needs an argument: -b', gives: 'create: -b needs a value' },
  {
    line: ['state', 'web1', '--foo'],
    runc: '"state" requires exactly 1 argument(s)',
    gives: 'state: unknown option --foo',
  },
  {
    line: ['kill', 'web1', '-9'],
    runc: 'sends signal -9, which the kernel refuses',
    gives: 'kill: unknown option -9',
  },
  { line: ['delete', 'web1', '--force', '--foo'], runc: 'the same', gives: 'delete: unknown option --foo' },
  { line: ['state', '--root', '/r', 'web1'], runc: 'the same', gives: 'state: unknown option --root' },
  { line: ['--bundle', '/b', 'create', 'web1'], runc: 'the same', gives: 'unknown option --bundle' },
];

const spellingRules: Rule[] = [
  { line: ['create', '-bundle=/b', 'web1'], runc: 'the same', gives: 'create {"bundle":"/b"} web1' },
  { line: ['create', '--b', '/b', 'web1'], runc: 'the same', gives: 'create {"bundle":"/b"} web1' },
  { line: ['create', '-b/b', 'web1'], runc: 'the same', gives: 'create: unknown option -b/b' },
  { line: ['list', '-qf', 'json'], runc: 'the same', gives: 'list: unknown option -qf' },
  { line: ['kill', '---all', 'web1'], runc: 'bad flag syntax: ---all', gives: 'kill: unknown option ---all' },
  { line: ['--=x', 'list'], runc: 'bad flag syntax: --=x', gives: 'unknown option --=x' },
  { line: ['-=x', 'list'], runc: 'bad flag syntax: -=x', gives: 'unknown option -=x' },
  { line: ['create', '-b', '/a', '-b', '/b', 'web1'], runc: 'the same', gives: 'create {"bundle":"/b"} web1' },
  {
    line: ['create', '-b', '/a', '--bundle', '/b', 'web1'],
    runc: 'Cannot use two forms of the same flag',
    gives: 'create {"bundle":"/b"} web1',
  },
  {
    line: ['create', '--bundle', '--pid-file', 'web1'],
    runc: 'the same',
    gives: 'create {"bundle":"--pid-file"} web1',
  },
  { line: ['create', '--bundle=a=b', 'web1'], runc: 'the same', gives: 'create {"bundle":"a=b"} web1' },
  { line: ['create', '--__proto__', 'web1'], runc: 'the same', gives: 'create: unknown option --__proto__' },
  { line: ['create', '--constructor=1', 'web1'], runc: 'the same', gives: 'create: unknown option --constructor' },
];

const endOfOptions: Rule[] = [
  { line: ['--', 'state', 'web1'], runc: 'the same', gives: 'state web1' },
  { line: ['state', '--', '--foo'], runc: 'the same', gives: 'state --foo' },
  { line: ['state', '--', '--'], runc: 'the same', gives: 'state --' },
  { line: ['state', 'web1', '--'], runc: 'the same', gives: 'state web1' },
  { line: ['state', '-'], runc: 'the same', gives: 'state -' },
  { line: ['kill', 'web1', '--', '--all'], runc: 'the same', gives: 'kill web1 --all' },
  { line: ['kill', '--', 'web1', '--', 'KILL'], runc: 'the same: too many', gives: 'kill web1 -- KILL' },
];

const valueRules: Rule[] = [
  { line: ['kill', '--all=1', 'web1'], runc: 'the same', gives: 'kill {"all":true} web1' },
  { line: ['kill', '-a=F', 'web1'], runc: 'the same', gives: 'kill web1' },
  { line: ['kill', '--all=maybe', 'web1'], runc: 'the same', gives: 'kill: --all "maybe" is not true or false' },
  { line: ['kill', '--all=', 'web1'], runc: 'the same', gives: 'kill: --all "" is not true or false' },
  { line: ['create', '--preserve-fds=010', 'web1'], runc: 'the same', gives: 'create {"preserve-fds":8} web1' },
  {
    line: ['create', '--preserve-fds', '-1', 'web1'],
    runc: 'taken for 0',
    gives: 'create: --preserve-fds "-1" is not a whole number from 0 to 2147483647',
  },
  {
    line: ['create', '--preserve-fds=99999999999999999999', 'web1'],
    runc: 'value out of range',
    gives: 'create: --preserve-fds "99999999999999999999" is not a whole number from 0 to 2147483647',
  },
  { line: ['create', '--bundle', '', 'web1'], runc: 'the same', gives: 'create web1' },
  { line: ['create', '-b', '/b', '-b=', 'web1'], runc: 'the same', gives: 'create web1' },
  { line: ['--log-format=', 'state', 'web1'], runc: 'the same', gives: 'state web1' },
  { line: ['--root=', 'list'], runc: 'uses the current folder', gives: '--root "" is not allowed' },
  { line: ['--log-format', 'xml', 'list'], runc: 'the same', gives: '--log-format "xml" is not text or json' },
  {
    line: ['list', '-f', 'xml'],
    runc: 'the same',
    gives: 'list: --format "xml" is not table or json',
  },
  {
    line: ['--rootless', 'list'],
    runc: 'takes list for the value and shows help',
    gives: '--rootless "list" is not auto, true or false',
  },
  { line: ['state', ''], runc: 'container id cannot be empty', gives: 'state ' },
];

const commandsOfOthers: Rule[] = [
  { line: ['exec', 'web1', 'ls', '-t', '--help'], runc: 'the same', gives: 'exec web1 ls -t --help' },
  { line: ['exec', 'web1', '-t', 'ls'], runc: 'the same', gives: 'exec web1 -t ls' },
  { line: ['exec', '-t', '--', 'web1', 'ls', '--', '-x'], runc: 'the same', gives: 'exec {"tty":true} web1 ls -- -x' },
  { line: ['exec', 'web1', '--', 'ls'], runc: 'looks for a program "--"', gives: 'exec web1 -- ls' },
  {
    line: ['exec', '--env', 'A=1', '--env=B=2,3', 'web1', 'env'],
    runc: 'the same',
    gives: 'exec {"env":["A=1","B=2,3"]} web1 env',
  },
  {
    line: ['exec', '-e', 'A=1', '--env', 'B=2', 'web1', 'env'],
    runc: 'Cannot use two forms of the same flag',
    gives: 'exec {"env":["A=1","B=2"]} web1 env',
  },
  { line: ['exec', '--env', '', 'web1', 'env'], runc: 'the same', gives: 'exec {"env":[""]} web1 env' },
  { line: ['ps', 'web1', '-ef'], runc: 'the same', gives: 'ps web1 -ef' },
  { line: ['ps', 'web1', '-f', 'json', 'aux'], runc: 'the same', gives: 'ps {"format":"json"} web1 aux' },
  { line: ['ps', '-ef', 'web1'], runc: 'the same', gives: 'ps: unknown option -ef' },
];

const tables = { whereOptionsMayStand, spellingRules, endOfOptions, valueRules, commandsOfOthers };

for (const [table, rules] of Object.entries(tables)) {
  for (const { line, runc, gives } of rules) {
    const sameness = runc === 'the same' ? 'as runc does' : `where runc: ${runc}`;
    test(`${table}: ${['runts', ...line].join(' ')} gives "${gives}", ${sameness}`, () => {
      assert.is(outcome(line), gives);
    });
  }
}

function outcome(line: string[]): string {
  try {
    return describe(line);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return [...error.steps, error.reason].join(': ');
  }
}

function describe(line: string[]): string {
  const [word = '', ...words] = readWords(undefined, line).args;
  if (!isCommandName(word)) throw new Error(`${word} is not a command`);
  const { options, args } = readWords(word, words);
  const defaults = readWords(word, []).options;
  const isGiven = ([name, value]: [string, unknown]) => JSON.stringify(value) !== JSON.stringify(defaults[name]);
  const given = Object.entries(options).filter(isGiven);
  const shown = given.length > 0 ? [JSON.stringify(Object.fromEntries(given))] : [];
  return [word, ...shown, ...args].join(' ');
}

test.run();
