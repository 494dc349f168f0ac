// The undo list of a sequence: what was done is taken back in reverse order when a later step fails.
import { addUndoFailure, toRuntimeError } from '../errors.ts';

/** Collects undo actions while a sequence goes on. */
export class UndoList {
  readonly #actions: [name: string, action: () => void][] = [];

  /** Remembers how to take back what has just been done (or is about to be). */
  add(name: string, action: () => void): void {
    this.#actions.push([name, action]);
  }

  /**
   * Takes everything back. A failure does not stop the rest, and never replaces `error`: it's attached to it.
   * @returns the error to throw
   */
  undo(error: unknown): unknown {
    // A kernel error gets its words here, so that what is attached isn't lost when it gets them later.
    const toThrow = toRuntimeError(error) ?? error;
    for (const [name, action] of this.#actions.reverse()) {
      try {
        action();
      } catch (failure) {
        const reason = toRuntimeError(failure)?.oneLine ?? String(failure);
        addUndoFailure(toThrow, `${name}: ${reason}`);
      }
    }
    return toThrow;
  }
}
