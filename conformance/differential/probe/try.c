// What the kernel forbids or not: system calls that end with an errno that tells, or that harm only the child.
#define _GNU_SOURCE
#include "probe.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

// Permission is checked before the arguments, so a wrong argument shows it: EPERM, or the argument's errno.
static long mount_unknown(void) { return mount("none", "/", "nosuchfilesystem", 0, NULL); }
static long umount_missing(void) { return umount2("/probe.missing", MNT_DETACH); }
static long new_uts(void) { return unshare(CLONE_NEWUTS); }
static long new_user(void) { return unshare(CLONE_NEWUSER); }
static long new_cgroup(void) { return unshare(CLONE_NEWCGROUP); }
static long set_hostname(void) { return syscall(SYS_sethostname, "x", -1L); }
static long change_root(void) { return chroot("/"); }
static long become_user(void) { return setuid(1); }
static long become_group(void) { return setgid(1); }
static long drop_groups(void) { return setgroups(0, NULL); }
static long raise_priority(void) { return setpriority(PRIO_PROCESS, 0, -5); }
static long real_time(void) { return sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1}); }
static long packet_socket(void) { return socket(AF_PACKET, SOCK_RAW, 0); }
static long raw_socket(void) { return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }
static long ping_socket(void) { return socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP); }
static long netlink_socket(void) { return socket(AF_NETLINK, SOCK_RAW, 0); }
static long vsock_socket(void) { return socket(AF_VSOCK, SOCK_STREAM, 0); }
static long be_traced(void) { return ptrace(PTRACE_TRACEME, 0, 0, 0); }
static long bpf_call(void) { return syscall(SYS_bpf, -1, NULL, 0); }
static long perf_call(void) { return syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0); }
static long key_call(void) { return syscall(SYS_keyctl, -1, 0); }
static long userfault_call(void) { return syscall(SYS_userfaultfd, 0); }
static long io_uring_call(void) { return syscall(SYS_io_uring_setup, 0, NULL); }
static long clone3_call(void) { return syscall(SYS_clone3, NULL, 0); }
static long handle_call(void) { return syscall(SYS_open_by_handle_at, -1, NULL, 0); }
static long log_call(void) { return syscall(SYS_syslog, 10, NULL, 0); }
static long reboot_call(void) { return syscall(SYS_reboot, 0, 0, 0, NULL); }
static long swap_call(void) { return syscall(SYS_swapoff, "/probe.missing"); }
static long module_call(void) { return syscall(SYS_init_module, NULL, 0, ""); }
static long clock_call(void) { return syscall(SYS_clock_settime, -1, NULL); }
static long personality_call(void) { return personality(ADDR_NO_RANDOMIZE); }
static long signal_all(void) { return kill(1, 0); }
static long change_owner(void) { return chown("/probe.list", 1, 1) < 0 ? -1 : chown("/probe.list", 0, 0); }
static long make_folder(void) { return mkdir("/probe.folder", 0777) < 0 ? -1 : rmdir("/probe.folder"); }
static long more_files(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_max++;
  return setrlimit(RLIMIT_NOFILE, &limit);
}
static long low_port(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(81)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  return fd < 0 ? -1 : bind(fd, (struct sockaddr *)&address, sizeof address);
}
static long make_device(mode_t type, dev_t device) {
  if (mknod("/tmp/probe.device", type | 0600, device) < 0) return -1;
  int fd = open("/tmp/probe.device", O_RDONLY | O_NONBLOCK);
  int error = errno;
  unlink("/tmp/probe.device");
  errno = error;
  return fd;
}
static long null_device(void) { return make_device(S_IFCHR, makedev(1, 3)); }
static long kmsg_device(void) { return make_device(S_IFCHR, makedev(1, 11)); }
static long loop_device(void) { return make_device(S_IFBLK, makedev(7, 0)); }
static long fifo(void) { return mknod("/tmp/probe.fifo", S_IFIFO | 0600, 0) < 0 ? -1 : unlink("/tmp/probe.fifo"); }

static const struct { const char *name; long (*call)(void); } calls[] = {
    {"mount", mount_unknown}, {"umount", umount_missing}, {"unshare uts", new_uts}, {"unshare user", new_user},
    {"unshare cgroup", new_cgroup}, {"sethostname", set_hostname}, {"chroot", change_root}, {"setuid", become_user},
    {"setgid", become_group}, {"setgroups", drop_groups}, {"nice", raise_priority}, {"real time", real_time},
    {"packet socket", packet_socket}, {"raw socket", raw_socket}, {"ping socket", ping_socket},
    {"netlink socket", netlink_socket}, {"vsock socket", vsock_socket}, {"traceme", be_traced}, {"bpf", bpf_call},
    {"perf_event_open", perf_call}, {"keyctl", key_call}, {"userfaultfd", userfault_call}, {"io_uring", io_uring_call},
    {"clone3", clone3_call}, {"open_by_handle_at", handle_call}, {"syslog", log_call}, {"reboot", reboot_call},
    {"swapoff", swap_call}, {"init_module", module_call}, {"clock_settime", clock_call},
    {"personality", personality_call}, {"kill 1", signal_all}, {"chown", change_owner}, {"mkdir", make_folder},
    {"more files", more_files}, {"low port", low_port}, {"null device", null_device}, {"kmsg device", kmsg_device},
    {"loop device", loop_device}, {"fifo", fifo}};

void try_call(const char *wanted) {
  for (unsigned at = 0; at < sizeof calls / sizeof *calls; at++) {
    if (strcmp(wanted, "all") != 0 && strcmp(wanted, calls[at].name) != 0) continue;
    char name[128];
    snprintf(name, sizeof name, "try %s", calls[at].name);
    pid_t child = fork();
    if (child < 0) { field_failed(name); continue; }
    if (child == 0) _exit(calls[at].call() < 0 ? errno : 0);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (WIFSIGNALED(status)) field(name, "killed by %s", sigabbrev_np(WTERMSIG(status)));
    else field(name, "%s", WEXITSTATUS(status) == 0 ? "ok" : strerrorname_np(WEXITSTATUS(status)));
  }
}
