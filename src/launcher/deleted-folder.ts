// In a deleted working directory the engine doesn't start, and managers call `delete` from a bundle that is gone.
import type { Flow } from './flow.ts';
import { A } from './machine.ts';

const PATH_MAX = 4096;
const ENOENT = 2;

/** Goes to the root directory, if the working directory was deleted. */
export function leaveDeletedFolder(flow: Flow): void {
  const { machine, data } = flow;
  const [deleted, done] = [machine.newLabel(), machine.newLabel()];
  flow.call('getcwd', [data.reserve(PATH_MAX), PATH_MAX]);
  machine.keep(A, 'result');
  machine.jumpIfEqual(A, -ENOENT, deleted);
  machine.jump(done);
  machine.label(deleted);
  flow.call('chdir', [data.string('/')]);
  machine.label(done);
}
