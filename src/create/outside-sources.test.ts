import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Mount, Namespace } from '../bundle/config.ts';
import { RuntimeError } from '../errors.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { outsideSources } from './outside-sources.ts';

const test = suite('create/outside-sources');

const bind = (source: string, option: string) => ({ destination: '/x', source, options: [option] });

function outside(mounts: Mount[], namespace: Partial<Namespace> = {}): number[] {
  const namespaces: Namespace[] = [{ type: 'user' }, { type: 'mount', ...namespace }];
  return [...outsideSources(samplePlan({ ociVersion: '1.3.0', mounts, linux: { namespaces } }))];
}

test('sources that are bound alone', () => assert.equal(outside([bind('/', 'rbind'), bind('/', 'bind')]), [1]));

const flagged = readFileSync('/proc/self/mountinfo', 'utf8').match(/ (\/\S*) \S*\b(nosuid|nodev|noexec)\b/)?.[1];
if (flagged === undefined) console.log('skipped: no mount with flags here: one that has flags which are to stay');
else {
  test('not those whose mount has flags that are to stay', () => assert.equal(outside([bind(flagged, 'bind')]), []));
}

test('only bind mounts are looked at, and none in a joined mount namespace', () => {
  assert.equal(outside([{ destination: '/x', type: 'tmpfs', source: '/no/such' }]), []);
  assert.equal(outside([bind('/', 'bind')], { path: '/proc/1/ns/mnt' }), []);
});

test('a source that is not there is an error with the mount', () => {
  const isTold = (error: unknown) =>
    error instanceof RuntimeError && /mounts\/0 .*: statfs \/no\/such ENOENT/.test(error.oneLine);
  assert.throws(() => outside([bind('/no/such', 'bind')]), isTold);
});

test.run();
