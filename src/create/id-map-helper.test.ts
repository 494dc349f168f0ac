// What the programs do for a user: conformance/integration/rootless.test.ts.
import { existsSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wait } from '../../bindings/process.ts';
import { RuntimeError } from '../errors.ts';
import { NO_PID } from '../state/fixtures/record.ts';
import { mapByHelper } from './id-map-helper.ts';

const test = suite('create/id-map-helper');
const isInstalled = existsSync('/usr/bin/newuidmap');

for (const kind of ['uid', 'gid'] as const) {
  test(`a failure of new${kind}map is told in its words, or with a hint if it's missing`, () => {
    try {
      mapByHelper(kind, NO_PID, [{ containerID: 0, hostID: 5, size: 1 }]);
      assert.unreachable();
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      assert.match(error.oneLine, isInstalled ? new RegExp(`^new${kind}map: .*\\w`) : /ENOENT — .*uidmap/);
    }
    assert.is(wait(-1, { block: false }), undefined);
  });
}

test.run();
