# shellcheck shell=bash
# Podman and buildah, without systemd.

podman() { command podman --cgroup-manager cgroupfs --events-backend file "$@"; }
export -f podman

setup() {
  configure containers.conf /etc/containers/containers.conf
  image_tar | podman import --quiet --change 'ENV PATH=/usr/bin:/bin' --change 'CMD ["sh"]' - busybox >/dev/null
}

# With id maps Podman removes a container's /dev/shm now and then while its own clean-up still unmounts it ("device or
# resource busy", with runc one time in ten), and has forgotten the container the second time.
clean() {
  podman pod rm --force --all --time 0 >/dev/null
  podman rm --force --all --time 0 >/dev/null 2>&1 || podman rm --force --all --time 0 >/dev/null
  await_no_state
}

version() { podman --version; }

# A user without privileges: as_user COMMAND [ARGUMENT...], with Podman's files in the session's folder
as_user() {
  local home=$FOLDER/home
  if ! grep -q '^plain:' /etc/passwd; then
    echo "plain:x:1234:1234::$home:/bin/bash" >>/etc/passwd
    echo 'plain:x:1234:' >>/etc/group
    for file in /etc/subuid /etc/subgid; do echo plain:300000:65536 >>$file; done
    mkdir -p "$home" /run/user/1234
    chown 1234:1234 "$home" /run/user/1234
    chmod 755 "$FOLDER"
    # As systemd has it.
    mount --make-rshared /
  fi
  setpriv --reuid 1234 --regid 1234 --clear-groups \
    env --chdir "$home" HOME="$home" TMPDIR="$home" USER=plain XDG_RUNTIME_DIR=/run/user/1234 "$@"
}
user_podman() { as_user podman --cgroup-manager cgroupfs --events-backend file --storage-driver vfs "$@"; }
