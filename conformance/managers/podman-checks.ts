// What a user of Podman and buildah does and sees.
import type { Check } from './check.ts';
import { podmanTerminalChecks } from './terminal-checks.ts';

const sleeping = (options = ''): string => `podman run -d --name web ${options} busybox sleep 60 >/dev/null`;
const SERVER = `sh -c 'echo hello >/tmp/index.html; httpd -f -p 80 -h /tmp'`;

const running: Check[] = [
  [
    'info names the runtime',
    `podman info -f '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}'; echo runts $RUNTIME`,
    /^(.*)\n\1$/,
  ],
  ['--runtime chooses it by path', 'podman --runtime $RUNTIME run --rm busybox echo hello', 'hello'],
  ['run shows what the program prints', 'podman run --rm busybox echo hello', 'hello'],
  ['run ends with the exit status of the program', `podman run --rm busybox sh -c 'exit 7'`, { exit: 7 }],
  [
    'run of a missing program ends with 127',
    'podman run --rm busybox nosuch',
    { exit: 127, says: /executable file.*not found in \$PATH/i },
  ],
  [
    'run of a file that is no program ends with 126',
    'podman run --rm busybox /etc/passwd',
    { exit: 126, says: /permission denied/i },
  ],
  ['run -i hands its standard input on', 'echo hello | podman run --rm -i busybox cat', 'hello'],
  [
    'environment, working directory, host name and user',
    `podman run --rm -e A=1 -w /tmp -h web -u 1000:1001 busybox sh -c 'echo $A $PWD $(hostname) $(id -u):$(id -g)'`,
    '1 /tmp web 1000:1001',
  ],
  ['--init', `podman run --rm --init busybox cat /proc/1/comm`, /catatonit|podman-init/],
  [
    '--preserve-fds hands descriptors on',
    `echo hello >f; podman run --rm --preserve-fds 1 busybox sh -c 'cat <&3' 3<f`,
    'hello',
  ],
  [
    'create, start --attach',
    'podman create --name web busybox echo hello >/dev/null; podman start --attach web',
    'hello',
  ],
  [
    '--restart on-failure',
    `podman run -d --name web --restart on-failure:2 busybox false >/dev/null; await_text '^2 exited' podman inspect -f '{{.RestartCount}} {{.State.Status}}' web`,
    '',
  ],
  [
    '--cap-drop, --security-opt',
    `podman run --rm --cap-drop all --security-opt no-new-privileges busybox grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status`,
    /0{16}\nNoNewPrivs:\t1\nSeccomp:\t2$/,
  ],
  ['--read-only', 'podman run --rm --read-only busybox touch /home/a', { exit: 1, says: /Read-only file system/ }],
  ['--device', 'podman run --rm --device /dev/zero:/dev/mine busybox head -c 3 /dev/mine | wc -c', '3'],
  [
    '--tmpfs, --shm-size, --sysctl',
    `podman run --rm --tmpfs /t --shm-size 2m --sysctl net.ipv4.ip_unprivileged_port_start=81 busybox sh -c 'grep -c " /t tmpfs " /proc/mounts; grep -c " /dev/shm .*size=2048k" /proc/mounts; cat /proc/sys/net/ipv4/ip_unprivileged_port_start'`,
    '1\n1\n81',
  ],
  ['--ulimit', `podman run --rm --ulimit nofile=100:200 busybox sh -c 'ulimit -n'`, '100'],
  [
    '--uidmap: root of the container is another user of the host',
    `podman run -d --name web --uidmap 0:300000:65536 busybox sleep 60 >/dev/null; stat -c %u /proc/$(podman inspect -f '{{.State.Pid}}' web); podman exec web id -u`,
    '300000\n0',
  ],
];

