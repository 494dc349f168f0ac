// What the process gives up and takes on before it becomes the user's program: signals, keyring, limits, ids,
// capabilities.
import * as K from '../../bindings/constants.ts';
import type { Script } from '../final/script.ts';
import { CAPABILITY_NAMES } from '../plan/capabilities.ts';
import type { Plan } from '../plan/plan.ts';
import type { ProcessPlan } from '../plan/process.ts';

// posix_spawn(3) leaves the C library's own signals (nptl(7)) ignored.
const LIBC_SIGNALS = [32, 33];

/** Default actions and an empty mask. Across execve, handlers become the default but ignored signals stay ignored. */
export function resetSignals(script: Script, ignoredSignals: number[]): void {
  script.within('reset signals', () => {
    const defaultAction = script.program.bytes(new Uint8Array(32), 8);
    for (const signal of [...ignoredSignals, ...LIBC_SIGNALS]) {
      script.call('rt_sigaction', [signal, defaultAction, 0, 8]);
    }
    script.call('rt_sigprocmask', [K.SIG_SETMASK, script.words(0), 0, 8]);
  });
}

const ENOSYS = 38;
const EPERM = 1;

// keyctl_setperm(3): all for who has it, and for its user to view, read, link, and search, which is what joining takes.
const KEYRING_RIGHTS = 0x3f1b0000;

/**
 * keyrings(7): else the container would share the caller's keys. Who joins later (exec) gets the same keyring if its
 * rights allow that, and may not be who can change them. A kernel without keyrings has none to share.
 */
export function joinKeyring(script: Script, id: string): void {
  const keyring = script.slot();
  const args = [K.KEYCTL_JOIN_SESSION_KEYRING, script.string(`_ses.${id}`)];
  script.within('new session keyring', () => {
    script.call('keyctl', args, { save: keyring, ignoreErrnos: [ENOSYS] });
    script.call('keyctl', [K.KEYCTL_SETPERM, keyring, KEYRING_RIGHTS], { ignore: true });
  });
}

/**
 * The order matters: limits and the bounding set need capabilities, groups go before the uid, and changing the uid
 * would drop the permitted set but for PR_SET_KEEPCAPS (capabilities(7), "Effect of user ID changes").
 * @param kept a mask of capabilities that stay permitted and effective until execve, whatever the plan says
 */
export function takePrivileges(
  script: Script,
  plan: Pick<Plan, 'lastCapability'>,
  process: ProcessPlan,
  { kept = 0n } = {},
): void {
  setLimits(script, process.rlimits);
  script.within('/process/user/umask', () => script.call('umask', [process.umask]));
  dropBounding(script, plan.lastCapability, process.capabilities.bounding);
  changeUser(script, process);
  script.within('/process/capabilities', () => setCapabilities(script, process, kept));
  if (!process.noNewPrivileges) return;
  script.within('/process/noNewPrivileges', () => script.call('prctl', [K.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0]));
}

/** prlimit(2) for each of them. */
export function setLimits(script: Script, limits: ProcessPlan['rlimits']): void {
  for (const { label, resource, soft, hard } of limits) {
    const values = script.program.pointers([soft, hard]);
    script.within(label, () => script.call('prlimit64', [0, resource, values, 0]));
  }
}

function dropBounding(script: Script, last: number, bounding: bigint): void {
  const [low, high] = [Number(bounding & 0xffffffffn), Number(bounding >> 32n)];
  const isKept = (number: number) => ((number < 32 ? low >>> number : high >>> (number - 32)) & 1) !== 0;
  const rows: [number][] = [];
  for (let number = 0; number <= last; number++) if (!isKept(number)) rows.push([number]);
  const path = (index: number) => `without ${CAPABILITY_NAMES[rows[index]?.[0] ?? -1]}`;
  script.within('/process/capabilities/bounding', () => {
    script.forEach(rows, (row) => script.call('prctl', [K.PR_CAPBSET_DROP, row.word(0), 0, 0, 0], { path }));
  });
}

function changeUser(script: Script, { uid, gid, additionalGids }: ProcessPlan): void {
  const groups = script.program.bytes(new Uint8Array(new Uint32Array(additionalGids).buffer), 4);
  // user_namespaces(7): where setgroups is denied there are no groups to get rid of, and none were asked for.
  const ignoreErrnos = additionalGids.length === 0 ? [EPERM] : [];
  const path = additionalGids.join(',');
  script.within('/process/user/additionalGids', () => {
    script.call('setgroups', [additionalGids.length, groups], { path, ignoreErrnos });
  });
  script.within('/process/user/gid', () => script.call('setresgid', [gid, gid, gid], { path: `${gid}` }));
  script.within('/process/user/uid', () => {
    script.call('prctl', [K.PR_SET_KEEPCAPS, 1, 0, 0, 0]);
    script.call('setresuid', [uid, uid, uid], { path: `${uid}` });
  });
}

function setCapabilities(script: Script, { capabilities }: ProcessPlan, kept: bigint): void {
  const { effective, permitted, inheritable, ambient } = capabilities;
  const header = script.program.bytes(new Uint8Array(new Uint32Array([K.LINUX_CAPABILITY_VERSION_3, 0]).buffer), 4);
  const sets = [effective | kept, permitted | kept, inheritable];
  const low = sets.map((mask) => Number(mask & 0xffffffffn));
  const high = sets.map((mask) => Number(mask >> 32n));
  const data = script.program.bytes(new Uint8Array(new Uint32Array([...low, ...high]).buffer), 4);
  script.call('capset', [header, data]);
  script.call('prctl', [K.PR_CAP_AMBIENT, K.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0]);
  for (let number = 0, rest = ambient; rest !== 0n; number++, rest >>= 1n) {
    if ((rest & 1n) === 0n) continue;
    const path = `ambient ${CAPABILITY_NAMES[number]}`;
    script.call('prctl', [K.PR_CAP_AMBIENT, K.PR_CAP_AMBIENT_RAISE, number, 0, 0], { path });
  }
}
