import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { close, memfdCreate, memfdProgram, socketpair } from '../../bindings/files.ts';
import { clone, exitNow, wait } from '../../bindings/process.ts';
import { rootTest, strictSuite } from '../../bindings/strict-suite.ts';
import { type Config, HOOK_KINDS } from '../bundle/config.ts';
import { RuntimeError } from '../errors.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { type Message, receive, send } from '../protocol.ts';
import { stateDocument } from '../state/document.ts';
import { sampleRecord } from '../state/fixtures/record.ts';
import { hasCreateHooks, init, tellFailure } from './init.ts';

const test = strictSuite('init/init', import.meta.path);

const bundle = mkdtempSync('/tmp/runts-init-');
mkdirSync(`${bundle}/rootfs/etc`, { recursive: true });
writeFileSync(`${bundle}/rootfs/etc/passwd`, 'root:x:0:0:root:/home/of/root:/bin/sh');
test.after(() => rmSync(bundle, { recursive: true }));

for (const kind of HOOK_KINDS) {
  const runsInRuntime = kind === 'prestart' || kind === 'createRuntime';
  test(`${kind} hooks ${runsInRuntime ? 'are' : 'are not'} run by the runtime while the container process waits`, () => {
    const hooks = { [kind]: [{ path: '/bin/true' }] };
    assert.is(hasCreateHooks(samplePlan({ ociVersion: '1.3.0', hooks })), runsInRuntime);
    assert.not.ok(hasCreateHooks(samplePlan({ ociVersion: '1.3.0', hooks: { [kind]: [] } })));
  });
}

function told(error: unknown): Message | undefined {
  const [parentFd, childFd] = socketpair();
  tellFailure(childFd, error);
  const message = receive(parentFd);
  close(parentFd);
  close(childFd);
  return message;
}

test('an error is told with all that it is made of', () => {
  const error = { steps: ['mount /proc'], cause: 'EPERM', hint: 'be root', errno: 'EPERM' };
  assert.equal(told(RuntimeError.fromFields(error)), { type: 'failed', error });
});

test('a mistake of the programmer is told with the place where it happened', () => {
  const message = told(new TypeError('x is not a function'));
  const cause = message?.type === 'failed' ? message.error.cause : '';
  assert.match(cause, /^internal error: TypeError: x is not a function\n.*init\.test\.ts/s);
});

interface Talk {
  messages: (Message | undefined)[];
  exitCode: number | undefined;
}

// Lets a process go through `init`, answering its messages, until it ends.
function talkWith(config: Config, answers: Message[]): Talk {
  const plan = samplePlan({ root: { path: 'rootfs' }, ...config }, { bundle });
  const [parentFd, syncFd] = socketpair();
  const [programFd, startFd, resultFd] = [memfdProgram('p'), memfdCreate('s'), memfdCreate('r')];
  const state = stateDocument(sampleRecord(), 'creating');
  const pid = clone(plan.namespaces.cloneFlags);
  if (pid === 0) {
    init({
      ...{ plan, syncFd, programFd, startFd, resultFd, state, namespaces: [], placedCgroup: [] },
      cgroupEntry: { tasks: [], folderFd: undefined },
      settings: { ignoredSignals: [], openFiles: { soft: 1024n, hard: 1024n }, umask: 0 },
      rootMountPoint: plan.rootfs.path,
    });
    exitNow(99);
  }
  for (const fd of [syncFd, programFd, startFd, resultFd]) close(fd);
  const messages: Talk['messages'] = [];
  for (let message = receive(parentFd); message !== undefined; message = receive(parentFd)) {
    messages.push(message);
    const answer = answers.shift();
    if (answer !== undefined) send(parentFd, answer);
  }
  close(parentFd);
  return { messages, exitCode: wait(pid, { block: true })?.code };
}

const OWN: Config = { ociVersion: '1.3.0', linux: { namespaces: [{ type: 'mount' }, { type: 'pid' }] } };

rootTest(test, 'a container process tells that its mounts are there, waits, and executes the program', () => {
  const { messages, exitCode } = talkWith({ ...OWN, process: { cwd: '/', args: ['x'] } }, [{ type: 'program' }]);
  assert.equal(messages[0], { type: 'mounted', home: '/home/of/root' });
  // The program in the memfd is empty here, and the kernel says so.
  const error = { steps: ['execute the final program'], cause: 'execveat runts-init ENOEXEC', errno: 'ENOEXEC' };
  assert.equal([messages[1], exitCode], [{ type: 'failed', error }, 1]);
});

rootTest(test, 'with hooks of the runtime it waits for them first', () => {
  const hooks = { prestart: [{ path: '/bin/true' }] };
  const { messages } = talkWith({ ...OWN, hooks }, [{ type: 'program' }]);
  const cause = messages[1]?.type === 'failed' ? messages[1].error.cause : '';
  assert.match(cause, 'protocol: program instead of hooksRun');
});

const failures: [name: string, config: Config, steps: string[], cause: RegExp][] = [
  ['a root that is not there', { root: { path: 'none' }, ...OWN }, ['/root/path '], /^open_tree \S+\/none ENOENT$/],
  [
    'a mount that fails',
    { ...OWN, mounts: [{ destination: '/x', type: 'nofs' }] },
    ['mount /mounts/0 (nofs on /x)'],
    /^fsopen nofs ENODEV$/,
  ],
  ['a host name that is too long', { ...OWN, hostname: 'x'.repeat(99) }, ['/hostname'], /^sethostname x+ EINVAL$/],
];
for (const [name, config, steps, cause] of failures) {
  rootTest(test, `${name} is told, and the process ends`, () => {
    const { messages, exitCode } = talkWith(config, []);
    const error = messages[0]?.type === 'failed' ? messages[0].error : { steps: [], cause: '' };
    assert.is(messages.length, 1);
    assert.ok(error.steps.every((step, i) => step.startsWith(steps[i] ?? '?')), error.steps.join());
    assert.match(error.cause, cause);
    assert.is(exitCode, 1);
  });
}

test.run();
