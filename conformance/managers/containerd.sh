# shellcheck shell=bash
# containerd: how it is started, and what a check leaves is removed.

start() {
  daemon containerd
  await ctr version
}

setup() {
  configure config.toml /etc/containerd/config.toml
  start
  image_archive | ctr images import - >/dev/null
}

# run [OPTION...] IMAGE ID [ARGUMENT...], with the runtime under test
run() { ctr run --runc-binary "$RUNTIME" "$@"; }
export -f run
export BUSYBOX=docker.io/library/busybox:latest

# What `docker save` writes: one layer and what says so.
image_archive() {
  local folder=$TMPDIR/archive digest
  mkdir -p "$folder"
  image_tar >"$folder/layer.tar"
  digest=$(sha256sum <"$folder/layer.tar" | cut -c 1-64)
  cat >"$folder/config.json" <<EOF
{"architecture": "amd64", "os": "linux", "config": {"Env": ["PATH=/usr/bin:/bin"], "Cmd": ["sleep", "600"]},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$digest"]}, "history": [{"created": "2026-01-01T00:00:00Z"}]}
EOF
  echo '[{"Config": "config.json", "RepoTags": ["busybox:latest"], "Layers": ["layer.tar"]}]' >"$folder/manifest.json"
  tar -C "$folder" -c manifest.json config.json layer.tar
}

clean() {
  local id
  for id in $(ctr tasks list --quiet); do ctr tasks delete --force "$id" >/dev/null 2>&1 || true; done
  for id in $(ctr containers list --quiet); do ctr containers delete "$id"; done
  await_no_state
}

version() { containerd --version; }

# containerd as on a node of Kubernetes, with the documented runtimes. Lowering oom_score_adj takes CAP_SYS_RESOURCE.
kubernetes() {
  cat >>/etc/containerd/config.toml <<EOF
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$BUSYBOX"
  restrict_oom_score_adj = true
EOF
  end_daemon containerd
  start
  image_archive | ctr -n k8s.io images import - >/dev/null
}

# What the kubelet does for a pod of the RuntimeClass, and what a command in its container says: in_pod COMMAND...
in_pod() { "$BUN" "$HERE/cri.ts" runts "$BUSYBOX" "$@"; }
