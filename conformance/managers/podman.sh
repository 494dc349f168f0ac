# shellcheck shell=bash
# Podman and buildah, without systemd.

podman() { command podman --cgroup-manager cgroupfs --events-backend file "$@"; }
export -f podman

setup() {
  configure containers.conf /etc/containers/containers.conf
  image_tar | podman import --quiet --change 'ENV PATH=/usr/bin:/bin' --change 'CMD ["sh"]' - busybox >/dev/null
}

clean() {
  podman pod rm --force --all --time 0 >/dev/null
  podman rm --force --all --time 0 >/dev/null
}

version() { podman --version; }
