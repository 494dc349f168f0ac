// $NOTIFY_SOCKET: the caller's service manager waits to hear that the service is ready, sd_notify(3). The container gets
// a socket of its own in the state's folder; what comes there `start` and `run` pass on (operate/notify.ts).
import type { Config } from '../bundle/config.ts';
import { NOTIFY_FOLDER, NOTIFY_NAME } from '../state/store.ts';

/** Where the container sees that folder, as in runc. */
const DESTINATION = '/run/notify';

/**
 * The config with that folder mounted, and with a variable that says where the socket is. Read-only: sending doesn't
 * change the folder, unix(7), and what the container could put there would be in the runtime's way.
 */
export function withNotifySocket(config: Config, folder: string): Config {
  const source = `${folder}/${NOTIFY_FOLDER}`;
  const mount = {
    destination: DESTINATION,
    type: 'bind',
    source,
    options: ['bind', 'ro', 'nosuid', 'nodev', 'noexec'],
  };
  const mounts = [...(config.mounts ?? []), mount];
  if (config.process === undefined) return { ...config, mounts };
  const others = (config.process.env ?? []).filter((entry) => !entry.startsWith('NOTIFY_SOCKET='));
  const env = [...others, `NOTIFY_SOCKET=${DESTINATION}/${NOTIFY_NAME}`];
  return { ...config, mounts, process: { ...config.process, env } };
}
