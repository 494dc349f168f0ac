// What a user of containerd does with ctr, and sees. `run` is `ctr run --runc-binary RUNTIME` (containerd.sh).
import type { Check } from './check.ts';
import { containerdTerminalChecks } from './terminal-checks.ts';

const sleeping = (options = ''): string => `run -d ${options} $BUSYBOX web sleep 60`;
const TICKING = `run -d --log-uri file://$FOLDER/ticks $BUSYBOX web sh -c 'while :; do echo tick; sleep 0.05; done'`;
const STATUS = `ctr tasks list | sed -n 's/^web *[0-9]* *//p'`;

const running: Check[] = [
  ['run shows what the program prints', `run --rm $BUSYBOX web sh -c 'echo hello; sleep 1'`, 'hello'],
  ['run ends with the exit status of the program', `run --rm $BUSYBOX web sh -c 'exit 7'`, { exit: 7 }],
  [
    'a missing program is named',
    'run --rm $BUSYBOX web nosuch',
    { exit: 1, says: /exec: "nosuch": executable file not found in \$PATH/ },
  ],
  [
    'after a failed run the same id works',
    'run --rm $BUSYBOX web nosuch 2>err || run --rm $BUSYBOX web slowly echo hello',
    'hello',
  ],
  // Not cat: ctr sometimes closes the standard input before the task has it.
  [
    'standard input is handed on',
    `echo hello | run --rm $BUSYBOX web slowly sh -c 'read line; echo "read $line"'`,
    'read hello',
  ],
  [
    'environment and working directory',
    `run --rm --env A=1 --cwd /tmp $BUSYBOX web slowly sh -c 'echo $A $PWD'`,
    '1 /tmp',
  ],
  [
    'ten containers start at the same time',
    'for i in {1..10}; do run --rm $BUSYBOX web$i slowly echo $i & done; wait',
    /^(\d+\n){9}\d+$/,
  ],
  ['run -d leaves a running task', `${sleeping()}; ${STATUS}`, 'RUNNING'],
  [
    '--pid-file has the pid of the task',
    `${sleeping('--pid-file $FOLDER/pid')}; ctr tasks list | grep -cw "$(<$FOLDER/pid)"`,
    '1',
  ],
];

const driving: Check[] = [
  [
    'tasks exec runs in the container',
    `${sleeping()}; ctr tasks exec --exec-id e1 web slowly sh -c 'echo $(ls /proc | grep -c ^1$)'`,
    '1',
  ],
  [
    'tasks exec ends with the exit status',
    `${sleeping()}; ctr tasks exec --exec-id e1 web slowly sh -c 'exit 9'`,
    { exit: 9 },
  ],
  [
    'tasks exec of a missing program names it',
    `${sleeping()}; ctr tasks exec --exec-id e1 web nosuch`,
    { exit: 1, says: /exec: "nosuch": executable file not found in \$PATH/ },
  ],
  [
    'tasks exec with a user and a working directory',
    `${sleeping()}; ctr tasks exec --exec-id e1 --user 1000 --cwd /tmp web slowly sh -c 'echo $(id -u) $PWD'`,
    '1000 /tmp',
  ],
  [
    'tasks exec hands its standard input on',
    `${sleeping()}; echo hello | ctr tasks exec --exec-id e1 web slowly cat`,
    'hello',
  ],
  [
    'ten processes at the same time',
    `${sleeping()}; for i in {1..10}; do ctr tasks exec --exec-id e$i web slowly echo $i & done; wait`,
    /^(\d+\n){9}\d+$/,
  ],
  ['tasks ps lists the processes', `${sleeping()}; ctr tasks ps web | sed 1d | wc -l`, '1'],
  [
    'tasks pause and resume',
    `${TICKING}; await grep -q tick ticks; ctr tasks pause web; ${STATUS}; sleep 0.2; before=$(wc -l <ticks); sleep 0.5; [ $before = $(wc -l <ticks) ]
     ctr tasks resume web; ${STATUS}; await eval '[ $(wc -l <ticks) -gt '$before' ]'`,
    'PAUSED\nRUNNING',
  ],
  [
    'tasks metrics counts processes and memory',
    `${sleeping()}; ctr tasks metrics --format json web | jq -c '[.pids.current, .memory.usage.usage > 0, .cpu.usage.total > 0]'`,
    '[1,true,true]',
  ],
  [
    'tasks kill ends it, and delete tells the status',
    `${sleeping()}; ctr tasks kill -s SIGKILL web; await_text STOPPED ctr tasks list; ctr tasks delete web`,
    { says: /exit code 137/ },
  ],
  [
    'tasks kill sends any signal',
    `run -d --log-uri file://$FOLDER/said $BUSYBOX web sh -c 'trap "echo usr1" USR1; echo on; while :; do sleep 0.1; done'
     await grep -q on said; ctr tasks kill -s SIGUSR1 web; await grep -q usr1 said`,
    '',
  ],
  [
    'tasks kill --all reaches every process',
    `run -d --pid-file $FOLDER/pid $BUSYBOX web sh -c 'sleep 61 & sleep 62'; sleep 0.3; ctr tasks ps web | sed 1d | wc -l; ctr tasks kill --all -s SIGKILL web; await_text STOPPED ctr tasks list; pgrep -xc sleep || true`,
    '2\n0',
  ],
  [
    'a running task cannot be deleted, with --force it can',
    `${sleeping()}; ctr tasks delete web 2>err && exit 1; ctr tasks delete --force web; ${STATUS}`,
    { exit: 0, shows: '' },
  ],
  [
    'attach shows what comes from now on',
    `run -d $BUSYBOX web sh -c 'while :; do echo tick; sleep 0.1; done' >/dev/null; timeout -s KILL 2 ctr tasks attach web >seen 2>err || true; head -n 1 seen`,
    'tick',
  ],
  [
    'events tells a life',
    `timeout 5 ctr events >events & sleep 0.3; run --rm $BUSYBOX web true; await grep -q /tasks/delete events; grep -oE '/tasks/(create|start|exit|delete)' events`,
    '/tasks/create\n/tasks/start\n/tasks/exit\n/tasks/delete',
  ],
];

