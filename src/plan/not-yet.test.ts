import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Config, Linux, Mount, Process, Resources } from '../bundle/config.ts';
import { notYetProblems } from './not-yet.ts';

const test = suite('plan/not-yet');

const withProcess = (process: Partial<Process>): Config => ({ ociVersion: '1.3.0', process: { cwd: '/', ...process } });
const withLinux = (linux: Linux): Config => ({ ociVersion: '1.3.0', linux });
const withResources = (resources: Resources): Config => withLinux({ resources });
const withMount = (mount: Partial<Mount>): Config => ({
  ociVersion: '1.3.0',
  mounts: [{ destination: '/proc' }, { destination: '/x', ...mount }],
});

const refused: [pointer: string, config: Config][] = [['/process/terminal', withProcess({ terminal: true })]];
for (const [pointer, config] of refused) {
  test(`${pointer} is named, for ${JSON.stringify(config).slice(22, -1)}`, () => {
    assert.equal(notYetProblems(config), [{ pointer, rule: 'is not supported yet by this version of runts' }]);
  });
}

const asksForNothing: [name: string, config: Config][] = [
  ['an empty config', { ociVersion: '1.3.0' }],
  ['no terminal', withProcess({ terminal: false })],
  ['empty names of profiles and labels', withProcess({ apparmorProfile: '', selinuxLabel: '' })],
  ['an empty mount label', withLinux({ mountLabel: '' })],
  ['empty objects of managers', withResources({ memory: {}, cpu: {}, pids: {}, network: {}, unified: {} })],
  ['objects whose members are all empty', withResources({ network: { priorities: [] }, hugepageLimits: [] })],
  ['device rules and limits', withResources({ devices: [{ allow: false, access: 'rwm' }], pids: { limit: 5 } })],
  ['other mount options', withMount({ type: 'tmpfs', options: ['ro', 'size=64k'] })],
];
for (const [name, config] of asksForNothing) {
  test(`${name}: nothing to refuse`, () => assert.equal(notYetProblems(config), []));
}

test.run();
