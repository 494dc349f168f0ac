#!/bin/sh
# Starts the engine without JIT and helper threads, which is faster for what lives 20 ms, and without settings of
# somebody else's (docs/architecture.md, "Three programs, no fork").
# Only what the shell does by itself: every program started here would cost each command half a millisecond.
case $0 in */*) lib=${0%/*}/lib ;; *) lib=$(dirname "$(command -v "$0")")/lib ;; esac
[ ! -L "$0" ] || lib=$(dirname "$(readlink -f "$0")")/lib
[ -e /proc/self/fd ] || { echo 'runts: /proc is not mounted' >&2; exit 1; }
unset BUN_OPTIONS BUN_INSPECT BUN_INSPECT_PRELOAD BUN_INSPECT_CONNECT_TO BUN_CONFIG_VERBOSE_FETCH
# The engine raises its soft limit of open files; the container is to get the caller's. The here-document is a pipe
# that the limit is passed through, for want of a way to catch a built-in's output without a child process.
{ ulimit -Sn >/proc/self/fd/9 && read -r RUNTS_NOFILE <&9; } 9<<END
END
# Some shells keep a here-document in a file that can't be written to this way.
[ -n "$RUNTS_NOFILE" ] || RUNTS_NOFILE=$(ulimit -Sn)
# Which descriptors came from the caller (--preserve-fds): the engine opens some of its own next to them.
RUNTS_FDS=0
while [ -e "/proc/self/fd/$((RUNTS_FDS + 3))" ]; do RUNTS_FDS=$((RUNTS_FDS + 1)); done
export RUNTS_FDS RUNTS_NOFILE BUN_JSC_useJIT=0 BUN_JSC_useConcurrentGC=0 BUN_JSC_numberOfGCMarkers=1
exec "$lib/runts-engine" "$@"
