// linux.intelRdt. The logic is tested on a folder that looks like resctrl: src/create/intel-rdt.test.ts.
import * as assert from 'uvu/assert';
import { readText } from './host.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('intel-rdt');

const isMounted = readText('/proc/self/mountinfo').includes(' - resctrl ');

testUnless(isMounted ? 'resctrl is mounted' : undefined, test, 'without resctrl asking for it is an error', () => {
  const before = snapshot(runtime);
  for (const intelRdt of [{}, { closID: '/' }, { closID: 'x', schemata: ['L3:0=f'] }, { enableMonitoring: true }]) {
    const bundle = runtime.bundle({ linux: { intelRdt } });
    const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
    assert.match(line, /intelRdt|resctrl/i);
  }
  assert.equal(leftovers(before), []);
});

testUnless(isMounted ? undefined : 'resctrl is not mounted', test, 'the container is in a group of its own', () => {
  const id = runtime.running({ linux: { intelRdt: {} } });
  const group = `/sys/fs/resctrl/${id}`;
  assert.ok(
    readText(`${group}/tasks`)
      .split('\n')
      .includes(String(runtime.state(id).pid)),
  );
  runtime.remove(id);
  assert.is(readText(`${group}/tasks`), '');
});

test.run();
