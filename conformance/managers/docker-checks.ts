// What a user of Docker Engine does and sees.
import type { Check } from './check.ts';
import { dockerIsolationChecks } from './docker-isolation-checks.ts';
import { dockerLimitChecks } from './docker-limit-checks.ts';
import { dockerTerminalChecks } from './terminal-checks.ts';

const running: Check[] = [
  ['run shows what the program prints', 'docker run --rm busybox echo hello', 'hello'],
  ['run ends with the exit status of the program', 'docker run --rm busybox sh -c "exit 7"', { exit: 7 }],
  ['run ends with 128 and the signal', `docker run --rm --pid host busybox sh -c 'kill -s KILL $$'`, { exit: 137 }],
  [
    'run of a missing program ends with 127',
    'docker run --rm busybox nosuch',
    { exit: 127, says: /exec: "nosuch": executable file not found in \$PATH/ },
  ],
  [
    'run of a missing path ends with 127',
    'docker run --rm busybox /bin/nosuch',
    { exit: 127, says: /\/bin\/nosuch.*no such file or directory/ },
  ],
  [
    'run of a file that is no program ends with 126',
    'docker run --rm busybox /etc/passwd',
    { exit: 126, says: /exec: "\/etc\/passwd": permission denied/ },
  ],
  ['run of a folder ends with 126', 'docker run --rm busybox /etc', { exit: 126, says: /permission denied/ }],
  [
    'a file mounted on a folder brings the hint that helps',
    'docker run --rm -v /etc/hostname:/tmp busybox true',
    { exit: 125, says: /Are you trying to mount a directory onto a file/ },
  ],
  ['a failed run can be repeated under the same name', 'docker run --name web busybox nosuch || docker rm web', /web/],
  ['run -i hands its standard input on', 'echo hello | docker run --rm -i busybox cat', 'hello'],
  [
    'standard output and standard error are apart',
    `docker run --rm busybox sh -c 'echo out; echo err >&2' 2>err; echo "$(<err)"`,
    'out\nerr',
  ],
  [
    '12 MB of output arrive complete',
    'docker run --rm busybox seq 1700000 | sha256sum; seq 1700000 | sha256sum',
    /^(\S+) .*\n\1 /,
  ],
  [
    'environment, working directory, host name and user are those that were asked for',
    `docker run --rm -e A=1 -w /tmp -h web -u 1000:1001 busybox sh -c 'echo $A $PWD $(hostname) $(id -u):$(id -g)'`,
    '1 /tmp web 1000:1001',
  ],
  ['a user by name gets the groups of the image', `docker run --rm -u web busybox id -G`, '1001 44'],
  ['--group-add adds a group', 'docker run --rm --group-add 77 busybox id -G', /\b77\b/],
  [
    '--init reaps for the program',
    `docker run --rm --init busybox sh -c 'cat /proc/1/comm; echo $$'`,
    /^(docker-init|tini)\n[^1]/,
  ],
  [
    'ten containers start at the same time',
    'for i in {1..10}; do docker run --rm busybox echo $i & done; wait',
    /^(\d+\n){9}\d+$/,
  ],
  ['--runtime chooses it for one container', 'docker run --rm --runtime runts busybox echo hello', 'hello'],
  [
    'inspect names the runtime',
    "docker run -d --name web busybox sleep 60 >/dev/null; docker inspect -f '{{.HostConfig.Runtime}}' web",
    'runts',
  ],
];

const living: Check[] = [
  ['create and start', 'docker create --name web busybox echo hello >/dev/null; docker start -a web', 'hello'],
  [
    'stop sends SIGTERM, which the program may handle',
    `docker run -d --name web busybox sh -c 'trap "echo bye; exit 3" TERM; echo on; while :; do sleep 0.1; done' >/dev/null
     await_text on docker logs web; docker stop web; docker logs web; docker inspect -f '{{.State.ExitCode}}' web`,
    'web\non\nbye\n3',
  ],
  [
    'stop kills a program that does not listen',
    `docker run -d --name web busybox sleep 60 >/dev/null; docker stop -t 1 web; docker inspect -f '{{.State.ExitCode}}' web`,
    'web\n137',
  ],
  [
    'kill -s sends any signal',
    `docker run -d --name web busybox sh -c 'trap "echo usr1" USR1; echo on; while :; do sleep 0.1; done' >/dev/null
     await_text on docker logs web; docker kill -s USR1 web; await_text usr1 docker logs web`,
    'web',
  ],
  [
    'restart starts the program anew',
    `docker run -d --name web busybox sh -c 'echo on; sleep 60' >/dev/null; docker restart -t 0 web; await eval '[ $(docker logs web | wc -l) = 2 ]'`,
    'web',
  ],
  [
    'a restart policy is kept to',
    `docker run -d --name web --restart on-failure:2 busybox false >/dev/null; await_text 2-exited docker inspect -f '{{.RestartCount}}-{{.State.Status}}' web`,
    '',
  ],
  [
    'pause stops the program, unpause lets it go on',
    `docker run -d --name web busybox sh -c 'while :; do echo tick; sleep 0.05; done' >/dev/null
     await_text tick docker logs web; docker pause web; docker inspect -f '{{.State.Status}}' web; sleep 0.2
     before=$(docker logs web | wc -l); sleep 0.5; [ "$before" = "$(docker logs web | wc -l)" ]
     docker unpause web; await eval '[ $(docker logs web | wc -l) -gt '$before' ]'`,
    'web\npaused\nweb',
  ],
  [
    'wait tells the exit status',
    `docker run -d --name web busybox sh -c 'sleep 0.5; exit 4' >/dev/null; docker wait web`,
    '4',
  ],
  [
    'rm -f ends a running container, its cgroup is gone',
    `id=$(docker run -d busybox sleep 60); docker rm -f $id >/dev/null; find /sys/fs/cgroup -name "*$id*"`,
    '',
  ],
  [
    'top shows the processes',
    `docker run -d --name web busybox sleep 61 >/dev/null; docker top web -o pid,args`,
    /^PID +COMMAND\n\d+ +sleep 61$/,
  ],
  [
    'stats counts processes and memory',
    `docker run -d --name web busybox sleep 60 >/dev/null; docker stats --no-stream --format '{{.PIDs}} {{.MemUsage}}' web`,
    /^1 [1-9]\S*B \/ /,
  ],
  [
    'logs -f follows to the end',
    `docker run -d --name web busybox sh -c 'for i in 1 2 3; do echo $i; sleep 0.2; done' >/dev/null; docker logs -f web`,
    '1\n2\n3',
  ],
  [
    'attach shows what comes from now on, and hands standard input on',
    `docker run -d -i --name web busybox sh -c 'while read line; do echo "read $line"; done' >/dev/null
     (echo hello; sleep 1; docker kill web >/dev/null) | docker attach web`,
    { exit: 137, shows: 'read hello' },
  ],
  [
    'events tells a life',
    `docker run --rm busybox true; docker events --since 10m --until 0s --format '{{.Action}}' | grep -E '^(start|die)' | sort -u`,
    'die\nstart',
  ],
  [
    'a health check is run',
    `docker run -d --name web --health-cmd 'test -e /tmp/well' --health-interval 0.3s busybox sleep 60 >/dev/null
     docker exec web touch /tmp/well; await_text healthy docker inspect -f '{{.State.Health.Status}}.' web`,
    '',
  ],
];

