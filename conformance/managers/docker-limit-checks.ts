// Docker Engine: limits, and what survives the daemon.
import type { Check } from './check.ts';

// A file of the container's own cgroup, wherever the machine keeps it.
const cgroupFile = (controller: string, file: string): string =>
  `cat /sys/fs/cgroup/${controller}/docker/$(docker inspect -f '{{.Id}}' web)/${file}`;
const sleeping = (options: string): string => `docker run -d --name web ${options} busybox sleep 60 >/dev/null`;

const limits: Check[] = [
  ['--memory limits', `${sleeping('-m 64m')}; ${cgroupFile('memory', 'memory.limit_in_bytes')}`, '67108864'],
  [
    'a program that takes more is killed, and inspect tells why',
    `docker run --name web -m 16m busybox tail /dev/zero || docker inspect -f '{{.State.ExitCode}} {{.State.OOMKilled}}' web`,
    '137 true',
  ],
  ['--cpus limits', `${sleeping('--cpus 0.5')}; ${cgroupFile('cpu', 'cpu.cfs_quota_us')}`, '50000'],
  ['--cpu-shares weighs', `${sleeping('--cpu-shares 512')}; ${cgroupFile('cpu', 'cpu.shares')}`, '512'],
  ['--cpuset-cpus binds', `docker run --rm --cpuset-cpus 0 busybox grep Cpus_allowed_list /proc/self/status`, /\t0$/],
  [
    '--pids-limit limits',
    `docker run --rm --pids-limit 5 busybox sh -c 'for i in 1 2 3 4 5 6; do sleep 1 & done; wait'`,
    { exit: 2, says: /can't fork/ },
  ],
  [
    '--device-write-bps limits',
    `device=$(lsblk -ndpo name | head -n 1); ${sleeping('--device-write-bps "$device:1mb"')}; ${cgroupFile('blkio', 'blkio.throttle.write_bps_device')}`,
    /^\d+:\d+ 1048576$/,
  ],
  ['--ulimit', `docker run --rm --ulimit nofile=100:200 busybox sh -c 'ulimit -Sn; ulimit -Hn'`, '100\n200'],
  ['--oom-score-adj', `docker run --rm --oom-score-adj 500 busybox cat /proc/self/oom_score_adj`, '500'],
  [
    'update changes the limits of a running container',
    `${sleeping('-m 64m')}; docker update -m 96m --memory-swap 96m --cpu-shares 256 web >/dev/null; ${cgroupFile('memory', 'memory.limit_in_bytes')}; ${cgroupFile('cpu', 'cpu.shares')}`,
    '100663296\n256',
  ],
  [
    '--cgroup-parent',
    `docker run --rm --cgroup-parent /other busybox cat /proc/self/cgroup`,
    /pids:\/other\/[0-9a-f]{64}$/m,
  ],
  [
    '--cgroupns private hides where it is',
    `docker run --rm --cgroupns private busybox cat /proc/self/cgroup`,
    /pids:\/$/m,
  ],
];

const RESTART = 'end_daemon dockerd; start';
const LIVE = `echo '{"live-restore": true}' | configure_also; kill -s HUP $(<$FOLDER/dockerd.pid); await_text true docker info -f '{{.LiveRestoreEnabled}}'`;

const daemons: Check[] = [
  [
    'live-restore: containers outlive the daemon and can be driven by the next',
    `${LIVE}; ${sleeping('')}; pid=$(docker inspect -f '{{.State.Pid}}' web); ${RESTART}
     [ "$pid" = "$(docker inspect -f '{{.State.Pid}}' web)" ]; docker exec web echo hello; docker stop -t 0 web`,
    'hello\nweb',
  ],
  [
    'live-restore: after the daemon was killed',
    `${LIVE}; ${sleeping('')}; end_daemon dockerd KILL; rm -f /run/docker.pid; start; docker exec web echo hello; docker rm -f web`,
    'hello\nweb',
  ],
  [
    'a daemon that ends stops its containers, and --restart always starts them with the next',
    `configure daemon.json /etc/docker/daemon.json; ${RESTART}
     docker run -d --name web --restart always busybox sh -c 'trap exit TERM; echo on; while :; do sleep 0.1; done' >/dev/null
     ${RESTART}; await eval '[ $(docker logs web | wc -l) = 2 ]'`,
    '',
  ],
  [
    'userns-remap: root of the container is a user without rights on the host',
    `echo '{"userns-remap": "daemon"}' | configure_also; for file in /etc/subuid /etc/subgid; do echo daemon:200000:65536 >>$file; done
     ${RESTART}; image_tar | docker import --change 'ENV PATH=/bin' - busybox >/dev/null
     docker run -d --name web busybox sleep 60 >/dev/null; stat -c %u /proc/$(docker inspect -f '{{.State.Pid}}' web)
     docker run --rm busybox sh -c 'id -u; touch /home/a && echo written'; docker exec web id -u; docker rm -f web >/dev/null`,
    '200000\n0\nwritten\n0',
  ],
];

export const dockerLimitChecks: Check[] = [...limits, ...daemons];
