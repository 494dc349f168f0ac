# shellcheck shell=bash
# Docker Engine: how it is started, and what a check leaves is removed.

start() {
  daemon dockerd "$@"
  await docker version
}

setup() {
  configure daemon.json /etc/docker/daemon.json
  start
  image_tar | docker import --change 'ENV PATH=/usr/bin:/bin' --change 'CMD ["sh"]' - busybox >/dev/null
}

clean() {
  local containers
  containers=$(docker ps -aq)
  # shellcheck disable=SC2086
  [ -z "$containers" ] || docker rm -fv $containers >/dev/null
}

version() { dockerd --version; }

# Adds settings from the standard input to the documented ones.
configure_also() {
  configure daemon.json "$TMPDIR/daemon.json"
  jq -s add "$TMPDIR/daemon.json" - >/etc/docker/daemon.json
}
