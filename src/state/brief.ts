// What the launcher needs to know of a plain container to answer `state`, `start` and `delete` without the engine
// (src/launcher/shortcuts.ts): the content of the file that says that a container is created.
import { BRIEF, BRIEF_MAGIC, BRIEF_SIZE, HEADER_SIZE } from './brief-layout.ts';
import { stateDocument } from './document.ts';
import type { ContainerRecord } from './store.ts';

/** A brief of a container that has just been created; nothing if it's too large for the launcher. */
export function briefOf(record: ContainerRecord): Uint8Array<ArrayBuffer> {
  const texts = new Texts();
  const { pid, startTime, cgroups } = record;
  const frozenBy = cgroups
    .filter(({ freezer }) => freezer !== undefined)
    .map(({ directory, freezer }) => `${directory}/${freezer}`);
  if (frozenBy.length > BRIEF.freezers.length) return new Uint8Array(0);
  texts.number(BRIEF.magic, BRIEF_MAGIC);
  texts.number(BRIEF.canStart, isPlainStart(record) ? 1n : 0n);
  texts.number(BRIEF.canDelete, isPlainDelete(record) ? 1n : 0n);
  texts.text(BRIEF.statPath, `/proc/${pid}/stat`);
  texts.text(BRIEF.startTime, startTime);
  texts.text(BRIEF.namespace, `/proc/${pid}/ns/mnt`);
  BRIEF.freezers.forEach((at, index) => {
    const path = frozenBy[index];
    if (path !== undefined) texts.text(at, path);
  });
  const [beforePid, beforeStatus, afterStatus] = stateText(record);
  texts.text(BRIEF.beforePid, beforePid);
  texts.text(BRIEF.pid, String(pid));
  texts.text(BRIEF.beforeStatus, beforeStatus);
  texts.text(BRIEF.afterStatus, afterStatus);
  const own = cgroups.filter(({ isOwn }) => isOwn);
  texts.text(BRIEF.cgroups, own.map(({ directory }) => `${directory}\0`).join(''));
  return texts.finish();
}

/** Whether the launcher's programs may start and delete the container. */
export function isPlain(record: ContainerRecord): boolean {
  return isPlainStart(record) && isPlainDelete(record);
}

function isPlainStart({ executable, hooks, notifies }: ContainerRecord): boolean {
  return executable !== undefined && !hooks.startContainer?.length && !hooks.poststart?.length && !notifies;
}

function isPlainDelete({ hooks, scope, resctrl, rootfsMount, notifies }: ContainerRecord): boolean {
  const isBare = scope === undefined && resctrl === undefined && rootfsMount === undefined && !notifies;
  return isBare && !hooks.poststop?.length;
}

// The pid and the status are its only parts that change.
function stateText(record: ContainerRecord): [string, string, string] {
  const text = `${JSON.stringify(stateDocument(record, 'running'), null, 2)}\n`;
  const pidAt = text.indexOf('"pid": ') + '"pid": '.length;
  const statusAt = text.indexOf('"status": "', pidAt) + '"status": "'.length;
  const pidEnd = pidAt + String(record.pid).length;
  return [text.slice(0, pidAt), text.slice(pidEnd, statusAt), text.slice(statusAt + 'running'.length)];
}

const encoder = new TextEncoder();

/** Numbers in the header, texts behind it. */
class Texts {
  readonly #bytes = new Uint8Array(BRIEF_SIZE);
  readonly #view = new DataView(this.#bytes.buffer);
  #length = HEADER_SIZE;
  #isTooLarge = false;

  number(at: number, value: bigint): void {
    this.#view.setBigUint64(at, value, true);
  }

  text(at: number, text: string): void {
    this.number(at, BigInt(this.#length));
    const { read, written } = encoder.encodeInto(text, this.#bytes.subarray(this.#length));
    this.#length += written + 1;
    if (read < text.length || this.#length >= BRIEF_SIZE) this.#isTooLarge = true;
  }

  finish(): Uint8Array<ArrayBuffer> {
    // With a NUL more: the end of the list of cgroups.
    const size = this.#length + 1;
    this.number(BRIEF.size, BigInt(size));
    return this.#isTooLarge ? new Uint8Array(0) : this.#bytes.subarray(0, size);
  }
}
