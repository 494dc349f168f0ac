#!/bin/sh
# Runs one program of the suite, in namespaces of its own: the first process of a pid namespace, with which everything
# ends that the program leaves behind.
# usage: unshare --mount --pid --fork --kill-child --mount-proc sh isolated.sh SECONDS RUNTIME PROGRAM
# RUNTIME is a script that knows its root folder; the working folder is the suite's.
seconds=$1 program=$3
export RUNTIME="$2"

# crun refuses the v2 part of a hybrid set-up, and runc doesn't use it.
[ -z "${WITHOUT_UNIFIED-}" ] || umount /sys/fs/cgroup/unified 2>/dev/null

timeout --kill-after=5 "$seconds" "$program"
status=$?

# What the program hasn't deleted. Here, because pids are different outside.
for id in $("$RUNTIME" list --quiet 2>/dev/null); do
  timeout 20 "$RUNTIME" delete --force "$id" >/dev/null 2>&1 || echo "leftover: container $id" >&2
done
exit "$status"
