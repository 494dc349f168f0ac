#!/bin/sh
# Builds koffi's addon from the source in its package, with libstdc++ inside. The prebuilt addon loads the library, whose
# 3,000 symbol relocations cost every command 1.5 ms; koffi needs 19 of its functions. And with 16 trampolines for
# callbacks, which runts has none of, instead of 8,192, whose tables every command would fill; and without those of its
# functions and types that runts doesn't use, because it makes them all when it's loaded (0.13 ms).
# usage: bindings/build-koffi.sh BUN OUTPUT
set -eu

bun=$1 output=$2
koffi=node_modules/koffi
case $(uname -m) in
aarch64) abi=arm64 ;;
*) abi=x64sysv ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
callbacks=16
mkdir -p "$work/src/koffi"
cp -r "$koffi/src/koffi/src" "$work/src/koffi"
sed -i "s/\(MaxTrampolines\) = 8192;/\1 = $callbacks;/" "$work/src/koffi/src/ffi.hh"
unused='config|stats|struct|pack|union|Union|opaque|disposable|array|proto|alias|enumeration|type|sizeof|alignof|offsetof'
unused="$unused|in|out|inout|alloc|free|register|unregister|as|call|encode|view|reset"
sed -i -E \
  -e "/^    exports\.Set\(\"($unused)\", .*\);\$/d" \
  -e '/^        obj\.Set\(".*\);$/d' \
  -e '/^            codes\.Set\(info\.name, .*\);$/d' \
  -e '/^        RegisterPrimitiveType\(instance, types, \{"u?int[0-9]+_[lb]e_t", .*\);$/d' \
  "$work/src/koffi/src/ffi.cc"
lines() { wc -l <"$1/src/koffi/src/ffi.cc"; }
if ! grep -q "MaxTrampolines = $callbacks;" "$work/src/koffi/src/ffi.hh" || [ $(($(lines "$koffi") - $(lines "$work"))) -ne 76 ]; then
  echo "$0: koffi's source is not the one that this knows: see what is to be left out of it, and how many lines that is" >&2
  exit 1
fi
"$bun" "$koffi/src/koffi/src/trampolines.cjs" "$work" $callbacks
for source in ffi call interp parser type util uv win32 "abi/$abi"; do
  echo "#include \"src/koffi/src/$source.cc\""
done >"$work/koffi.cc"
echo '#include "lib/native/base/base.cc"' >>"$work/koffi.cc"
version=$(sed -n 's/^ *"version": "\(.*\)",/\1/p' "$koffi/package.json")

# Definitions and code generation as in koffi's CMakeLists.txt.
g++ -std=c++20 -O2 -shared -fPIC -w -s -o "$output" \
  -DFELIX_TARGET=koffi -DVERSION="$version" -DNDEBUG -D_FILE_OFFSET_BITS=64 -DNAPI_VERSION=NAPI_VERSION_EXPERIMENTAL \
  -DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS -DNODE_ADDON_API_REQUIRE_BASIC_FINALIZERS \
  -fno-semantic-interposition -fvisibility=hidden -fdata-sections -ffunction-sections -fno-strict-aliasing \
  -fno-delete-null-pointer-checks -fwrapv -fno-exceptions -fno-rtti -fno-finite-loops \
  -I"$koffi" -I"$koffi/src/koffi" -I"$koffi/vendor/node-addon-api" -I"$koffi/vendor/node-api-headers/include" -I"$work" \
  "$work/koffi.cc" "$koffi/src/koffi/src/abi/${abi}_asm.S" \
  -static-libstdc++ -static-libgcc -Wl,--gc-sections,--exclude-libs,ALL,--as-needed,-z,noexecstack
