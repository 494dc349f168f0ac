// Whether a kept engine goes on at all, here: tried once, before commands rely on it.
import { architecture } from '../../bindings/syscall.ts';
import { noteCaller } from '../launcher/caller.ts';
import { executable } from '../launcher/executable.ts';
import { goOnWithKept } from '../launcher/kept-engine.ts';
import { ENGINE_UNFINISHED } from '../state/kept-engine-layout.ts';

/** What a trial ends with that hasn't come to the engine. */
export const NOT_USED = 100;

/**
 * A program that does what the launcher does, but nothing else, with a kept engine that is unfinished: its words are
 * those for the engine.
 * @param path of the engine
 * @param sources a digest of what runts was built from
 * @returns an executable file
 */
export function trialProgram(path: string, sources: bigint): Uint8Array {
  return executable(architecture, (flow) => {
    const { machine, data } = flow;
    const slot = () => data.slot();
    const told = { caller: noteCaller(flow), openFiles: slot(), descriptors: slot(), others: slot() };
    const ways = { missing: machine.newLabel(), otherwise: machine.newLabel() };
    const inputs = { ...told, path: data.string(path), sources, ending: ENGINE_UNFINISHED, released: slot() };
    goOnWithKept(flow, inputs, ways);
    machine.label(ways.missing);
    machine.label(ways.otherwise);
    flow.exit(NOT_USED);
  });
}
