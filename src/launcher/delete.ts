// `delete` of a plain container that is stopped.
import type { Label } from '../final/encoder.ts';
import type { Operand } from '../final/memory.ts';
import { BRIEF } from '../state/brief-layout.ts';
import { KEPT_FILES } from '../state/kept-exec-layout.ts';
import { type CommandLine, openLog } from './command-line.ts';
import { number, type Opened, openLocked, text } from './container.ts';
import type { Flow } from './flow.ts';
import { A, C } from './machine.ts';
import { findStatus } from './status.ts';

const AT_FDCWD = -100;
const AT_REMOVEDIR = 0x200;
const ENOENT = 2;
/** What getdents64(2) says of a folder with `state.json` alone: its entries `.`, `..` and that, of 24, 24, 32 bytes. */
const RECORD_ALONE = 80;

/** Does what operate/delete.ts does. */
export function remove(flow: Flow, line: CommandLine, engine: Label): void {
  const { machine } = flow;
  const opened = openLocked(flow, line.folder, engine);
  number(flow, opened.brief, BRIEF.canDelete);
  machine.jumpUnlessEqual(A, 1, engine);
  const stopped = machine.newLabel();
  findStatus(flow, opened, { created: engine, running: engine, paused: engine, stopped }, engine);
  machine.label(stopped);
  openLog(flow, line, engine);
  removeOpened(flow, opened, line.folder, engine);
  flow.exit(0);
}

/** Removes the cgroups and the folder of a locked container that is stopped, and whose brief allows it. */
export function removeOpened(flow: Flow, opened: Opened, folder: Operand, engine: Label): void {
  const { machine, data } = flow;
  removeCgroups(flow, opened, engine);
  unlink(flow, opened, ['created', 'plan.json', 'start', 'result', ...KEPT_FILES]);
  // Without the record the engine could do nothing about anything else in there.
  const entries = data.reserve(512);
  flow.call('getdents64', [opened.folderFd, entries, 512]);
  machine.keep(A, 'result');
  machine.jumpUnlessEqual(A, RECORD_ALONE, engine);
  flow.call('unlinkat', [opened.folderFd, data.string('state.json'), 0]);
  const removed = machine.newLabel();
  flow.call('unlinkat', [AT_FDCWD, folder, AT_REMOVEDIR]);
  machine.jumpIfResult(0, removed);
  // An `exec`, which holds no lock, may leave one behind this: as removeFolder in src/state/store.ts.
  for (let times = 0; times < 3; times++) {
    unlink(flow, opened, KEPT_FILES);
    flow.call('unlinkat', [AT_FDCWD, folder, AT_REMOVEDIR]);
    machine.jumpIfResult(0, removed);
  }
  machine.jump(engine);
  machine.label(removed);
}

function unlink(flow: Flow, { folderFd }: Opened, names: readonly string[]): void {
  for (const name of names) flow.call('unlinkat', [folderFd, flow.data.string(name), 0]);
}

function removeCgroups(flow: Flow, { brief }: Opened, engine: Label): void {
  const { machine } = flow;
  text(flow, brief, BRIEF.cgroups);
  flow.loop((done) => {
    machine.loadAt(C, A, 1);
    machine.jumpIfEqual(C, 0, done);
    const gone = machine.newLabel();
    flow.call('unlinkat', [AT_FDCWD, A, AT_REMOVEDIR]);
    machine.jumpIfResult(-ENOENT, gone);
    machine.jumpIfFailed(engine);
    machine.label(gone);
    flow.loop((end) => {
      machine.loadAt(C, A, 1);
      machine.add(A, 1);
      machine.jumpIfEqual(C, 0, end);
    });
  });
}
