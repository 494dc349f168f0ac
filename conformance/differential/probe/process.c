// What only system calls tell about the process: ids, limits, scheduling, prctl(2), sessions, memory policy, keyring.
#define _GNU_SOURCE
#include "probe.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

static void print_limits(void) {
  static const char *names[] = {"CPU",   "FSIZE",   "DATA",   "STACK",  "CORE",     "RSS",      "NPROC", "NOFILE",
                                "MEMLOCK", "AS",    "LOCKS",  "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME"};
  for (int at = 0; at < 16; at++) {
    char name[64];
    struct rlimit limit;
    snprintf(name, sizeof name, "limit %s", names[at]);
    if (getrlimit((__rlimit_resource_t)at, &limit) < 0) field_failed(name);
    else field(name, "%lld %lld", (long long)limit.rlim_cur, (long long)limit.rlim_max);
  }
}

static void print_ids(void) {
  uid_t ruid, euid, suid;
  gid_t rgid, egid, sgid, groups[256];
  getresuid(&ruid, &euid, &suid);
  getresgid(&rgid, &egid, &sgid);
  field("uid", "%u %u %u", ruid, euid, suid);
  field("gid", "%u %u %u", rgid, egid, sgid);
  char text[4096] = "";
  int count = getgroups(256, groups);
  for (int at = 0; at < count; at++) snprintf(text + strlen(text), 32, "%s%u", at == 0 ? "" : " ", groups[at]);
  field("groups", "%s", text);
  mode_t mask = umask(0);
  umask(mask);
  field("umask", "%04o", mask);
}

static void print_sessions(void) {
  field("pid", "%d", getpid());
  field("parent", "%s", getppid() == 0 ? "none" : "some");
  field("process group", "%s", getpgrp() == getpid() ? "own" : "other");
  field("session", "%s", getsid(0) == getpid() ? "own" : getsid(0) == 0 ? "outside" : "other");
  struct winsize size;
  for (int fd = 0; fd < 3; fd++) {
    char name[16];
    snprintf(name, sizeof name, "tty %d", fd);
    if (ioctl(fd, TIOCGWINSZ, &size) < 0) field_failed(name);
    else field(name, "%ux%u", size.ws_col, size.ws_row);
  }
}

static void print_controls(void) {
  static const struct { const char *name; int option; } controls[] = {
      {"dumpable", PR_GET_DUMPABLE},     {"keep caps", PR_GET_KEEPCAPS},   {"securebits", PR_GET_SECUREBITS},
      {"timer slack", PR_GET_TIMERSLACK}, {"no_new_privs", PR_GET_NO_NEW_PRIVS}, {"thp disable", PR_GET_THP_DISABLE},
      {"machine check", PR_MCE_KILL_GET}, {"timing", PR_GET_TIMING},       {"tsc", 0}};
  for (unsigned at = 0; at < sizeof controls / sizeof *controls - 1; at++) {
    int value = prctl(controls[at].option, 0, 0, 0, 0);
    if (value < 0) field_failed(controls[at].name);
    else field(controls[at].name, "%d", value);
  }
  int value = -1;
  if (prctl(PR_GET_PDEATHSIG, &value) == 0) field("death signal", "%d", value);
  if (prctl(PR_GET_CHILD_SUBREAPER, &value) == 0) field("subreaper", "%d", value);
  char comm[17] = "";
  prctl(PR_GET_NAME, comm);
  field("comm", "%s", comm);
}

struct attributes { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t runtime, deadline, period; };

static void print_scheduling(void) {
  struct attributes now = {0};
  if (syscall(SYS_sched_getattr, 0, &now, sizeof now, 0) < 0) field_failed("scheduler");
  else field("scheduler", "policy %u flags %llu nice %d priority %u runtime %llu deadline %llu period %llu", now.policy,
             (unsigned long long)now.flags, now.nice, now.priority, now.policy < 3 ? 0ULL : (unsigned long long)now.runtime,
             (unsigned long long)now.deadline, (unsigned long long)now.period);
  long priority = syscall(SYS_ioprio_get, 1, 0);
  if (priority < 0) field_failed("io priority");
  else field("io priority", "class %ld data %ld", priority >> 13, priority & 0x1fff);
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof cpus, &cpus) == 0) field("affinity", "%d cpus", CPU_COUNT(&cpus));
  field("personality", "%lx", (unsigned long)personality(0xffffffff));
  int mode = 0;
  unsigned long nodes[16] = {0};
  if (syscall(SYS_get_mempolicy, &mode, nodes, sizeof nodes * 8, 0, 0) < 0) field_failed("memory policy");
  else field("memory policy", "%d %lx", mode, nodes[0]);
}

static void print_keyring(void) {
  char text[256] = "";
  long id = syscall(SYS_keyctl, 0 /* GET_KEYRING_ID */, -3 /* session */, 0);
  if (id < 0) { field_failed("keyring"); return; }
  syscall(SYS_keyctl, 6 /* DESCRIBE */, id, text, sizeof text - 1);
  field("keyring", "%s", text);
}

static void print_host(void) {
  struct utsname names;
  char cwd[4096];
  uname(&names);
  field("hostname", "%s", names.nodename);
  field("domainname", "%s", names.domainname);
  field("machine", "%s", names.machine);
  if (syscall(SYS_getcwd, cwd, sizeof cwd) < 0) field_failed("cwd");
  else field("cwd", "%s", cwd);
  struct ifreq request = {.ifr_name = "lo"};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0) field_failed("lo");
  else field("lo", "%s", request.ifr_flags & IFF_UP ? "up" : "down");
  if (fd >= 0) close(fd);
}

void print_process(void) {
  print_ids();
  print_limits();
  print_sessions();
  print_controls();
  print_scheduling();
  print_keyring();
  print_host();
}
