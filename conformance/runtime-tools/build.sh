#!/bin/sh
# Builds the validation suite of the OCI runtime-tools from Debian's source package, unless FOLDER holds it already.
# The package isn't in bookworm, so its source comes from trixie, by an apt configuration of its own.
# usage: conformance/runtime-tools/build.sh FOLDER
set -eu

readonly PACKAGE=golang-github-opencontainers-runtime-tools
readonly VERSION=0.9.0.109.ge931285-1
readonly TOOLS=src/github.com/opencontainers/runtime-tools

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
stamp="$folder/built-$VERSION-$(cat "$0" "$here/tap-go/tap.go" | sha256sum | cut -c 1-12)"
[ ! -e "$stamp" ] || exit 0

sh "$here/../need.sh" golang-go make xz-utils golang-github-blang-semver-dev golang-github-google-uuid-dev \
  golang-github-hashicorp-go-multierror-dev golang-github-mrunalp-fileutils-dev \
  golang-github-opencontainers-selinux-dev golang-github-opencontainers-specs-dev golang-github-sirupsen-logrus-dev \
  golang-github-urfave-cli-dev golang-github-xeipuuv-gojsonschema-dev golang-gocapability-dev golang-golang-x-sys-dev

rm -rf "$folder"
mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" "$folder/$TOOLS"
cd "$folder"

echo "building the runtime-tools validation suite $VERSION"
mirror=$(sh "$here/../mirror.sh")
echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >apt/sources.list
private() {
  apt-get --quiet=2 -o Dir::Etc::sourcelist="$folder/apt/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::State::lists="$folder/apt/lists" -o Dir::Cache="$folder/apt/cache" -o APT::Sandbox::User=root "$@"
}
private update
(cd apt && private source --tar-only --download-only "$PACKAGE=$VERSION" >source.log 2>&1) || {
  cat apt/source.log >&2
  exit 1
}
tar -xf "apt/${PACKAGE}_${VERSION%-*}.orig.tar.xz" -C "$TOOLS" --strip-components=1
rm -r apt

mkdir -p src/github.com/mndrix
cp -r "$here/tap-go" src/github.com/mndrix/tap-go
export GO111MODULE=off CGO_ENABLED=0 GOPATH="$folder:/usr/share/gocode" GOCACHE="$folder/cache" GOFLAGS=
# Without symbols, because every container gets a copy of runtimetest.
if ! make -C "$TOOLS" EXTRA_FLAGS=-ldflags=-s runtimetest validation-executables >build.log 2>&1; then
  cat build.log >&2
  exit 1
fi
rm -r cache
ln -s "$TOOLS" suite
: >"$stamp"
