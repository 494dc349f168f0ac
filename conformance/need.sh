#!/bin/sh
# Installs those of the named Debian packages that are missing.
# usage: conformance/need.sh PACKAGE...
set -eu

missing=
for package; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=unknown
  [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "these programs are needed, and there is no apt-get to install them with:$missing" >&2
  exit 1
fi
if [ "$(id -u)" != 0 ]; then
  echo "only root can install what is needed:$missing" >&2
  exit 1
fi
echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of names without blanks
install() { apt-get install --yes --quiet=2 --no-install-recommends $missing </dev/null >/dev/null 2>&1; }
# The lists of packages may be missing or old.
install || { apt-get update --quiet=2 && install; } || {
  echo "apt-get install$missing has failed" >&2
  exit 1
}
