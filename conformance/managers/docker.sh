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
  # A check may not take the others with it.
  if ! docker version >/dev/null 2>&1; then
    echo "dockerd has ended: $(grep -m 1 -A 12 -E '^(panic|fatal|SIG)' "$FOLDER/dockerd.log" || tail -n 2 "$FOLDER/dockerd.log")" >&2
    rm -f /run/docker.pid
    start
    return 1
  fi
  containers=$(docker ps -aq)
  # shellcheck disable=SC2086
  [ -z "$containers" ] || docker rm -fv $containers >/dev/null
  await_no_state
}

version() { dockerd --version; }

# Adds settings from the standard input to the documented ones.
configure_also() {
  configure daemon.json "$TMPDIR/daemon.json"
  jq -s add "$TMPDIR/daemon.json" - >/etc/docker/daemon.json
}
