// The runtime waits for the container process: passes warnings on, turns failures and death into errors.
import { wait } from '../../bindings/process.ts';
import { errnoName } from '../../bindings/constants.ts';
import { RuntimeError } from '../errors.ts';
import { describeStep, STEP } from '../final/steps.ts';
import { HookError } from '../hooks.ts';
import { warn } from '../log.ts';
import type { Plan } from '../plan/plan.ts';
import { type Message, receive } from '../protocol.ts';

/**
 * Waits until the container process says `type`.
 * @throws RuntimeError with the container process's own error, or how it died
 */
export function awaitMessage<Type extends Message['type']>(
  parentFd: number,
  plan: Plan,
  pid: number,
  type: Type,
): Extract<Message, { type: Type }> {
  for (;;) {
    const message = receive(parentFd);
    if (message === undefined) throw death(pid);
    if (message.type === 'warning') warn(message.text);
    else if (message.type === 'failed') throw failure(message.error);
    else if (message.type === 'report' && message.step !== STEP.ready) throw finalFailure(message, plan);
    else if (isOfType(message, type)) return message;
    else throw new Error(`protocol: ${message.type} instead of ${type}`);
  }
}

function isOfType<Type extends Message['type']>(
  message: Message,
  type: Type,
): message is Extract<Message, { type: Type }> {
  return message.type === type;
}

function failure(error: Parameters<typeof RuntimeError.fromFields>[0]): RuntimeError {
  const isHook = error.steps[0]?.startsWith('hook /hooks/') ?? false;
  return isHook ? new HookError(error.cause, { steps: error.steps }) : RuntimeError.fromFields(error);
}

/** The error for a step of the final program that failed. */
export function finalFailure({ step, errno }: { step: number; errno: number }, plan: Plan): RuntimeError {
  const [doing, syscall] = describeStep(step, plan);
  const name = errnoName(errno);
  return new RuntimeError(`${syscall} ${name}`, { steps: [doing], errno: name });
}

function death(pid: number): RuntimeError {
  const ended = wait(pid, { block: true });
  if (ended === undefined) return new RuntimeError('the container process has ended without a word');
  const how = ended.signal === 0 ? `exited with status ${ended.code}` : `was killed by signal ${ended.signal}`;
  const hint = ended.signal === 9 ? 'out of memory, or killed by somebody' : undefined;
  return new RuntimeError(`the container process ${how} while it was set up`, { ...(hint !== undefined && { hint }) });
}
