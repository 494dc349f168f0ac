#!/bin/sh
# Prints the address of the Debian mirror that this machine takes its packages from, in either form of apt's sources.
set -eu
cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -v '^ *#' | grep -oE 'https?://[^ ]+' |
  grep -v security | head -n 1 | grep . || {
  echo "apt's sources name no mirror" >&2
  exit 1
}
