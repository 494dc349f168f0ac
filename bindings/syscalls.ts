// System call numbers, per architecture: arch/x86/entry/syscalls/syscall_64.tbl and
// include/uapi/asm-generic/unistd.h (arm64) of the kernel. What has no number on arm64 is called by its *at form.

export type Architecture = 'x64' | 'arm64';

/** Name → [x86_64, arm64]. */
const NUMBERS = {
  read: [0, 63],
  write: [1, 64],
  close: [3, 57],
  rt_sigaction: [13, 134],
  rt_sigprocmask: [14, 135],
  ioctl: [16, 29],
  dup3: [292, 24],
  socketpair: [53, 199],
  sendmsg: [46, 211],
  recvmsg: [47, 212],
  clone: [56, 220],
  execve: [59, 221],
  exit: [60, 93],
  exit_group: [231, 94],
  wait4: [61, 260],
  kill: [62, 129],
  fcntl: [72, 25],
  flock: [73, 32],
  fchdir: [81, 50],
  getcwd: [79, 17],
  umask: [95, 166],
  getpid: [39, 172],
  prlimit64: [302, 261],
  setsid: [112, 157],
  setgroups: [116, 159],
  setresuid: [117, 147],
  setresgid: [119, 149],
  capset: [126, 91],
  pivot_root: [155, 41],
  prctl: [157, 167],
  chroot: [161, 51],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  mount: [165, 40],
  umount2: [166, 39],
  keyctl: [250, 219],
  openat: [257, 56],
  mkdirat: [258, 34],
  mknodat: [259, 33],
  fchownat: [260, 54],
  symlinkat: [266, 36],
  fchmodat: [268, 53],
  ppoll: [271, 73],
  unshare: [272, 97],
  signalfd4: [289, 74],
  pipe2: [293, 59],
  setns: [308, 268],
  seccomp: [317, 277],
  memfd_create: [319, 279],
  execveat: [322, 281],
  pidfd_send_signal: [424, 424],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  pidfd_open: [434, 434],
  clone3: [435, 435],
  close_range: [436, 436],
  openat2: [437, 437],
  mount_setattr: [442, 442],
} as const;

export type SyscallName = keyof typeof NUMBERS;

/** The number of a system call on an architecture. */
export function syscallNumber(name: SyscallName, architecture: Architecture): number {
  return NUMBERS[name][architecture === 'x64' ? 0 : 1];
}
