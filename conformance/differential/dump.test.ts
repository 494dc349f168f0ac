import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fieldsOf, hookFields, type Names, parseLines } from './dump.ts';

const test = suite('differential/dump');

const NAMES: Names = {
  namespaces: new Map([['net:[1]', "the host's"]]),
  replacements: [['/tmp/work-7', 'WORK']],
};
const read = (...lines: string[]): Record<string, string> =>
  Object.fromEntries(fieldsOf(parseLines(`${lines.join('\n')}\n`), NAMES));

test('escapes are undone', () => {
  assert.equal(parseLines('read /a\\tb\nname\tone\\ntwo\\tthree\\\\four\n'), [['name', 'one\ntwo\tthree\\four']]);
});

const cases: [name: string, line: string, field: string, value: string][] = [
  ['paths of the run have a name', 'cwd\t/tmp/work-7/bundle', 'cwd', 'WORK/bundle'],
  ["the host's namespace", 'link /proc/self/ns/net\tnet:[1]', 'namespace net', "the host's"],
  ['a namespace of its own', 'link /proc/self/ns/net\tnet:[2]', 'namespace net', 'own'],
  ['a failure stays as it is', 'link /proc/self/ns/net\t!ENOENT', 'link /proc/self/ns/net', '!ENOENT'],
  ['a line of the status', 'read /proc/self/status\tUmask:\\t0022\\n', 'status Umask', '0022'],
  ['pids are like each other', 'read /proc/self/status\tNSpid:\\t4711\\t1\\n', 'status NSpid', 'N 1'],
  ['signals but the internal ones', 'read /proc/self/status\tSigIgn:\t0000000180000001\\n', 'status SigIgn', '1'],
  ['a cgroup', 'read /proc/self/cgroup\t4:memory:/a\\n', 'cgroup memory', '/a'],
  ['the v2 cgroup', 'read /proc/self/cgroup\t0::/b\\n', 'cgroup v2', '/b'],
  ['a pipe', 'fd 1\tpipe:[77] flags 1 ', 'fd 1', 'pipe flags 1 '],
  ['a stream of the test', 'fd 1\t/tmp/x/out flags 1 ', 'fd 1', 'out flags 1 '],
  ['the last of a variable', 'env 0\tA=1\nenv 1\tA=2', 'env A', '2'],
  ['the order of variables', 'env 0\tB=1\nenv 1\tA=2', 'env order', 'B A'],
  ["a hook's input", 'stdin\t{"status":"created","pid":7,"bundle":"/tmp/work-7/b"}', 'state bundle', 'WORK/b'],
  ["a hook's input without a pid", 'stdin\t{"status":"stopped","pid":0}', 'state pid', '0'],
  ['input that is none', 'stdin\tx', 'state', 'not JSON: x'],
];
for (const [name, line, field, value] of cases) test(name, () => assert.is(read(line)[field], value));

test('what counts up is left out', () => {
  const fields = read('read /proc/self/status\tVmPeak:\\t10 kB\\nvoluntary_ctxt_switches:\\t9\\nSeccomp:\\t2\\n');
  assert.equal(Object.keys(fields), ['status Seccomp', 'env order']);
});

test('hooks follow each other in one log', () => {
  const log = 'hook\tprestart\ncwd\t/a\nhook\tpoststop\ncwd\t/b\nhook\tprestart\ncwd\t/c\n';
  const fields = Object.fromEntries(hookFields(log, NAMES));
  assert.is(fields['hook order'], 'prestart poststop prestart');
  assert.equal([fields['hook prestart: cwd'], fields['hook prestart#2: cwd']], ['/a', '/c']);
});

test('no hook, no field', () => assert.is(hookFields('', NAMES).size, 0));

test.run();
