// The process that systemd makes a scope for (src/init/placeholder.ts).
import { closeSync } from '../../bindings/file-system.ts';
import { socketpair } from '../../bindings/files.ts';
import { wait } from '../../bindings/process.ts';
import { step } from '../errors.ts';
import { placeholderScript } from '../init/placeholder.ts';
import { spawnScript } from '../spawn.ts';

export interface Placeholder {
  pid: number;
  /** Ends the process. It ends with the runtime at the latest. */
  end(): void;
}

/** Starts the process. */
export function startPlaceholder(): Placeholder {
  const [near, far] = socketpair();
  const options = { name: 'runts-placeholder', inherit: [far], firstOwn: 3 };
  const pid = step('start a process for the scope', () => spawnScript(placeholderScript(far), options));
  closeSync(far);
  return {
    pid,
    end() {
      closeSync(near);
      wait(pid, { block: true });
    },
  };
}
