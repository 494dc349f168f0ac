#!/bin/sh
# Runs a command as if this machine were its own: with its own mounts, processes, network, cgroups, /run, /var/lib and
# /etc. Whatever it starts ends with it, and what it writes outside FOLDER is gone.
# usage: unshare --fork sh isolated.sh FOLDER CGROUP COMMAND [ARGUMENT...]
# The caller removes FOLDER, and CGROUP from all hierarchies.
set -eu
export FOLDER="$1"
cgroup=$2
shift 2

# A cgroup namespace's root is where its maker is; a hybrid and a v1 host have a folder for each hierarchy.
enter() {
  mkdir "$1/$cgroup"
  case $1 in
    */cpuset) for file in cpuset.cpus cpuset.mems; do cat "$1/$file" >"$1/$cgroup/$file"; done ;;
  esac
  echo $$ >"$1/$cgroup/cgroup.procs"
}
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  enter /sys/fs/cgroup
else
  for hierarchy in /sys/fs/cgroup/*/; do [ -L "${hierarchy%/}" ] || enter "${hierarchy%/}"; done
fi

# shellcheck disable=SC2016
exec unshare --mount --pid --net --ipc --uts --cgroup --fork --kill-child --mount-proc sh -euc '
# Mount point, type and options of each hierarchy, to be mounted again from here.
hierarchies=$(sed -nE "s,^([^ ]+ ){4}(/sys/fs/cgroup[^ ]*) .* - (cgroup2?) [^ ]+ (.*),\2 \3 \4,p" /proc/self/mountinfo)
[ -e /sys/fs/cgroup/cgroup.controllers ] || mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
echo "$hierarchies" | while read -r target type options; do
  mkdir -p "$target"
  mount -t "$type" -o "$options" "$type" "$target"
done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir "$FOLDER/lib" "$FOLDER/etc" "$FOLDER/work" "$FOLDER/tmp"
mount --bind "$FOLDER/lib" /var/lib
mount -t overlay -o "lowerdir=/etc,upperdir=$FOLDER/etc,workdir=$FOLDER/work" overlay /etc
ip link set lo up
hostname host
export TMPDIR="$FOLDER/tmp" HOME="$FOLDER" PATH=/usr/sbin:/usr/bin:/sbin:/bin
unset DOCKER_HOST DOCKER_CONFIG CONTAINERD_ADDRESS XDG_RUNTIME_DIR
exec tini -- "$@"' sh "$@"
