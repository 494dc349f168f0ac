import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import * as assert from 'uvu/assert';
import { SyscallError } from './errno.ts';
import { pollReadable } from './files.ts';
import * as P from './privileges.ts';
import { clone, exitNow, wait } from './process.ts';
import { inChild, messageOf, rootTest, strictSuite } from './strict-suite.ts';
import { syscall } from './syscall.ts';

const test = strictSuite('bindings/privileges', import.meta.path);

const folder = mkdtempSync('/tmp/runts-privileges-');
test.after(() => rmSync(folder, { recursive: true }));

const saysSo = (line: string) => (error: unknown) => error instanceof SyscallError && error.message === line;
const status = (name: string): string =>
  new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';

const NOBODY = { uid: 65534, gid: 65534, additionalGids: [7, 8] };

test('a mask is set, and the former one told', () => {
  const before = P.umask(0o027);
  assert.is(P.umask(before), 0o027);
});

test('a new session has its own process as leader; a leader stays one', () => {
  const answer = inChild(() => {
    P.setsid();
    P.setsid();
    const fields = readFileSync('/proc/self/stat', 'latin1').split(') ')[1]?.split(' ') ?? [];
    return String(fields[3] === readFileSync('/proc/self/stat', 'latin1').split(' ')[0]);
  });
  assert.is(answer, 'true');
});

rootTest(test, 'host names are set, and one that is too long is named', () => {
  P.sethostname('test-höst');
  P.setdomainname('test.domain');
  assert.is(readFileSync('/proc/sys/kernel/hostname', 'utf8'), 'test-höst\n');
  assert.is(hostname(), 'test-höst');
  assert.is(readFileSync('/proc/sys/kernel/domainname', 'utf8'), 'test.domain\n');
  const long = 'x'.repeat(65);
  assert.throws(() => P.sethostname(long), saysSo(`sethostname ${long} EINVAL`));
  assert.throws(() => P.setdomainname(long), saysSo(`setdomainname ${long} EINVAL`));
});

rootTest(test, 'an action runs with the rights of a user, and the way back is open', () => {
  writeFileSync(`${folder}/secret`, '', { mode: 0o600 });
  const answer = inChild(() => {
    const during = P.asUser(NOBODY, () => {
      const file = messageOf(() => readFileSync(`${folder}/secret`)).split(':')[0];
      return [status('Uid'), status('Gid'), status('Groups'), file].join(';');
    });
    return [during, status('Uid'), status('Gid'), status('Groups')].join(';');
  });
  const tab = (...ids: number[]) => ids.join('\t');
  const during = [tab(0, 65534, 0, 65534), tab(0, 65534, 0, 65534), '7 8', 'EACCES'];
  assert.is(answer, [...during, tab(0, 0, 0, 0), tab(0, 0, 0, 0), ''].join(';'));
});

rootTest(test, 'after an action that failed, the process is root again', () => {
  const answer = inChild(() => {
    const failure = messageOf(() =>
      P.asUser(NOBODY, () => {
        throw new Error('no');
      }),
    );
    return `${failure};${status('Uid')}`;
  });
  assert.is(answer, 'no;0\t0\t0\t0');
});

rootTest(test, 'a process becomes root with all of its ids and leaves its groups behind', () => {
  const answer = inChild(() =>
    P.asUser(NOBODY, () => {
      P.becomeRoot();
      return [status('Uid'), status('Gid'), status('Groups')].join(';');
    }),
  );
  assert.is(answer, '0\t0\t0\t0;0\t0\t0\t0;');
});

rootTest(test, 'without the right to it, becoming root or somebody else fails', () => {
  const answer = inChild(() => {
    syscall('setresgid', undefined, 65534, 65534, 65534);
    syscall('setresuid', undefined, 65534, 65534, 65534);
    const actions = [P.becomeRoot, () => P.asUser(NOBODY, () => 'done')];
    return actions.map(messageOf).join(';');
  });
  assert.is(answer, 'setresgid EPERM;setgroups EPERM');
});

test('orphans become children of a subreaper', () => {
  const answer = inChild(() => {
    P.becomeSubreaper();
    const child = clone(0);
    if (child === 0) {
      if (clone(0) === 0) pollReadable([], 30);
      exitNow(3);
    }
    const codes = [wait(-1, { block: true })?.code, wait(-1, { block: true })?.code];
    return codes.join();
  });
  assert.is(answer, '3,3');
});

test.run();
