#!/bin/sh
# One container's life, shown step by step: a bundle made from Debian's busybox-static, from create to delete.
# usage: conformance/demo.sh [FOLDER OF runts]
set -eu
cd "$(dirname "$0")/.."
PATH=$(cd "${1:-dist}" && pwd):$PATH
id=demo
work=$(mktemp -d)
[ -d /run/runts ] || is_first=yes
trap clean EXIT
trap 'exit 1' HUP INT TERM

main() {
  [ "$(id -u)" = 0 ] || { echo 'the demo needs root' >&2; exit 1; }
  if runts state "$id" >/dev/null 2>&1; then id=demo-$$; fi
  cd "$work"
  say 'A bundle is a folder with a root file system and a config.json.'
  make_rootfs
  show runts spec
  edit_config
  show ls . rootfs

  say 'create: namespaces, mounts, devices, cgroup; the process waits, nothing of the container runs yet.'
  printf '$ runts create %s >output\n' "$id"
  runts create "$id" >output 2>&1 </dev/null
  show runts state "$id"

  say "start: the waiting process becomes the user's program. Its output, from inside:"
  show runts start "$id"
  wait_until grep -q '^ready' output
  show_output
  show runts state "$id"

  say 'kill: the program handles SIGTERM and ends.'
  show runts kill "$id" TERM
  wait_until is_stopped
  printf '$ tail -n 1 output\n'
  tail -n 1 output | sed 's/^/    /'
  show runts state "$id"

  say 'delete: nothing is left.'
  show runts delete "$id"
  show runts list
}

make_rootfs() {
  printf '$ mkdir rootfs, with busybox and a script in it\n'
  for folder in bin dev etc proc sys tmp; do mkdir -p "rootfs/$folder"; done
  cp /bin/busybox rootfs/bin/
  for applet in $(busybox --list); do [ -e "rootfs/bin/$applet" ] || ln -s busybox "rootfs/bin/$applet"; done
  echo 'root:x:0:0:root:/:/bin/sh' >rootfs/etc/passwd
  echo 'root:x:0:' >rootfs/etc/group
  cat >rootfs/bin/look-around <<'END'
#!/bin/sh
echo "hostname      $(hostname)"
echo "user          $(id)"
echo "capabilities  $(sed -n 's/^CapEff:\t//p' /proc/self/status)"
echo "network       $(ls /sys/class/net | xargs)"
echo "my PID        $$, and all the processes that I see:"
ps -o pid,user,comm
echo "my mounts:"
mount
trap 'echo "SIGTERM: good bye"; exit 0' TERM
echo "ready"
while :; do sleep 1 & wait; done
END
  chmod +x rootfs/bin/look-around
}

# No terminal, the script instead of a shell, a host name of its own.
edit_config() {
  show sed -i -e 's/"terminal": true/"terminal": false/' -e 's/"sh"/"look-around"/' \
    -e 's/"hostname": .*"/"hostname": "inside"/' config.json
  # Device rules need a cgroup v1 devices hierarchy until those for cgroup v2 are done.
  grep -q ' - cgroup .*devices' /proc/self/mountinfo || show sed -i '/"resources": {/,/^    },/d' config.json
}

say() { printf '\n== %s\n' "$1"; }

show() {
  line=$1
  shift
  command=$line
  for word; do
    case $word in *[!A-Za-z0-9_./=-]*) line="$line '$word'" ;; *) line="$line $word" ;; esac
  done
  printf '$ %s\n' "$line"
  "$command" "$@"
}

show_output() {
  printf '$ cat output\n'
  sed 's/^/    /' output
}

is_stopped() { runts state "$id" | grep -q '"stopped"'; }

wait_until() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { echo "waited too long: $*" >&2; cat output >&2; exit 1; }
    sleep 0.1
  done
}

clean() {
  runts delete --force "$id" || true
  cd /
  rm -rf "$work"
  [ -z "${is_first:-}" ] || rmdir /run/runts
}

main
