// What the probe looks at in every container and in every hook: lines for probe/probe.c.
import { isCgroupV2 } from '../integration/host.ts';

const NAMESPACES = 'cgroup ipc mnt net pid pid_for_children time time_for_children user uts'.split(' ');

const PROCESS = [
  'fds',
  'process',
  ...NAMESPACES.map((name) => `link /proc/self/ns/${name}`),
  'link /proc/self/exe',
  'link /proc/self/root',
  'read /proc/self/status',
  'read /proc/self/cgroup',
  'read /proc/self/uid_map',
  'read /proc/self/gid_map',
  'read /proc/self/setgroups',
  'read /proc/self/oom_score_adj',
];

const FILES = 'coredump_filter loginuid attr/current timens_offsets'
  .split(' ')
  .map((name) => `read /proc/self/${name}`);

const SYSCTLS = (
  'fs/mqueue/msg_max fs/mqueue/queues_max kernel/domainname kernel/hostname kernel/msgmax kernel/msgmnb ' +
  'kernel/msgmni kernel/sem kernel/shmall kernel/shmmax kernel/shmmni kernel/shm_rmid_forced ' +
  'net/core/somaxconn net/ipv4/conf/all/rp_filter net/ipv4/ip_forward net/ipv4/ip_local_port_range ' +
  'net/ipv4/ip_unprivileged_port_start net/ipv4/ping_group_range net/ipv4/tcp_syncookies user/max_user_namespaces'
)
  .split(' ')
  .map((name) => `read /proc/sys/${name}`);

const FOLDERS =
  '/ /bin /dev /dev/mqueue /dev/pts /dev/shm /etc /proc /root /run /sys /sys/fs/cgroup /tmp /var /proc/sys'
    .split(' ')
    .map((path) => `stat ${path}`);

const DEVICES = 'console full null ptmx random tty urandom zero'.split(' ').map((name) => `open /dev/${name}`);

// Opened for writing and closed again.
const PROCS = isCgroupV2 ? '/sys/fs/cgroup/cgroup.procs' : '/sys/fs/cgroup/memory/cgroup.procs';
const WRITES = (
  '/proc/sys/kernel/hostname /proc/sys/net/ipv4/ip_forward /proc/sysrq-trigger /proc/self/oom_score_adj ' +
  `/sys/kernel/profiling ${PROCS} /dev/null /dev/mem /proc/self/fd/1 /proc/self/fd/2`
)
  .split(' ')
  .map((path) => `write ${path}`);

const READS = '/proc/kcore /proc/keys /proc/timer_list /proc/interrupts /proc/acpi /proc/scsi /sys/firmware'
  .split(' ')
  .flatMap((path) => [`stat ${path}`, `open ${path}`]);

/** In a container. */
export const CONTAINER_LOOK: readonly string[] = [
  ...PROCESS,
  ...FILES,
  'read /proc/self/mountinfo',
  ...SYSCTLS,
  ...FOLDERS,
  'tree /dev',
  'names /sys/class/net',
  'names /sys/fs/cgroup',
  ...DEVICES,
  ...WRITES,
  ...READS,
  'create /probe.created',
  'try all',
];

/** In a hook, which gets the state on standard input. */
export const HOOK_LOOK: readonly string[] = ['stdin', ...PROCESS];
