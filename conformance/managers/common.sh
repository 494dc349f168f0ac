# shellcheck shell=bash
# What every check has at hand. A check is sourced after this file and the manager's own; it ends at its first failure.
set -euo pipefail
HERE=$(dirname "${BASH_SOURCE[0]}")

# Waits until a command succeeds, 10 seconds at most; shows what it says then.
await() {
  local end=$((SECONDS + 10))
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || { echo "not within 10 s: $*" >&2; "$@"; return; }
    sleep 0.05
  done
}

# Waits until a command prints a text: await_text TEXT COMMAND...
await_text() {
  local text=$1
  shift
  await eval "$(printf '%q ' "$@") 2>&1 | grep -q -- $(printf %q "$text")"
}

# Waits until a process has ended: await_end PID
await_end() { await eval "! kill -0 $1"; }

# Waits until the runtime has nothing of a container left, wherever the managers let it keep that.
await_no_state() { await eval "! ls -d /run/{,user/*/}{runc,runts}/*/ /run/{containerd/runc/*,docker/runtime-runc/*}/*/ 2>/dev/null | grep ."; }

# Puts one of the files that the documents show where the manager looks for it, with the runtime under test in it.
configure() {
  mkdir -p "$(dirname "$2")"
  sed "s,/usr/local/sbin/runts,$RUNTIME,g" "$HERE/config/$1" >"$2"
}

# A root file system that is all of an image: busybox, and the files that programs look for.
image_tar() {
  local rootfs=$TMPDIR/image applet
  mkdir -p "$rootfs"/{bin,etc,home,proc,sys,dev,tmp,var}
  cp /bin/busybox "$rootfs/bin/busybox"
  for applet in $(busybox --list); do [ -e "$rootfs/bin/$applet" ] || ln -s busybox "$rootfs/bin/$applet"; done
  echo 'root:x:0:0:root:/:/bin/sh' >"$rootfs/etc/passwd"
  echo 'web:x:1000:1001:web:/home:/bin/sh' >>"$rootfs/etc/passwd"
  printf 'root:x:0:\nweb:x:1001:\nmedia:x:44:web\n' >"$rootfs/etc/group"
  # Runs a command and stays for a moment: ctr may lose the output of a program that ends at once, with any runtime.
  printf '#!/bin/sh\n"$@"; status=$?; sleep 0.2; exit $status\n' >"$rootfs/bin/slowly"
  chmod 755 "$rootfs/bin/slowly"
  chmod 1777 "$rootfs/tmp"
  tar -C "$rootfs" -c .
}

# Starts a daemon that outlives the check: daemon COMMAND [ARGUMENT...]
daemon() {
  setsid "$@" >>"$FOLDER/$1.log" 2>&1 </dev/null &
  echo $! >"$FOLDER/$1.pid"
}

# Ends it: end_daemon NAME [SIGNAL]
end_daemon() {
  local pid
  pid=$(<"$FOLDER/$1.pid")
  kill -s "${2:-TERM}" "$pid"
  await_end "$pid"
}

# Runs a command line on a terminal of its own, as if what comes on the standard input were typed: on_terminal COMMAND
on_terminal() { SHELL=/bin/bash script -qec "$1" /dev/null | tr -d '\r'; }
