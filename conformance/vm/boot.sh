#!/bin/bash
# boot.sh [--systemd] [--cgroup v1|v2] [--share DIR]... [--scratch GB] [--image EXT4] [--mem MB] [--smp N]
#           [--timeout S] [--env NAME]... [--fs virtiofs|9p] [--verbose] -- COMMAND...
# Boots a virtual machine on this machine's file system (read-only, a tmpfs over it; --image: that image instead,
# and this machine's tree at /host), runs COMMAND in the current directory as root, passes on its stdout and stderr,
# exits with its status.  --share: a directory writable from inside; --scratch: an empty ext4 at /scratch.
# 124: timeout, 125: the machine broke down.  VM_DIR: the directory prepared by setup.sh.
set -u
sys= cg=v2 mem=2048 smp=2 tmo=600 shares=() scratch= image= verbose= envs=() fs=9p
here=$(cd "$(dirname "$0")" && pwd); dir=${VM_DIR:-$here/vm}
for vfsd in /usr/lib/qemu/virtiofsd /usr/libexec/virtiofsd ''; do [ ! -x "$vfsd" ] || { fs=virtiofs; break; }; done
while [ $# -gt 0 ]; do case $1 in
  --systemd) sys=1;; --verbose) verbose=1;; --cgroup) cg=$2; shift;; --share) shares+=("$(realpath "$2")"); shift;;
  --scratch) scratch=$2; shift;; --mem) mem=$2; shift;; --smp) smp=$2; shift;; --timeout) tmo=$2; shift;;
  --image) image=$(realpath "$2"); shift;; --env) envs+=("$2"); shift;; --fs) fs=$2; shift;;
  --) shift; break;; *) echo "boot.sh: $1?" >&2; exit 2;; esac; shift; done
[ $# -gt 0 ] || { echo "boot.sh: no command" >&2; exit 2; }
t=$(mktemp -d) || exit 2; vpid=; trap '[ -z "$vpid" ] || kill "$vpid" 2>/dev/null; rm -rf "$t"' EXIT
mkdir "$t/c"; mkfifo "$t/o" "$t/e"
{ for v in PATH HOME ${envs[@]+"${envs[@]}"}; do [ -z "${!v+x}" ] || printf 'export %s=%q\n' "$v" "${!v}"; done
  printf 'cd %q 2>/dev/null || cd /\n' "$PWD"; printf '%q ' "$@"; echo; } >"$t/c/cmd"
printf 'SYSTEMD=%s CGROUP=%s IMAGE=%s SCRATCH=%s FS=%s MODULES=%s\nSHARES="%s"\n' "$sys" "$cg" "$image" "$scratch" "$fs" \
  "$(realpath "$dir"/kernel/lib/modules/*)" "${shares[*]-}" >"$t/c/conf"
acc=${VM_ACCEL:-$(cat "$dir/accel" 2>/dev/null || echo tcg,thread=single)}
case $acc in kvm*) cpu=host;; *) cpu=max,la57=off;; esac
v1=; [ $cg = v2 ] || v1="SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 cgroup_no_v1=none"
p9() { echo "local,path=$1,mount_tag=$2,id=$2,security_model=none,multidevs=remap"; }
q=("${VM_QEMU:-qemu-system-x86_64}" -M q35 -accel "$acc" -cpu "${VM_CPU:-$cpu}" -smp "$smp" -m "$mem" -nodefaults -display none
   -no-reboot -kernel "$dir/vmlinux" -initrd "$dir/initrd.gz" -chardev file,id=con,path="$t/con" -serial chardev:con
   -append "console=ttyS0 panic=-1 mitigations=off random.trust_cpu=on audit=0 systemd.unified_cgroup_hierarchy=$([ $cg = v2 ] && echo 1 || echo 0) $v1 systemd.show_status=0 $([ -n "$verbose" ] || echo quiet) ${VM_APPEND-}"
   -device virtio-serial-pci -chardev file,id=o,path="$t/o" -device virtserialport,chardev=o,name=out
   -chardev file,id=e,path="$t/e" -device virtserialport,chardev=e,name=err -virtfs "$(p9 "$t/c" ctl)")
if [ $fs = virtiofs ]; then
  case $vfsd in */qemu/*) vo=(-o source=/ -o cache=always -o sandbox=chroot);; *) vo=(--shared-dir=/ --cache=always --sandbox=chroot);; esac
  "$vfsd" --socket-path="$t/vfs" "${vo[@]}" >"$t/vlog" 2>&1 & vpid=$!
  for i in {1..100}; do [ ! -S "$t/vfs" ] || break; sleep .05; done
  q+=(-object memory-backend-memfd,id=mem,size="${mem}M",share=on -machine memory-backend=mem
      -chardev socket,id=vfs,path="$t/vfs" -device vhost-user-fs-pci,chardev=vfs,tag=host)
else q+=(-virtfs "$(p9 / host),readonly=on"); fi
[ -z "$image" ] || q+=(-drive "file=$image,if=virtio,format=raw,readonly=on")
i=0; for s in ${shares[@]+"${shares[@]}"}; do q+=(-virtfs "$(p9 "$s" share$i)"); i=$((i+1)); done
[ -z "$scratch" ] || { truncate -s "${scratch}G" "$t/disk"; mke2fs -q -t ext4 "$t/disk"
  q+=(-drive "file=$t/disk,if=virtio,format=raw,cache=unsafe"); }
cat "$t/o" & a=$!; cat "$t/e" >&2 & b=$!
timeout -k 5 "$tmo" "${q[@]}" </dev/null >"$t/qlog" 2>&1; qrc=$?
exec 9<>"$t/o" 8<>"$t/e"; exec 9>&- 8>&-      # lets the readers end should QEMU not have opened the pipes
wait $a $b
[ -z "$verbose" ] || { cat "$t/con" "$t/qlog"; echo "boot.sh: command started at $(cat "$t/c/up" 2>/dev/null) s of uptime"; } >&2
[ ! -s "$t/c/rc" ] || exit "$(cat "$t/c/rc")"
if [ $qrc = 124 ]; then echo "boot.sh: timeout after $tmo s" >&2; rc=124; else echo "boot.sh: the machine broke down ($qrc)" >&2; rc=125; fi
{ tail -n 40 "$t/con"; cat "$t/qlog"; } >&2
[ -z "${VM_KEEP-}" ] || cp -r "$t" "$VM_KEEP"
exit $rc
