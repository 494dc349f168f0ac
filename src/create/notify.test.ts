import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withNotifySocket } from './notify.ts';

const test = suite('create/notify');

const MOUNT = {
  destination: '/run/notify',
  type: 'bind',
  source: '/state/web1/notify',
  options: ['bind', 'ro', 'nosuid', 'nodev', 'noexec'],
};

test('the folder is mounted last, and the variable says where the socket is, once', () => {
  const config = {
    ociVersion: '1.3.0',
    mounts: [{ destination: '/proc' }],
    process: { cwd: '/', env: ['A=1', 'NOTIFY_SOCKET=/host'] },
  };
  assert.equal(withNotifySocket(config, '/state/web1'), {
    ...config,
    mounts: [{ destination: '/proc' }, MOUNT],
    process: { cwd: '/', env: ['A=1', 'NOTIFY_SOCKET=/run/notify/notify.sock'] },
  });
});

test('a config without mounts, environment or process will do', () => {
  assert.equal(withNotifySocket({ ociVersion: '1.3.0' }, '/state/web1'), { ociVersion: '1.3.0', mounts: [MOUNT] });
  const { process } = withNotifySocket({ ociVersion: '1.3.0', process: { cwd: '/' } }, '/state/web1');
  assert.equal(process?.env, ['NOTIFY_SOCKET=/run/notify/notify.sock']);
});

test.run();
