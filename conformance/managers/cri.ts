// What the kubelet does with a pod of a RuntimeClass: Kubernetes' CRI, by gRPC over containerd's socket.
// usage: bun cri.ts HANDLER IMAGE COMMAND...; prints what the command says, which is executed in the pod's container.
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { decode, encode, type Message } from './protobuf.ts';

const SOCKET = '/run/containerd/containerd.sock';
const LIMIT_MS = 20_000;
/** NamespaceMode NODE: a network of its own takes CNI plugins. */
const HOST_NETWORK = { 8: { 2: { 1: { 1: 2 } } } };

const session = connectHttp2('http://localhost', { createConnection: () => connect(SOCKET) });
const [handler = '', image = '', ...command] = process.argv.slice(2);
const pod: Message = { 1: { 1: 'web', 2: 'uid-1', 3: 'default' }, 3: '/tmp', ...HOST_NETWORK };

process.once('uncaughtException', ({ message }) => {
  console.error(message);
  process.exit(1);
});

const sandbox = await idFrom('RunPodSandbox', { 1: pod, 2: handler });
const config: Message = { 1: { 1: 'web' }, 2: { 1: image }, 3: ['sleep', '600'], 11: 'web.log' };
const container = await idFrom('CreateContainer', { 1: sandbox, 2: config, 3: pod });
await call('StartContainer', { 1: container });
const answer = await call('ExecSync', { 1: container, 2: command, 3: 10 });
process.stdout.write(`${answer.get(1) ?? ''}${answer.get(2) ?? ''}`);
await call('StopContainer', { 1: container });
await call('RemoveContainer', { 1: container });
await call('StopPodSandbox', { 1: sandbox });
await call('RemovePodSandbox', { 1: sandbox });
session.close();
process.exitCode = Number(answer.get(3) ?? 0);

async function idFrom(method: string, request: Message): Promise<string> {
  return String((await call(method, request)).get(1) ?? '');
}

// gRPC: a byte that says "not compressed", the length in four bytes, the message; the status in the trailers.
function call(method: string, request: Message): Promise<Map<number, string | number>> {
  const message = encode(request);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  return new Promise((resolve, reject) => {
    const path = `/runtime.v1.RuntimeService/${method}`;
    const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
    const stream = session.request(headers);
    const limit = setTimeout(() => reject(new Error(`${method}: no answer`)), LIMIT_MS);
    const parts: Buffer[] = [];
    let failure = '';
    const look = (trailers: Record<string, unknown>): void => {
      const { 'grpc-status': status = '0', 'grpc-message': text } = trailers;
      if (String(status) !== '0') failure = `${method}: ${decodeURIComponent(String(text))}`;
    };
    stream.on('response', look);
    stream.on('trailers', look);
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('error', reject);
    stream.on('end', () => {
      clearTimeout(limit);
      if (failure !== '') reject(new Error(failure));
      else resolve(decode(Buffer.concat(parts).subarray(5)));
    });
    stream.end(Buffer.concat([frame, message]));
  });
}
