// Docker Engine: what containers share and don't share with the host and each other.
import type { Check } from './check.ts';

const namespaces: Check[] = [
  [
    'a container sees its own processes only',
    `docker run --rm busybox sh -c 'echo $$; ls -d /proc/[0-9]* | wc -l'`,
    /^1\n[123]$/,
  ],
  [
    '--pid container: shares the processes of another',
    `docker run -d --name web busybox sleep 61 >/dev/null; docker run --rm --pid container:web busybox ps -o args`,
    /sleep 61/,
  ],
  [
    'each has its own namespaces',
    `for kind in pid ipc net mnt uts; do [ "$(docker run --rm busybox readlink /proc/self/ns/$kind)" != "$(readlink /proc/self/ns/$kind)" ]; done`,
    '',
  ],
  [
    '--ipc container: shares /dev/shm',
    `docker run -d --name web --ipc shareable busybox sh -c 'echo hello >/dev/shm/a; sleep 60' >/dev/null
     await docker run --rm --ipc container:web busybox cat /dev/shm/a; docker run --rm --ipc container:web busybox cat /dev/shm/a`,
    'hello',
  ],
  [
    'what one writes the next does not see',
    'docker run --rm busybox touch /home/a; docker run --rm busybox ls /home',
    '',
  ],
  ['--network none has a loopback device alone', 'docker run --rm --network none busybox ls /sys/class/net', 'lo'],
  ['--network host has the devices of the host', 'docker run --rm --network host busybox ls /sys/class/net', /docker0/],
  [
    'containers reach each other over a network by name',
    `docker network create -o com.docker.network.bridge.name=net0 net >/dev/null
     docker run -d --name web --network net busybox sh -c 'echo hello >/tmp/index.html; httpd -f -p 80 -h /tmp' >/dev/null
     docker run --rm --network net busybox sh -c 'for i in 1 2 3 4 5; do wget -qO- http://web && exit; sleep 0.3; done'`,
    'hello',
  ],
  [
    'a published port answers on the host',
    `docker run -d --name web -p 8080:80 busybox sh -c 'echo hello >/tmp/index.html; httpd -f -p 80 -h /tmp' >/dev/null
     await busybox wget -qO- http://127.0.0.1:8080; busybox wget -qO- http://127.0.0.1:8080`,
    'hello',
  ],
  [
    'a container in the network of another reaches its server on localhost',
    `docker run -d --name web busybox sh -c 'echo hello >/tmp/index.html; httpd -f -p 80 -h /tmp' >/dev/null
     docker run --rm --network container:web busybox sh -c 'for i in 1 2 3 4 5; do wget -qO- http://127.0.0.1 && exit; sleep 0.3; done'`,
    'hello',
  ],
];

const volumes: Check[] = [
  [
    '-v shows a folder of the host, both write',
    `mkdir -p v; echo a >v/a; docker run --rm -v $PWD/v:/v busybox sh -c 'cat /v/a; echo b >/v/b'; cat v/b`,
    'a\nb',
  ],
  [
    '-v with :ro cannot be written',
    `mkdir -p v; docker run --rm -v $PWD/v:/v:ro busybox touch /v/c`,
    { exit: 1, says: /Read-only file system/ },
  ],
  ['a file can be mounted', `echo hello >f; docker run --rm -v $PWD/f:/home/f busybox cat /home/f`, 'hello'],
  [
    'a named volume outlives its containers',
    `docker run --rm -v data:/data busybox sh -c 'echo hello >/data/a'; docker run --rm -v data:/data busybox cat /data/a; docker volume rm data >/dev/null`,
    'hello',
  ],
  [
    '--volumes-from has the volumes of another',
    `docker run --name web -v /data busybox sh -c 'echo hello >/data/a'; docker run --rm --volumes-from web busybox cat /data/a`,
    'hello',
  ],
  [
    'a mount made later on the host is seen with rslave',
    `mkdir -p m; mount -t tmpfs tmpfs m; mount --make-shared m; docker run -d --name web -v $PWD/m:/m:rslave busybox sleep 60 >/dev/null
     mkdir m/sub; mount -t tmpfs tmpfs m/sub; echo hello >m/sub/a; docker exec web cat /m/sub/a; umount m/sub m`,
    'hello',
  ],
  [
    '--tmpfs is empty, of the asked size, and in memory',
    `docker run --rm --tmpfs /t:size=1m,noexec busybox sh -c 'grep " /t " /proc/mounts'`,
    /^tmpfs \/t tmpfs rw,nosuid,nodev,noexec,relatime,size=1024k/,
  ],
  ['--shm-size', `docker run --rm --shm-size 2m busybox sh -c 'grep " /dev/shm " /proc/mounts'`, /size=2048k/],
  [
    '--read-only leaves tmpfs writable',
    `docker run --rm --read-only --tmpfs /t busybox sh -c 'touch /t/a && touch /home/a'`,
    { exit: 1, says: /Read-only file system/ },
  ],
];