const living: Check[] = [
  [
    'exec runs in the container, ends with the status',
    `${sleeping('-h web')}; podman exec -w /tmp -e A=1 -u 1000 web sh -c 'echo $(hostname) $PWD $A $(id -u); exit 9'`,
    { exit: 9, shows: 'web /tmp 1 1000' },
  ],
  [
    'exec of a missing program ends with 127',
    `${sleeping()}; podman exec web nosuch`,
    { exit: 127, says: /executable file.*not found in \$PATH/i },
  ],
  [
    'exec of a file that is no program ends with 126',
    `${sleeping()}; podman exec web /etc/passwd`,
    { exit: 126, says: /permission denied/i },
  ],
  [
    'exec -d goes on alone',
    `${sleeping()}; podman exec -d web touch /tmp/done; await podman exec web test -e /tmp/done`,
    /^[0-9a-f]*$/,
  ],
  [
    'pause and unpause',
    `podman run -d --name web busybox sh -c 'while :; do echo tick; sleep 0.05; done' >/dev/null; await_text tick podman logs web; podman pause web >/dev/null
     podman inspect -f '{{.State.Status}}' web; before=$(podman logs web | wc -l); sleep 0.5; [ $before = $(podman logs web | wc -l) ]
     podman unpause web >/dev/null; await eval '[ $(podman logs web | wc -l) -gt '$before' ]'`,
    'paused',
  ],
  [
    'stop sends SIGTERM',
    `podman run -d --name web busybox sh -c 'trap "exit 3" TERM; echo on; while :; do sleep 0.1; done' >/dev/null; await_text on podman logs web; podman stop web; podman inspect -f '{{.State.ExitCode}}' web`,
    'web\n3',
  ],
  ['kill, wait', `${sleeping()}; podman kill web; podman wait web`, 'web\n137'],
  [
    'restart',
    `${sleeping()}; podman restart --time 0 web >/dev/null; podman inspect -f '{{.State.Status}}' web`,
    'running',
  ],
  ['stats', `${sleeping()}; podman stats --no-stream --format '{{.PIDS}} {{.MemUsage}}' web`, /^1 .*B \/ /],
  ['top', `${sleeping()}; podman top web args`, /COMMAND\nsleep 60/],
  [
    'logs',
    `podman run --name web busybox sh -c 'echo out; echo err >&2' >/dev/null 2>&1; podman logs web 2>&1 | sort`,
    'err\nout',
  ],
  [
    'a health check is run',
    `${sleeping("--health-cmd 'test -e /tmp/well' --health-interval disable")}; podman healthcheck run web && exit 1; podman exec web touch /tmp/well; podman healthcheck run web`,
    'unhealthy',
  ],
  [
    'cp, diff, commit',
    `${sleeping()}; echo hello >f; podman cp f web:/home/f; podman exec web cat /home/f; podman diff web | grep /home/f; podman commit -q web new >/dev/null; podman run --rm new cat /home/f`,
    'hello\nA /home/f\nhello',
  ],
  [
    'checkpoint is refused in plain words',
    `${sleeping()}; podman container checkpoint web`,
    { exit: 125, says: /checkpoint/ },
  ],
  [
    'rm --force leaves no cgroup',
    `id=$(podman run -d busybox sleep 60); podman rm -f -t 0 $id >/dev/null; find /sys/fs/cgroup -name "*$id*"`,
    '',
  ],
];

const together: Check[] = [
  [
    'containers of a pod share the network and can share processes',
    `podman pod create --name pod --share net,ipc,pid,uts --infra-image busybox --infra-command 'sleep 60' >/dev/null; podman run -d --pod pod --name web busybox ${SERVER} >/dev/null
     podman run --rm --pod pod busybox sh -c 'for i in 1 2 3 4 5; do wget -qO- http://127.0.0.1 && break; sleep 0.3; done; ps -o args | grep -c "^httpd"'`,
    'hello\n1',
  ],
  [
    'pods are listed, stopped and removed',
    `podman pod create --name pod --infra-image busybox --infra-command 'sleep 60' >/dev/null; podman run -d --pod pod busybox sleep 60 >/dev/null; podman pod ps --format '{{.Status}} {{.NumberOfContainers}}'; podman pod stop -t 0 pod >/dev/null; podman pod rm pod >/dev/null; podman pod ps -q`,
    'Running 2',
  ],
  [
    'kube play runs a pod from YAML, kube down removes it',
    `cat >pod.yaml <<EOF
apiVersion: v1
kind: Pod
metadata: { name: play }
spec:
  containers:
    - { name: web, image: localhost/busybox, imagePullPolicy: Never, command: ["sh", "-c", "echo hello; sleep 60"] }
EOF
     podman play kube --infra-image= pod.yaml >/dev/null 2>&1 || podman play kube pod.yaml >/dev/null; await_text hello podman logs play-web; podman logs play-web; podman play kube --down pod.yaml >/dev/null`,
    'hello',
  ],
  [
    'a published port answers on the host',
    `podman run -d --name web -p 8080:80 busybox ${SERVER} >/dev/null; await busybox wget -qO- http://127.0.0.1:8080; busybox wget -qO- http://127.0.0.1:8080`,
    'hello',
  ],
  [
    'volumes outlive their containers',
    `podman run --rm -v data:/data busybox sh -c 'echo hello >/data/a'; podman run --rm -v data:/data:ro busybox cat /data/a; podman volume rm data >/dev/null`,
    'hello',
  ],
  [
    '--volumes-from',
    `podman run --name web -v /data busybox sh -c 'echo hello >/data/a'; podman run --rm --volumes-from web busybox cat /data/a`,
    'hello',
  ],
  [
    'secrets',
    `echo hello | podman secret create s - >/dev/null; podman run --rm --secret s busybox cat /run/secrets/s; podman secret rm s >/dev/null`,
    'hello',
  ],
];