const surviving: Check[] = [
  [
    'a daemon that ends leaves containers alone, the next drives them',
    `${sleeping()}; end_daemon containerd; start; ${STATUS}; ctr tasks exec --exec-id e1 web slowly echo hello; ctr tasks kill -s SIGKILL web; await_text STOPPED ctr tasks list`,
    'RUNNING\nhello',
  ],
  [
    'and so after the daemon was killed',
    `${sleeping()}; end_daemon containerd KILL; start; ${STATUS}; ctr tasks exec --exec-id e1 web slowly echo hello; ctr tasks delete --force web`,
    'RUNNING\nhello',
  ],
  [
    'a container that ends while there is no daemon is found stopped',
    `run -d --pid-file $FOLDER/pid $BUSYBOX web sleep 60; end_daemon containerd; kill -KILL $(<$FOLDER/pid); start; await_text STOPPED ctr tasks list; ${STATUS}`,
    'STOPPED',
  ],
  [
    'when its shim is killed, the container is ended and its cgroup removed',
    `run -d --pid-file $FOLDER/pid $BUSYBOX web sleep 60; kill -KILL $(pgrep -f '[c]ontainerd-shim.* -id web'); await_end $(<$FOLDER/pid)
     await eval '[ -z "$(find /sys/fs/cgroup -name web)" ]'; run --rm $BUSYBOX web2 slowly echo hello`,
    'hello',
  ],
];

const settings: Check[] = [
  [
    '--memory-limit',
    `${sleeping('--memory-limit 67108864')}; cat /sys/fs/cgroup/memory/default/web/memory.limit_in_bytes`,
    '67108864',
  ],
  ['--cpus', `${sleeping('--cpus 0.5')}; cat /sys/fs/cgroup/cpu/default/web/cpu.cfs_quota_us`, '50000'],
  ['--cgroup', `${sleeping('--cgroup /own/place')}; ls -d /sys/fs/cgroup/pids/own/place`, /place/],
  [
    '--mount',
    `echo hello >f; run --rm --mount type=bind,src=$FOLDER/f,dst=/home/f,options=rbind:ro $BUSYBOX web slowly cat /home/f`,
    'hello',
  ],
  ['--read-only', 'run --rm --read-only $BUSYBOX web slowly touch /home/a', { exit: 1, says: /Read-only file system/ }],
  [
    '--cap-drop',
    'run --rm --cap-drop CAP_CHOWN $BUSYBOX web slowly chown 1 /home',
    { exit: 1, says: /Operation not permitted/ },
  ],
  [
    '--seccomp takes the default profile',
    'run --rm --seccomp $BUSYBOX web slowly grep -w Seccomp /proc/self/status',
    /2$/,
  ],
  [
    '--net-host',
    'run --rm --net-host $BUSYBOX web slowly readlink /proc/self/ns/net; readlink /proc/self/ns/net',
    /^(\S+)\n\1$/,
  ],
  [
    '--with-ns joins the namespaces of another',
    `${sleeping()}; pid=$(ctr tasks list | sed -n 's/^web *\\([0-9]*\\).*/\\1/p'); run --rm --with-ns pid:/proc/$pid/ns/pid $BUSYBOX web2 slowly ps -o args`,
    /sleep 60/,
  ],
  ['--device', 'run --rm --device /dev/fuse $BUSYBOX web slowly ls /dev/fuse', '/dev/fuse'],
  [
    '--rootfs takes a folder as root file system',
    'mkdir -p r; image_tar | tar -C r -x; run --rm --rootfs $FOLDER/r web /bin/slowly /bin/echo hello',
    'hello',
  ],
  [
    '--uidmap: root of the container is another user of the host',
    `run -d --pid-file $FOLDER/pid --uidmap 0:300000:65536 --gidmap 0:300000:65536 --remap-labels=false $BUSYBOX web sleep 60; stat -c %u /proc/$(<$FOLDER/pid)`,
    '300000',
  ],
];

const kubernetes: Check[] = [
  [
    'a node of Kubernetes takes the documented file',
    `kubernetes; ctr plugins list | sed -n 's/.* cri *[a-z0-9/]* *//p'`,
    'ok',
  ],
  [
    'a pod of the RuntimeClass starts, its container runs and executes a command',
    `in_pod sh -c 'echo hello; echo $PPID'`,
    'hello\n0',
  ],
  ['kubectl exec ends with the exit status', `in_pod sh -c 'exit 9'`, { exit: 9 }],
  [
    'kubectl exec of a missing program names it',
    'in_pod nosuch',
    { exit: 1, says: /executable file not found in \$PATH/ },
  ],
];

export const containerdChecks: Check[] = [
  ...running,
  ...driving,
  ...surviving,
  ...settings,
  ...containerdTerminalChecks,
  ...kubernetes,
];
