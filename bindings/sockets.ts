// Sockets in the file system, unix(7).
import * as K from './constants.ts';
import { SyscallError } from './errno.ts';
import { addressOf, cString, syscall, trySyscall, words64 } from './syscall.ts';

/** sizeof sun_path. */
const PATH_SIZE = 108;

/**
 * socket(2), connect(2): a connection to the stream socket at a path. Waiting for it, or for sending, ends with EAGAIN
 * after the time limit.
 * @returns a descriptor, closed on exec
 */
export function connectUnix(path: string, timeoutMs: number): number {
  const address = addressFor('connect', path);
  const fd = syscall('socket', undefined, K.AF_UNIX, K.SOCK_STREAM | K.SOCK_CLOEXEC, 0);
  try {
    const limit = words64(Math.trunc(timeoutMs / 1000), (timeoutMs % 1000) * 1000);
    syscall('setsockopt', 'SO_SNDTIMEO', fd, K.SOL_SOCKET, K.SO_SNDTIMEO, limit, limit.length);
    syscall('connect', path, fd, address, address.length);
    return fd;
  } catch (error) {
    trySyscall('close', fd);
    throw error;
  }
}

/** struct sockaddr_un. A name that begins with @ is an abstract one, which isn't in the file system. */
function addressFor(call: 'connect' | 'bind', path: string): Uint8Array {
  const name = cString(path);
  if (name.length > PATH_SIZE) throw new SyscallError(call, 'ENAMETOOLONG', path);
  const isAbstract = path.startsWith('@');
  const address = new Uint8Array(2 + name.length - (isAbstract ? 1 : 0));
  address[0] = K.AF_UNIX;
  address.set(name.subarray(0, address.length - 2), 2);
  if (isAbstract) address[2] = 0;
  return address;
}

/** socket(2), bind(2): a datagram socket that can be sent to by a path. Returns a descriptor, closed on exec. */
export function bindDatagram(path: string): number {
  return datagramSocket('bind', path);
}

/** socket(2), connect(2): a datagram socket for sending to the one at a path. Returns a descriptor, closed on exec. */
export function connectDatagram(path: string): number {
  return datagramSocket('connect', path);
}

function datagramSocket(call: 'connect' | 'bind', path: string): number {
  const address = addressFor(call, path);
  const fd = syscall('socket', undefined, K.AF_UNIX, K.SOCK_DGRAM | K.SOCK_CLOEXEC, 0);
  try {
    syscall(call, path, fd, address, address.length);
    return fd;
  } catch (error) {
    trySyscall('close', fd);
    throw error;
  }
}

/** sendmsg(2): all of some data, with the first byte of it a descriptor (SCM_RIGHTS). */
export function sendWithFd(socketFd: number, data: Uint8Array, descriptor: number): void {
  // struct cmsghdr: its length, then level and type; padded to 8 bytes.
  const control = new Uint8Array(Uint32Array.of(20, 0, K.SOL_SOCKET, K.SCM_RIGHTS, descriptor, 0).buffer);
  const send = (rest: Uint8Array, controlSize: number): number => {
    const vector = words64(addressOf(rest), rest.length);
    const header = words64(0, 0, addressOf(vector), 1, addressOf(control), controlSize, 0);
    return syscall('sendmsg', undefined, socketFd, header, K.MSG_NOSIGNAL);
  };
  let sent = send(data, control.length);
  while (sent < data.length) sent += send(data.subarray(sent), 0);
}
