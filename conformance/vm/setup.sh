#!/bin/bash
# setup.sh DIR [KERNEL.deb | SUITE | VERSION]     -- prepares DIR (vmlinux, initrd.gz, kernel/, accel) for boot.sh
# The kernel is Debian's, unpacked and not installed: the machine's own suite (bookworm: 6.1), or SUITE's, e.g.
# bookworm-backports, or the suite of VERSION: 6.1 (bookworm), 6.12 (trixie).  VM_NO_INSTALL=1: the packages are there already.
set -euo pipefail
dir=$1 ker=${2-}; here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$dir"; dir=$(cd "$dir" && pwd)
if [ -z "${VM_NO_INSTALL-}" ]; then
  pk="qemu-system-x86 busybox-static cpio kmod xz-utils zstd systemd dbus dbus-user-session libpam-systemd apparmor"
  grep -q '^VERSION_ID="1[01]"\|^VERSION_ID="12"' /etc/os-release || pk="$pk virtiofsd"    # 12: comes with qemu
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $pk >/dev/null
fi
case $ker in 6.1) ker=bookworm;; 6.12) ker=trixie;; esac
if [ -f "$ker" ]; then deb=$ker; else
  apt=()
  if [ -n "$ker" ]; then          # apt lists of its own: those of the host stay as they are
    mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial"
    mirror=$(sh "$here/../mirror.sh")
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $ker main" >"$dir/apt/list"
    apt=(-o Dir::Etc::SourceList="$dir/apt/list" -o Dir::Etc::SourceParts=/dev/null
         -o Dir::State::Lists="$dir/apt/lists" -o Dir::Cache="$dir/apt/cache")
    apt-get "${apt[@]}" -qq update
  fi
  pkg=$(apt-cache "${apt[@]}" depends "linux-image-amd64${ker:+/$ker}" | sed -n 's/.*Depends: \(linux-image-[0-9].*-amd64\)$/\1/p' | head -1)
  (cd "$dir" && rm -f linux-image-*.deb && apt-get "${apt[@]}" -qq download "$pkg" 2>/dev/null)
  deb=$(ls "$dir"/linux-image-*.deb)
fi
k=$dir/kernel ir=$dir/ir
rm -rf "$k" "$ir"; mkdir "$k" "$ir"
dpkg -x "$deb" "$k"; rm -rf "$k/usr/share"
[ -d "$k/lib/modules" ] || { mkdir -p "$k/lib"; mv "$k/usr/lib/modules" "$k/lib/"; }
ver=$(ls "$k/lib/modules"); depmod -b "$k" "$ver"
# QEMU starts the ELF image within the bzImage through PVH: that saves 3 s of emulated decompression.
z=$k/boot/vmlinuz-$ver; cp "$z" "$dir/vmlinux"
for t in $'\xfd7zXZ|xz -dc' $'\x28\xb5\x2f\xfd|zstd -dc' $'\x1f\x8b\x08|gzip -dc'; do
  for off in $(LC_ALL=C grep -aboF "${t%%|*}" "$z" | cut -d: -f1 | head -3); do
    tail -c+$((off+1)) "$z" | ${t#*|} >"$dir/elf" 2>/dev/null || :
    if [ "$(head -c4 "$dir/elf" | tail -c3)" = ELF ]; then mv "$dir/elf" "$dir/vmlinux"; break 2; fi
  done
done
# initramfs: busybox, a few modules, init
mkdir -p "$ir"/{bin,proc,sys,dev,ctl,lower,ovl,new} "$ir/lib/modules/$ver"
cp "$(command -v busybox)" "$ir/bin/busybox"; install -m755 "$here/init" "$ir/init"
for m in virtio_pci virtio_console virtio_blk 9pnet_virtio 9p virtiofs overlay ext4 crc32c_generic; do
  modprobe -d "$k" -S "$ver" -D "$m" 2>/dev/null || :
done | awk '$1=="insmod" && !s[$2]++ {print $2}' | while read -r f; do
  o=$ir/lib/modules/$ver/$(basename "$f")
  case $f in *.xz) xz -dc "$f" >"${o%.xz}";; *.zst) zstd -qdc "$f" >"${o%.zst}";; *) cp "$f" "$o";; esac
done
cp "$k/lib/modules/$ver"/modules.{builtin,order} "$ir/lib/modules/$ver/"; depmod -b "$ir" "$ver"
(cd "$ir" && find . | cpio -o -H newc --quiet | gzip -1) >"$dir/initrd.gz"
rm -rf "$ir" "$dir/apt" "$dir/elf" "$dir"/linux-image-*.deb
# the accelerator: KVM where a guest gets as far as a command, else emulation.  With QEMU 7.2 two emulated CPUs in
# threads of their own crash the guest now and then (int3 oops while the kernel patches its code): one thread there.
if [ -w /dev/kvm ] && VM_DIR=$dir VM_ACCEL=kvm "$here/boot.sh" --timeout 15 -- true >/dev/null 2>&1; then a=kvm
elif [ "$(qemu-system-x86_64 --version | sed -n 's/.*version \([0-9]*\).*/\1/p')" -ge 10 ]; then a=tcg,thread=multi,tb-size=512
else a=tcg,thread=single,tb-size=512; fi
echo "$a" >"$dir/accel"
echo "kernel $ver, $a, $(du -sh "$dir" | cut -f1)"
