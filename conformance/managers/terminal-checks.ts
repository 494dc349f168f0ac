// What a user does and sees on a terminal, with each manager. `on_terminal` (common.sh) gives a command one.
import type { Check } from './check.ts';

// Two lines for a shell; the sleeping is the user's.
const TYPED = `(sleep 1; echo 'echo $((6 * 7))'; sleep 0.5; echo 'exit 5')`;
const COUNT = `seq 200000`;
const SAME = /^(\S+) .*\n\1 /;
const sized = (command: string): string => `on_terminal "stty rows 33 cols 77; ${command}"`;

export const dockerTerminalChecks: Check[] = [
  [
    'run -it is a shell to type into',
    `${TYPED} | on_terminal 'docker run --rm -it busybox sh'`,
    { exit: 5, shows: /^42$/m },
  ],
  [
    'run -t has a terminal and a console',
    `docker run --rm -t busybox sh -c 'tty; ls /dev/console'`,
    /^\/dev\/pts\/0\s+\/dev\/console$/,
  ],
  [
    "the terminal has the size of the user's",
    sized(`docker run --rm -it busybox sh -c 'sleep 1; stty size'`),
    /33 77$/,
  ],
  [
    'a changed size arrives',
    `on_terminal "exec 3<&0; (sleep 1; stty rows 44 cols 88 <&3) & docker run --rm -it busybox sh -c 'sleep 2; stty size'"`,
    /44 88$/,
  ],
  [
    'output on a terminal arrives complete',
    `docker run --rm -t busybox ${COUNT} | tr -d '\\r' | sha256sum; ${COUNT} | sha256sum`,
    SAME,
  ],
  [
    'Ctrl-C interrupts the program',
    `(await docker exec web true; sleep 0.5; printf '\\003'; sleep 2) | on_terminal 'docker run --rm -it --name web --init busybox sleep 60'`,
    { exit: 130 },
  ],
  [
    'the detach keys leave it running, attach comes back',
    `(await docker exec web true; sleep 0.5; printf '\\020\\021'; sleep 1) | on_terminal 'docker run -it --name web busybox sh' >/dev/null
     docker inspect -f '{{.State.Status}}' web; ${TYPED} | on_terminal 'docker attach web'`,
    { exit: 5, shows: /^running\n[\s\S]*^42$/m },
  ],
  [
    'exec -it is a shell to type into',
    `docker run -d --name web busybox sleep 60 >/dev/null; ${TYPED} | on_terminal 'docker exec -it web sh'`,
    { exit: 5, shows: /^42$/m },
  ],
  [
    "exec -t has a terminal of the size of the user's",
    `docker run -d --name web busybox sleep 60 >/dev/null; ${sized(`docker exec -it web sh -c 'sleep 1; tty; stty size'`)}`,
    /\/dev\/pts\/0\n33 77$/,
  ],
];

export const containerdTerminalChecks: Check[] = [
  [
    'run -t is a shell to type into',
    `${TYPED} | on_terminal 'run --rm -t $BUSYBOX web sh'`,
    { exit: 5, shows: /^42$/m },
  ],
  [
    "run -t has a terminal of the size of the user's",
    sized(`run --rm -t \\$BUSYBOX web sh -c 'sleep 1; tty; stty size'`),
    /\/dev\/pts\/0\n33 77$/,
  ],
  [
    'tasks exec -t is a shell to type into',
    `run -d $BUSYBOX web sleep 60; ${TYPED} | on_terminal 'ctr tasks exec -t --exec-id e1 web sh'`,
    { exit: 5, shows: /^42$/m },
  ],
];

export const podmanTerminalChecks: Check[] = [
  [
    'run -it is a shell to type into',
    `${TYPED} | on_terminal 'podman run --rm -it busybox sh'`,
    { exit: 5, shows: /^42$/m },
  ],
  [
    'run -t has a terminal and a console',
    `podman run --rm -t busybox sh -c 'tty; ls /dev/console'`,
    /^\/dev\/pts\/0\s+\/dev\/console$/,
  ],
  [
    "the terminal has the size of the user's",
    sized(`podman run --rm -it busybox sh -c 'sleep 1; stty size'`),
    /33 77$/,
  ],
  [
    'output on a terminal arrives complete',
    `podman run --rm -t busybox ${COUNT} | tr -d '\\r' | sha256sum; ${COUNT} | sha256sum`,
    SAME,
  ],
  [
    'the detach keys leave it running, attach comes back',
    `(await podman exec web true; sleep 0.5; printf '\\020'; sleep 0.3; printf '\\021'; sleep 1) | on_terminal 'podman run -it --name web busybox sh' >/dev/null
     podman inspect -f '{{.State.Status}}' web; ${TYPED} | on_terminal 'podman attach web'`,
    /^running\n[\s\S]*^42$/m,
  ],
  [
    "exec -it is a shell to type into, of the size of the user's terminal",
    `podman run -d --name web busybox sleep 60 >/dev/null; (sleep 1; echo 'stty size'; sleep 0.5; echo 'exit 5') | ${sized('podman exec -it web sh')}`,
    { exit: 5, shows: /^33 77$/m },
  ],
];
