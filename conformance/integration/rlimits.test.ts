// process.rlimits: every kind, exact 64-bit values, and the limits of the caller where the config is silent.
import * as assert from 'uvu/assert';
import type { Rlimit } from '../../src/bundle/config.ts';
import { readText } from './host.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('rlimits');

function limitsInside(
  rlimits: Rlimit[] | undefined,
  wrapper: string[] = [],
): Map<string, [soft: string, hard: string]> {
  const bundle = runtime.bundle({ process: { args: ['cat', '/proc/self/limits'], rlimits } });
  return parse(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()], { wrapper }));
}

function parse(text: string): Map<string, [soft: string, hard: string]> {
  const lines = text.matchAll(/^(Max .*?) {2,}(\S+) +(\S+)/gm);
  return new Map([...lines].map(([, name = '', soft = '', hard = '']) => [name, [soft, hard]]));
}

const KINDS: [type: string, name: string][] = [
  ['RLIMIT_CPU', 'Max cpu time'],
  ['RLIMIT_FSIZE', 'Max file size'],
  ['RLIMIT_DATA', 'Max data size'],
  ['RLIMIT_STACK', 'Max stack size'],
  ['RLIMIT_CORE', 'Max core file size'],
  ['RLIMIT_RSS', 'Max resident set'],
  ['RLIMIT_NPROC', 'Max processes'],
  ['RLIMIT_NOFILE', 'Max open files'],
  ['RLIMIT_MEMLOCK', 'Max locked memory'],
  ['RLIMIT_AS', 'Max address space'],
  ['RLIMIT_LOCKS', 'Max file locks'],
  ['RLIMIT_SIGPENDING', 'Max pending signals'],
  ['RLIMIT_MSGQUEUE', 'Max msgqueue size'],
  ['RLIMIT_NICE', 'Max nice priority'],
  ['RLIMIT_RTPRIO', 'Max realtime priority'],
  ['RLIMIT_RTTIME', 'Max realtime timeout'],
];

test('every kind of limit is set', () => {
  const own = parse(readText('/proc/self/limits'));
  // A process can live with these, and they are nobody's default; raising a hard limit would need a capability.
  const expected = KINDS.map(([type, name], index) => {
    const top = own.get(name)?.[1];
    const wanted = type === 'RLIMIT_NOFILE' ? 1000 : 123_456_789 + index;
    const hard = top === undefined || top === 'unlimited' ? wanted : Math.min(wanted, Number(top));
    return { type, name, soft: Math.max(hard - 1, 0), hard };
  });
  const limits = limitsInside(expected.map(({ type, soft, hard }) => ({ type, soft, hard })));
  for (const { name, soft, hard } of expected) assert.equal(limits.get(name), [String(soft), String(hard)], name);
});

test('18446744073709551615 is RLIM_INFINITY', () => {
  const infinity = 18446744073709551615n;
  const limits = limitsInside([
    { type: 'RLIMIT_CORE', soft: infinity, hard: infinity },
    { type: 'RLIMIT_AS', soft: infinity, hard: infinity },
  ]);
  assert.equal(limits.get('Max core file size'), ['unlimited', 'unlimited']);
  assert.equal(limits.get('Max address space'), ['unlimited', 'unlimited']);
});

test('a value beyond 2^53 is exact', () => {
  const limits = limitsInside([{ type: 'RLIMIT_AS', soft: 9007199254740993n, hard: 18446744073709551614n }]);
  assert.equal(limits.get('Max address space'), ['9007199254740993', '18446744073709551614']);
});

test('without rlimits the container has those of the caller', () => {
  // Not those that the engine gives itself: it raises the soft limit of open files.
  const wrapper = ['prlimit', '--nofile=777:4000', '--core=5:6', '--stack=4194304:8388608', '--nproc=9999:10000'];
  const limits = limitsInside(undefined, wrapper);
  assert.equal(limits.get('Max open files'), ['777', '4000']);
  assert.equal(limits.get('Max core file size'), ['5', '6']);
  assert.equal(limits.get('Max stack size'), ['4194304', '8388608']);
  assert.equal(limits.get('Max processes'), ['9999', '10000']);
});

test('limits that the config does not name stay as they are', () => {
  const own = parse(readText('/proc/self/limits'));
  const limits = limitsInside([{ type: 'RLIMIT_CORE', soft: 1, hard: 2 }]);
  for (const name of ['Max cpu time', 'Max locked memory', 'Max msgqueue size']) {
    assert.equal(limits.get(name)?.[1], own.get(name)?.[1], name);
  }
});

function failsToCreate(rlimits: Rlimit[]): string {
  const bundle = runtime.bundle({ process: { rlimits } });
  return runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
}

test('a duplicate type is an error that names it', () => {
  const limit = { type: 'RLIMIT_CORE', soft: 1, hard: 1 };
  assert.match(failsToCreate([limit, limit]), /RLIMIT_CORE/);
});

test('an unknown type is an error that names it', () => {
  assert.match(failsToCreate([{ type: 'RLIMIT_NOPE', soft: 1, hard: 1 }]), /RLIMIT_NOPE/);
});

test('a soft limit above the hard limit is an error', () => {
  assert.match(failsToCreate([{ type: 'RLIMIT_CORE', soft: 2, hard: 1 }]), /RLIMIT_CORE|rlimit/i);
});

test('a negative limit is an error', () => {
  assert.match(failsToCreate([{ type: 'RLIMIT_CORE', soft: -1, hard: 1 }]), /rlimits|soft/);
});

test.run();
