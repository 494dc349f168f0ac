// A seccomp profile of the shape and size of those that managers come with: about 400 system calls in one long list of
// what is allowed and 60 short groups, many with conditions, for three architectures.

import { definitions } from '../bindings/kernel-headers.ts';
import type { Seccomp, SeccompRule } from '../src/bundle/config.ts';

const HEADERS = process.arch === 'arm64' ? ['asm-generic/unistd.h'] : ['x86_64-linux-gnu/asm/unistd_64.h'];

// Names that only other architectures have, and some that nobody knows.
const FOREIGN = (
  '_llseek arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush chown32 clock_gettime64 fchown32 fcntl64 fstat64 ' +
  'fstatat64 futex_time64 getegid32 geteuid32 getgid32 getuid32 ipc lchown32 lstat64 mmap2 mmsg_from_the_future ' +
  'ppoll_time64 recv send setgid32 setuid32 sigreturn socketcall stat64 sync_file_range2 ugetrlimit waitpid'
).split(' ');

/** Names of this machine's system calls, from the kernel's headers. */
function ownNames(): string[] {
  return [...definitions(HEADERS).keys()].filter((name) => name.startsWith('__NR_')).map((name) => name.slice(5));
}

// What a profile of that kind does not allow.
const DENIED = new Set(
  (
    'acct add_key bpf clone clone3 create_module delete_module finit_module fsconfig get_kernel_syms init_module ' +
    'ioperm iopl kexec_file_load kexec_load keyctl mount move_mount nfsservctl open_by_handle_at personality pivot_root ' +
    'query_module quotactl reboot request_key setns socket swapoff swapon syslog umount2 unshare userfaultfd vhangup'
  ).split(' '),
);

/** The profile. */
export function largeProfile(): Seccomp {
  const names = [...ownNames().filter((name) => !DENIED.has(name)), ...FOREIGN];
  const allow = (rule: Partial<SeccompRule>): SeccompRule => ({ names: [], action: 'SCMP_ACT_ALLOW', ...rule });
  const when = (index: number, value: number, op: string, valueTwo?: number) => [
    { index, value, op, ...(valueTwo !== undefined && { valueTwo }) },
  ];
  const personalities = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    architectures:
      process.arch === 'arm64'
        ? ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']
        : ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    syscalls: [
      allow({ names }),
      ...Array.from({ length: 45 }, (_, family) =>
        allow({ names: ['socket'], args: when(0, family, 'SCMP_CMP_EQ') }),
      ).filter((_, family) => family !== 40),
      ...personalities.map((value) => allow({ names: ['personality'], args: when(0, value, 'SCMP_CMP_EQ') })),
      allow({ names: ['clone'], args: when(0, 0x7e020000, 'SCMP_CMP_MASKED_EQ', 0) }),
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
      ...['acct', 'iopl', 'kexec_load', 'mount', 'quotactl', 'reboot', 'syslog', 'vhangup'].map((name) => ({
        names: [name],
        action: 'SCMP_ACT_ERRNO',
        errnoRet: 1,
      })),
      allow({
        names: ['reboot'],
        args: [...when(0, 0xfee1dead, 'SCMP_CMP_EQ'), ...when(2, 0x89abcdef, 'SCMP_CMP_EQ')],
      }),
    ],
  };
}
