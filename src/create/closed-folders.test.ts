import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { closedFolders } from './closed-folders.ts';

const test = suite('create/closed-folders');
const folder = mkdtempSync('/tmp/runts-closed-');
test.after(() => rmSync(folder, { recursive: true }));
chmodSync(folder, 0o711);
for (const name of ['open', 'closed']) mkdirSync(`${folder}/${name}/lower`, { recursive: true });
chmodSync(`${folder}/closed`, 0o700);

const ids = [{ containerID: 0, hostID: process.getuid?.() === 0 ? 100_000 : 1, size: 1000 }];

function closed(...lower: string[]): string[] {
  const options = [`lowerdir=${lower.map((name) => `${folder}/${name}`).join(':')}`];
  const linux = { namespaces: [{ type: 'user' as const }], uidMappings: ids, gidMappings: ids };
  const mounts = [1, 2].map((number) => ({ destination: `/${number}`, type: 'overlay', options }));
  return closedFolders(samplePlan({ ociVersion: '1.3.0', mounts, linux }));
}

test('a folder in one that only its owner may enter is closed, and named once', () => {
  assert.equal(closed('open/lower', 'closed/lower', 'closed'), [`${folder}/closed/lower`]);
});

if (process.getuid?.() === 0) {
  test('the mapped root may enter its own', () => {
    chownSync(`${folder}/closed`, 100_000, 100_000);
    assert.equal(closed('closed/lower'), []);
  });
}

test.run();
