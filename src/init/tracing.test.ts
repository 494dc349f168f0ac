import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import type { Namespace } from '../bundle/config.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { argsOf, callsOf, scriptOf } from './fixtures/lines.ts';
import { asTraceable, forbidTracing } from './tracing.ts';

const test = suite('init/tracing');

/** Whether it can be traced, call by call. */
function traceable(uid: number, user: Namespace[]): (number | string)[] {
  const mapping = [{ containerID: 0, hostID: 5, size: 1 }];
  const linux = { namespaces: [...user, { type: 'mount' as const }], uidMappings: mapping, gidMappings: mapping };
  const plan = samplePlan({ ociVersion: '1.3.0', linux }, { uid });
  const script = scriptOf((to) => asTraceable(to, plan, () => to.call('getpid', [])));
  return callsOf(script, 'prctl', 'getpid').map((call) =>
    call.name === 'getpid' ? 'build' : Number(argsOf(script, call)[1]),
  );
}

test('a process is closed to tracers', () => {
  const script = scriptOf((to) => forbidTracing(to));
  const calls = callsOf(script, 'prctl').map((call) => argsOf(script, call));
  assert.equal(calls, [[K.PR_SET_DUMPABLE, 0, 0, 0, 0]]);
});

test("it's open to a user's runtime only, and only while it's alone in a new user namespace", () => {
  assert.equal(traceable(1000, [{ type: 'user' }]), [1, 'build', 0]);
  assert.equal(traceable(0, [{ type: 'user' }]), ['build']);
  assert.equal(traceable(1000, []), ['build']);
  assert.equal(traceable(1000, [{ type: 'user', path: '/x' }]), ['build']);
});

test.run();
