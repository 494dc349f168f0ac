// Sockets of netlink(7) for routing, and conversations over them.

import * as K from './constants.ts';
import { SyscallError } from './errno.ts';
import { closeSync, openSync } from './file-system.ts';
import { read, write } from './files.ts';
import { errorIn, type Message, messagesIn, NLMSG_DONE, NLMSG_ERROR } from './netlink-messages.ts';
import type { Request } from './rtnetlink.ts';
import { syscall } from './syscall.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const NETLINK_ROUTE = 0;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;

/** A socket in the network namespace of this process. */
export function netlinkSocket(): number {
  const fd = syscall('socket', 'NETLINK_ROUTE', AF_NETLINK, SOCK_RAW | K.SOCK_CLOEXEC, NETLINK_ROUTE);
  const on = new Uint8Array(Int32Array.of(1).buffer);
  // Errors come with the kernel's words, and without the request.
  for (const option of [NETLINK_CAP_ACK, NETLINK_EXT_ACK])
    syscall('setsockopt', undefined, fd, SOL_NETLINK, option, on, 4);
  return fd;
}

/** The same in another network namespace, which this thread enters for the moment. */
export function netlinkSocketIn(namespaceFd: number): number {
  const ownFd = openSync('/proc/thread-self/ns/net', 'r');
  try {
    syscall('setns', 'network namespace', namespaceFd, K.CLONE_NEWNET);
    try {
      return netlinkSocket();
    } finally {
      syscall('setns', 'network namespace', ownFd, K.CLONE_NEWNET);
    }
  } finally {
    closeSync(ownFd);
  }
}

// The kernel sends at most 32 kB at once, netlink(7).
const buffer = new Uint8Array(65536);

/**
 * Sends a request and waits for all that the kernel has to say to it.
 * @param what the request is about, for the error
 * @throws SyscallError named after the request
 */
export function ask(fd: number, { name, bytes }: Request, what: string): Message[] {
  write(fd, bytes);
  const answers: Message[] = [];
  for (;;) {
    const length = read(fd, buffer);
    for (const message of messagesIn(buffer.slice(0, length))) {
      if (message.type !== NLMSG_ERROR && message.type !== NLMSG_DONE) {
        answers.push(message);
        continue;
      }
      const { errno, text } = errorIn(message);
      if (errno === 0) return answers;
      throw new SyscallError(name, errno, text === '' ? what : `${what} (${text})`);
    }
  }
}