const executing: Check[] = [
  [
    'exec runs in the container',
    `docker run -d --name web -h web busybox sleep 60 >/dev/null; docker exec web hostname`,
    'web',
  ],
  [
    'exec ends with the exit status',
    `docker run -d --name web busybox sleep 60 >/dev/null; docker exec web sh -c 'exit 9'`,
    { exit: 9 },
  ],
  [
    'exec of a missing program ends with 127, of a file that is no program with 126',
    `docker run -d --name web busybox sleep 60 >/dev/null
     for program in nosuch /bin/nosuch /etc/passwd /etc; do docker exec web $program >/dev/null 2>&1 && exit 1 || echo $?; done`,
    /^12[67]\n12[67]\n126\n126$/,
  ],
  [
    'exec takes user, working directory and environment',
    `docker run -d --name web busybox sleep 60 >/dev/null; docker exec -u web -w /tmp -e A=1 web sh -c 'echo $(id -un) $PWD $A'`,
    'web /tmp 1',
  ],
  [
    'exec -i hands its standard input on',
    `docker run -d --name web busybox sleep 60 >/dev/null; echo hello | docker exec -i web cat`,
    'hello',
  ],
  [
    'exec -d goes on alone',
    `docker run -d --name web busybox sleep 60 >/dev/null; docker exec -d web touch /tmp/done; await docker exec web test -e /tmp/done`,
    '',
  ],
  [
    'exec --privileged has all capabilities, and exec without has not',
    `docker run -d --name web busybox sleep 60 >/dev/null
     docker exec --privileged web true; a=$(docker exec --privileged web grep CapEff /proc/self/status); b=$(docker exec web grep CapEff /proc/self/status); [ "$a" != "$b" ]`,
    '',
  ],
  [
    'exec in a paused container is refused',
    `docker run -d --name web busybox sleep 60 >/dev/null; docker pause web; docker exec web true`,
    { exit: 1, says: /paused/ },
  ],
];

const files: Check[] = [
  [
    'cp goes both ways',
    `docker run -d --name web busybox sleep 60 >/dev/null; echo hello >a; docker cp a web:/tmp/b; docker exec web cat /tmp/b; docker cp web:/tmp/b c; cat c`,
    'hello\nhello',
  ],
  [
    'diff lists what has changed',
    `docker run --name web busybox touch /home/new; docker diff web`,
    'C /home\nA /home/new',
  ],
  [
    'commit makes an image',
    `docker run --name web busybox touch /home/new; docker commit web new >/dev/null; docker run --rm new ls /home`,
    'new',
  ],
  [
    'build runs its steps',
    `mkdir -p ctx; printf 'FROM busybox\\nRUN echo built >/home/file\\nUSER web\\nWORKDIR /home\\nCMD ["cat", "file"]\\n' >ctx/Dockerfile
     docker build -q -t built ctx >/dev/null; docker run --rm built`,
    'built',
  ],
  [
    'a failing step ends a build',
    `mkdir -p ctx2; printf 'FROM busybox\\nRUN exit 5\\n' >ctx2/Dockerfile; docker build ctx2`,
    { exit: 5, says: /returned a non-zero code: 5/ },
  ],
  [
    'export packs the files',
    `docker run --name web busybox touch /home/new; docker export web | tar -t home/new`,
    'home/new',
  ],
];

export const dockerChecks: Check[] = [
  ...running,
  ...living,
  ...executing,
  ...files,
  ...dockerTerminalChecks,
  ...dockerIsolationChecks,
  ...dockerLimitChecks,
];