const limits: Check[] = [
  [
    'limits of memory, CPU and processes',
    `${sleeping('-m 64m --cpus 0.5 --pids-limit 50')}; id=$(podman inspect -f '{{.Id}}' web); cd /sys/fs/cgroup; cat memory/libpod_parent/libpod-$id/memory.limit_in_bytes cpu/libpod_parent/libpod-$id/cpu.cfs_quota_us pids/libpod_parent/libpod-$id/pids.max`,
    '67108864\n50000\n50',
  ],
  [
    'update changes them',
    `${sleeping('-m 64m')}; podman update -m 96m --memory-swap 96m web >/dev/null; cat /sys/fs/cgroup/memory/libpod_parent/libpod-$(podman inspect -f '{{.Id}}' web)/memory.limit_in_bytes`,
    '100663296',
  ],
  [
    'a program that takes more memory is killed',
    `podman run --name web -m 16m busybox tail /dev/zero || podman inspect -f '{{.State.ExitCode}} {{.State.OOMKilled}}' web`,
    /^137 /,
  ],
];

const building: Check[] = [
  [
    'podman build runs its steps',
    `mkdir -p ctx; printf 'FROM localhost/busybox\\nRUN echo built >/home/file\\nCMD ["cat", "/home/file"]\\n' >ctx/Containerfile; podman build -q -t built ctx >/dev/null; podman run --rm built`,
    'built',
  ],
  [
    'buildah bud runs its steps',
    `mkdir -p ctx; printf 'FROM localhost/busybox\\nRUN echo built >/home/file\\nCMD ["cat", "/home/file"]\\n' >ctx/Containerfile; buildah bud --runtime $RUNTIME -q -t built ctx >/dev/null; podman run --rm built`,
    'built',
  ],
  [
    'a failing step ends a build',
    `mkdir -p ctx2; printf 'FROM localhost/busybox\\nRUN exit 5\\n' >ctx2/Containerfile; buildah bud --runtime $RUNTIME ctx2`,
    { exit: 5, says: /exit status 5/ },
  ],
  [
    'buildah from, run, commit',
    `c=$(buildah from localhost/busybox); buildah run --runtime $RUNTIME $c sh -c 'echo made >/home/file; hostname'; buildah commit -q $c made >/dev/null; buildah rm $c >/dev/null; podman run --rm localhost/made cat /home/file`,
    /made$/,
  ],
];

// Without slirp4netns, which takes /dev/net/tun, there is no network.
const rootless: Check[] = [
  [
    'a user without privileges runs a container',
    `image_tar | user_podman import --quiet --change 'ENV PATH=/usr/bin:/bin' - busybox >/dev/null
     user_podman run --rm --network none busybox sh -c 'id -u; touch /home/a && echo written; ls /dev/null'`,
    '0\nwritten\n/dev/null',
  ],
  [
    'and executes in it, and stops it',
    `user_podman run -d --name web --network none busybox sleep 60 >/dev/null; user_podman exec -u 1000 web id -u
     user_podman stop --time 0 web; user_podman inspect -f '{{.State.ExitCode}}' web; user_podman rm --force web >/dev/null`,
    '1000\nweb\n137',
  ],
];

export const podmanChecks: Check[] = [
  ...running,
  ...living,
  ...together,
  ...limits,
  ...building,
  ...podmanTerminalChecks,
  ...rootless,
];
