// CVE-2016-9962: a container that shares its pid namespace with one that is being made looks into that one's process,
// which has descriptors and rights of the host's.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Mount } from '../../src/bundle/config.ts';
import { type Changes, withMounts } from '../bundle.ts';
import { waitUntil } from '../runtime.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('tracing');

const shared = join(runtime.folder, 'shared');
mkdirSync(shared);
chmodSync(shared, 0o777);
const mount: Mount = { destination: '/shared', source: shared, options: ['bind'] };

/** A container that, when asked to, lists what it can see of the processes besides its own. */
function watching(): number {
  const look = 'for process in /proc/[0-9]*; do ls -l $process/exe $process/root $process/fd; done';
  const script = `while [ ! -e /shared/go ]; do sleep 0.02; done; (${look}) > /shared/look 2>&1; mv /shared/look /shared/seen; sleep 60`;
  const id = runtime.running({ process: { args: ['sh', '-c', script] }, mounts: withMounts(mount) });
  return runtime.state(id).pid;
}

function seenBy(act: () => void): string {
  act();
  writeFileSync(join(shared, 'go'), '');
  assert.ok(waitUntil(() => existsSync(join(shared, 'seen'))));
  return readFileSync(join(shared, 'seen'), 'utf8');
}

test('another container of the same rights and pid namespace cannot look into a process that waits for start', () => {
  const pid = watching();
  const namespaces = (['pid', 'network', 'ipc', 'uts', 'mount'] as const).map((type) =>
    type === 'pid' ? { type, path: `/proc/${pid}/ns/pid` } : { type },
  );
  const changes: Changes = { linux: { namespaces }, process: { args: ['sleep', '60'] } };
  const seen = seenBy(() => runtime.create(runtime.bundle(changes)));
  // It does see its own processes, and that there are others.
  assert.match(seen, /\/bin\/busybox/);
  assert.not.match(seen, /runts-init|\/(start|result)\b/);
});

test.run();