const rights: Check[] = [
  [
    '--cap-drop ALL leaves no capability',
    `docker run --rm --cap-drop ALL busybox grep CapEff /proc/self/status`,
    /0000000000000000$/,
  ],
  [
    '--cap-add gives one',
    `docker run --rm --cap-drop ALL --cap-add NET_RAW busybox grep CapEff /proc/self/status`,
    /0000000000002000$/,
  ],
  [
    '--privileged may mount',
    `docker run --rm --privileged busybox sh -c 'mount -t tmpfs tmpfs /tmp && echo mounted'`,
    'mounted',
  ],
  [
    'without, nobody may mount',
    `docker run --rm busybox mount -t tmpfs tmpfs /tmp`,
    { exit: 1, says: /permission denied|Operation not permitted/ },
  ],
  ["Docker's seccomp profile holds", `docker run --rm busybox grep -w Seccomp /proc/self/status`, /2$/],
  [
    'seccomp=unconfined',
    `docker run --rm --security-opt seccomp=unconfined busybox grep -w Seccomp /proc/self/status`,
    /0$/,
  ],
  [
    'an own seccomp profile refuses mkdir',
    `echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}' >p.json
     docker run --rm --security-opt seccomp=p.json busybox mkdir /tmp/a`,
    { exit: 1, says: /Operation not permitted/ },
  ],
  [
    'no-new-privileges',
    `docker run --rm --security-opt no-new-privileges busybox grep NoNewPrivs /proc/self/status`,
    /1$/,
  ],
  [
    '--device gives a device of the host',
    `docker run --rm --device /dev/zero:/dev/mine busybox sh -c 'head -c 3 /dev/mine | wc -c'`,
    '3',
  ],
  [
    'another device cannot be opened',
    `docker run --rm busybox sh -c 'mknod /tmp/d c 1 1 && cat /tmp/d'`,
    { exit: 1, says: /Operation not permitted/ },
  ],
  [
    '--device-cgroup-rule allows it',
    `docker run --rm --device-cgroup-rule 'c 1:7 rwm' busybox sh -c 'mknod /tmp/d c 1 7 && echo x >/tmp/d'`,
    { exit: 1, says: /No space left/ },
  ],
  [
    '--sysctl of a namespace',
    'docker run --rm --sysctl net.ipv4.ip_unprivileged_port_start=81 busybox cat /proc/sys/net/ipv4/ip_unprivileged_port_start',
    '81',
  ],
  [
    '/proc/keys is masked, /proc/sys read-only',
    `docker run --rm busybox sh -c 'wc -c </proc/keys; echo 1 >/proc/sys/vm/drop_caches'`,
    { exit: 1, shows: '0', says: /Read-only file system/ },
  ],
];

export const dockerIsolationChecks: Check[] = [...namespaces, ...volumes, ...rights];
