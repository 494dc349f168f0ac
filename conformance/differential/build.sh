#!/bin/sh
# Compiles the probe, statically, if it's older than its source.
# usage: conformance/differential/build.sh OUTPUT
set -eu

here=$(dirname "$0")/probe
output=$1
[ -e "$output" ] && [ -z "$(find "$here" -newer "$output")" ] && exit
mkdir -p "$(dirname "$output")"
gcc -static -O1 -Wall -Wextra -Werror -o "$output" "$here"/*.c
