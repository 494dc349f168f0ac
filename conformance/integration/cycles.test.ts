// Hundreds of containers, one after the other: none leaves a cgroup behind. CYCLES=n makes it shorter or longer; `make
// soak` does more, and looks at more.
import * as assert from 'uvu/assert';
import { cgroupsOf } from './host.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('cycles');

const COUNT = Number(process.env.CYCLES ?? 500);
const resources = { memory: { limit: 64 * 1024 * 1024 }, pids: { limit: 20 }, cpu: { shares: 512, cpus: '0' } };

test(`${COUNT} times create and delete leave no cgroup`, () => {
  const bundles = [runtime.bundle(), runtime.bundle({ linux: { resources } })];
  const nested = runtime.bundle({ linux: { cgroupsPath: `/${runtime.tag}-parent/child`, resources } });
  const id = runtime.id();
  for (let index = 0; index < COUNT; index++) {
    const bundle = [...bundles, nested][index % 3];
    runtime.ok(['create', '--bundle', bundle?.directory ?? '', id]);
    runtime.ok(['delete', '--force', id]);
  }
  // Folders above the container's own stay: somebody may have put limits there.
  assert.equal(
    cgroupsOf(runtime.tag).filter((folder) => !folder.endsWith('-parent')),
    [],
  );
});

test.run();
