#!/bin/sh
# Brings a container to where a timed command starts from: none, created, stopped.
# usage: prepare.sh RUNTIME ROOT BUNDLE ID none|created|stopped
runtime=$1 root=$2 bundle=$3 id=$4 status=$5

"$runtime" --root "$root" delete --force "$id" >/dev/null 2>&1
[ "$status" = none ] && exit 0
# Into a file: the container's process keeps the streams open, and somebody waits for the end of this script's.
"$runtime" --root "$root" create --bundle "$bundle" "$id" </dev/null >"$root.log" 2>&1 || { cat "$root.log" >&2; exit 1; }
[ "$status" = created ] && exit 0
"$runtime" --root "$root" start "$id" || exit
until "$runtime" --root "$root" state "$id" | grep -q '"stopped"'; do sleep 0.01; done
