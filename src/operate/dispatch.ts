// From a parsed command line to the operation, which is loaded only now.
import { isInitialUserNamespace } from '../../bindings/user-namespace.ts';
import type { CommandInvocation } from '../cli/parse.ts';
import { create } from '../create/create.ts';
import { RuntimeError } from '../errors.ts';
import { parseSignal } from '../signals.ts';
import { deleteContainer } from './delete.ts';
import { exec } from './exec.ts';
import { kill } from './kill.ts';
import { run } from './run.ts';
import { start } from './start.ts';
import { state } from './state.ts';

/** Where the state is kept: --root, else /run/runts, for users without privileges below XDG_RUNTIME_DIR. */
export function stateRoot(
  chosen: string | undefined,
  isUser: (environment: NodeJS.ProcessEnv) => boolean,
  environment: NodeJS.ProcessEnv,
): string {
  if (chosen !== undefined) return chosen.startsWith('/') ? chosen : `${process.cwd()}/${chosen}`;
  const runtimeDir = environment.XDG_RUNTIME_DIR;
  return runtimeDir && isUser(environment) ? `${runtimeDir}/runts` : '/run/runts';
}

// A user's Podman and buildah call the runtime as root of a user namespace of theirs; in a container whose root has a
// user namespace, too, $USER tells who it is. As in runc.
function isUserWithoutPrivileges({ USER }: NodeJS.ProcessEnv): boolean {
  if (process.getuid?.() !== 0) return true;
  return USER !== 'root' && !isInitialUserNamespace();
}

/** Writes to standard output. Returns false when nobody reads it any more. */
export type Print = (text: string) => unknown;

/** Runs the command. Returns the exit status. */
export async function dispatch(invocation: CommandInvocation, print: Print): Promise<number> {
  const root = stateRoot(invocation.global.root, isUserWithoutPrivileges, process.env);
  switch (invocation.command) {
    case 'create': {
      await create(createOptions(root, invocation, true));
      return 0;
    }
    case 'run': {
      const { options } = invocation;
      return run({
        ...createOptions(root, invocation, options.detach),
        keep: options.keep,
        noSubreaper: options['no-subreaper'],
      });
    }
    case 'start': {
      await start(root, invocation.args[0]);
      return 0;
    }
    case 'state': {
      print(state(root, invocation.args[0]));
      return 0;
    }
    case 'kill': {
      const [, text] = invocation.args;
      const signal = text === undefined ? undefined : parseSignal(text);
      kill(root, invocation.args[0], signal, { toAll: invocation.options.all });
      return 0;
    }
    case 'delete': {
      await deleteContainer(root, invocation.args[0], { isForced: invocation.options.force });
      return 0;
    }
    case 'list': {
      const { list } = await import('./list.ts');
      const { format, quiet } = invocation.options;
      print(list(root, { format: format === 'json' ? 'json' : 'table', isQuiet: quiet }));
      return 0;
    }
    case 'pause': {
      const { pause } = await import('./pause.ts');
      pause(root, invocation.args[0]);
      return 0;
    }
    case 'resume': {
      const { resume } = await import('./pause.ts');
      resume(root, invocation.args[0]);
      return 0;
    }
    case 'ps': {
      const { ps } = await import('./ps.ts');
      const [id, ...options] = invocation.args;
      print(ps(root, id, { format: invocation.options.format, options }));
      return 0;
    }
    case 'update': {
      const { update } = await import('./update.ts');
      await update(root, invocation.args[0], invocation.options);
      return 0;
    }
    case 'events': {
      const { events } = await import('./events.ts');
      events(root, invocation.args[0], invocation.options, print);
      return 0;
    }
    case 'spec': {
      const { spec } = await import('./spec.ts');
      spec({ bundle: invocation.options.bundle ?? '.', isRootless: invocation.options.rootless });
      return 0;
    }
    case 'features': {
      const { features } = await import('./features.ts');
      print(features());
      return 0;
    }
    case 'exec': {
      return exec(execOptions(root, invocation));
    }
    default:
      throw new RuntimeError('not supported yet');
  }
}

/** Descriptors that socket activation has passed to this process, sd_listen_fds(3). */
export function listenFds(environment: NodeJS.ProcessEnv, pid: number): number {
  const isForUs = (environment.LISTEN_PID ?? String(pid)) === String(pid);
  return isForUs ? Number.parseInt(environment.LISTEN_FDS ?? '0', 10) || 0 : 0;
}

function createOptions(
  root: string,
  { global, options, args }: CommandInvocation<'create'> | CommandInvocation<'run'>,
  detach: boolean,
) {
  return {
    root,
    systemdCgroup: global['systemd-cgroup'],
    isRootless: global.rootless === 'auto' ? undefined : global.rootless === 'true',
    id: args[0],
    bundle: options.bundle ?? '.',
    pidFile: options['pid-file'],
    detach,
    consoleSocket: options['console-socket'],
    noPivot: options['no-pivot'],
    noNewKeyring: options['no-new-keyring'],
    preserveFds: options['preserve-fds'],
    listenFds: listenFds(process.env, process.pid),
  };
}

function execOptions(root: string, { options, args }: CommandInvocation<'exec'>) {
  const [id, ...command] = args;
  return {
    root,
    id,
    processFile: options.process,
    choices: {
      args: command,
      cwd: options.cwd,
      env: options.env,
      hasTerminal: options.tty,
      user: options.user,
      additionalGids: options['additional-gids'],
      noNewPrivileges: options['no-new-privs'],
      capabilities: options.cap,
      selinuxLabel: options['process-label'],
      apparmorProfile: options.apparmor,
    },
    detach: options.detach,
    consoleSocket: options['console-socket'],
    pidFile: options['pid-file'],
    cgroups: options.cgroup,
    ignorePaused: options['ignore-paused'],
    preserveFds: options['preserve-fds'],
    listenFds: listenFds(process.env, process.pid),
  };
}
