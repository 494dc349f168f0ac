# Builds runts into dist/: dist/runts (the launcher) and dist/lib/ (the engine's executable and the FFI addon).
# What the targets need beyond npm they install from Debian's packages (conformance/need.sh).

PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
LIBDIR ?= $(PREFIX)/lib/runts
DESTDIR ?=
export RUNTIME ?= dist/runts
JOBS ?= 1

BUN := node_modules/.bin/bun
MODULES := node_modules/.package-lock.json
ARCH := $(if $(filter aarch64,$(shell uname -m)),arm64,x64)
ADDON := node_modules/@koromix/koffi-linux-$(ARCH)/linux_$(ARCH)/koffi.node
VERSION := $(shell sed -n 's/^  "version": "\(.*\)",/\1/p' package.json)
# git may be missing, or refuse a folder that belongs to somebody else.
COMMIT := $(shell { git rev-parse --short HEAD || cut -c 1-7 ".git/$$(sed -n 's/^ref: //p' .git/HEAD)"; } 2>/dev/null)
SOURCES := $(shell find src bindings -name '*.ts' -not -name '*.test.ts' -not -path '*/fixtures/*')
SCHEMAS := $(wildcard schemas/*.json)
# The launcher and the engine know by it that they belong together.
DIGEST = $(shell cat package-lock.json $(sort $(SOURCES) $(SCHEMAS)) | sha256sum | cut -c 1-16)
VALIDATORS := src/validate/config.generated.js
SCRIPTS := bindings/build-koffi.sh $(wildcard conformance/*.sh conformance/*/*.sh) conformance/vm/init
TESTS ?= 'src/**/*.test.ts' 'bindings/**/*.test.ts' 'conformance/integration/**/*.test.ts' 'conformance/runtime-tools/*.test.ts' \
	'conformance/differential/*.test.ts' 'conformance/managers/*.test.ts'

# Copies an executable with large writes: the page cache then keeps it in large folios, and starting it takes a third
# less time (3.0 instead of 4.5 ms for an empty program on ext4, Linux 6.18).
copy_large = dd if='$(1)' of='$(2).copy' bs=64M status=none && chmod 755 '$(2).copy' && mv -f '$(2).copy' '$(2)'

.PHONY: all check test demo vm vm-systemd vm-differential conformance differential managers soak fuzz bench install uninstall clean

# A build that fails leaves nothing half done that looks as if it were new.
.DELETE_ON_ERROR:

all: dist/runts dist/lib/runts-engine dist/lib/koffi.node dist/lib/runts-foreground

dist/runts: $(MODULES) $(SOURCES) $(SCHEMAS)
	@mkdir -p dist
	$(BUN) src/launcher/make.ts $@ $(DIGEST)

dist/lib/runts-foreground: $(MODULES) $(SOURCES)
	@mkdir -p dist/lib
	$(BUN) src/launcher/make.ts $@

dist/lib/koffi.node: $(MODULES) bindings/build-koffi.sh
	@mkdir -p dist/lib
	@command -v g++ >/dev/null || sh conformance/need.sh g++ || echo "without g++: the prebuilt addon, which starts slower"
	if command -v g++ >/dev/null; then sh bindings/build-koffi.sh $(BUN) $@; else cp $(ADDON) $@; fi
	@chmod 644 $@

dist/lib/runts-engine: $(MODULES) $(SOURCES) $(VALIDATORS)
	@mkdir -p dist/lib
	@rm -rf dist/sources
	$(BUN) src/gather.ts dist/sources
	$(BUN) build dist/sources/main.js --compile --bytecode --format=esm --target=bun --minify --splitting \
		--compile-jit-policy=1000 --no-compile-autoload-dotenv --no-compile-autoload-bunfig \
		--define RUNTS_VERSION='"$(VERSION)"' --define RUNTS_COMMIT='"$(COMMIT)"' --define RUNTS_SOURCES='"$(DIGEST)"' \
		--outfile $@.raw >dist/build.log || { cat dist/build.log; exit 1; }
	$(BUN) src/huge-pages.ts $@.raw
	@$(call copy_large,$@.raw,$@)
	@rm $@.raw

$(VALIDATORS): $(MODULES) $(addprefix src/validate/,generate.ts keywords.ts compact.ts) $(SCHEMAS)
	$(BUN) src/validate/generate.ts

# Where npm is set up not to run the scripts of packages, the package bun is not complete yet.
$(MODULES): package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@$(BUN) --version >/dev/null 2>&1 || (cd node_modules/bun && node install.js)
	@touch $@

check: $(MODULES) $(VALIDATORS)
	node_modules/.bin/tsc --noEmit
	node_modules/.bin/biome check --config-path=.ci package.json tsconfig.json src bindings conformance schemas
	@for script in $(SCRIPTS); do case $$(head -n 1 $$script) in *bash) bash -n $$script ;; *) sh -n $$script ;; esac || exit; done
	bash -n .ci/run
	$(BUN) conformance/run-tests.ts src/architecture.test.ts

demo: all
	@sh conformance/need.sh busybox-static
	@sh conformance/demo.sh dist

test: all
	@sh conformance/need.sh busybox-static iproute2 linux-libc-dev qemu-user-static strace uidmap
	@$(BUN) conformance/run-tests.ts --jobs $(JOBS) $(TESTS)

# The OCI runtime-tools validation suite with RUNTIME, and with those of BESIDE for comparison.
BESIDE ?= runc,crun
conformance: all
	@sh conformance/need.sh $(subst $(comma), ,$(BESIDE))
	@sh conformance/runtime-tools/build.sh dist/runtime-tools
	@$(BUN) conformance/runtime-tools/run.ts dist/runtime-tools/suite --beside '$(BESIDE)'
comma := ,

# The same bundles with RUNTIME and those of BESIDE: what a program inside sees is compared. In a mount namespace of its
# own without the v2 part of a hybrid set-up, which crun refuses.
differential: all
	@sh conformance/need.sh busybox-static gcc libc6-dev $(subst $(comma), ,$(BESIDE))
	@sh conformance/differential/build.sh dist/differential/probe
	@unshare --mount sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$$@"' sh $(BUN) \
		conformance/differential/run.ts dist/differential/probe --beside '$(BESIDE)'

# containerd, Docker Engine and Podman from Debian's packages, started by it and ended with it, with runc and with RUNTIME.
MANAGERS ?= containerd docker podman
managers: all
	@sh conformance/need.sh busybox-static buildah catatonit conmon containerd containernetworking-plugins docker.io \
		iproute2 iptables jq podman procps runc tini uidmap
	@$(BUN) conformance/managers/run.ts $(MANAGERS)

# Mutated configs: 20,000 through what create decides, 1,000 through the whole of it.
SEED ?= 1
fuzz: all
	@sh conformance/need.sh busybox-static
	@$(BUN) conformance/fuzz/fuzz.ts --seed $(SEED)

soak: all
	@sh conformance/need.sh busybox-static
	@$(BUN) conformance/integration/soak.ts

# On Debian's kernel in a virtual machine: cgroup v2 alone; with systemd; beside the other runtimes. User space is 5 to 30
# times slower there: they take 30, 15 and 10 minutes on an idle machine, VM_TIMEOUT seconds at most. /scratch is an ext4
# file system: overlays can't be id-mapped.
# VM_OPTIONS='--cgroup v1': with the hierarchies of cgroup v1. KERNEL=6.1 or KERNEL=6.12: that kernel of Debian's
# instead of the one of this machine's own release.
KERNEL ?=
VM := dist/vm$(KERNEL:%=-%)
VM_OPTIONS ?=
VM_TIMEOUT ?= 5400
suite = $(patsubst %,conformance/integration/%.test.ts,$(1))
VM_SUITE ?= 'src/cgroup/**/*.test.ts' 'src/init/*.test.ts' 'src/create/*.test.ts' CYCLES=100 'conformance/integration/*.test.ts'
# 500 cycles of the systemd driver take 11 minutes there.
VM_SYSTEMD_SUITE ?= $(call suite,labels resources update) CGROUP_DRIVER=systemd CYCLES=20 \
	$(call suite,systemd systemd-user resources limits update devices device-program events pause ps exec lifecycle)

# Each Nth of the bundles that `make differential` has, and all of those with a name that has one of the words in it.
EVERY ?= 5
VM_BUNDLES ?= cgroup

# usage: $(call in_vm,options of boot.sh,program and its arguments)
in_vm = VM_DIR=$(VM) bash conformance/vm/boot.sh $(1) --scratch 2 $(VM_OPTIONS) --timeout $(VM_TIMEOUT) --env RUNTIME -- \
	env TMPDIR=/scratch $(BUN) $(2)

vm: all $(VM)/initrd.gz
	@$(call in_vm,,conformance/run-tests.ts --timeout 1800 $(VM_SUITE))

vm-systemd: all $(VM)/initrd.gz
	@$(call in_vm,--systemd,conformance/run-tests.ts --timeout 1800 $(VM_SYSTEMD_SUITE))

vm-differential: all $(VM)/initrd.gz
	@sh conformance/need.sh busybox-static gcc libc6-dev $(subst $(comma), ,$(BESIDE))
	@sh conformance/differential/build.sh dist/differential/probe
	@$(call in_vm,,conformance/differential/run.ts dist/differential/probe --beside '$(BESIDE)' --jobs 1 \
		--every $(EVERY) $(VM_BUNDLES))

$(VM)/initrd.gz: conformance/vm/init conformance/vm/setup.sh conformance/vm/boot.sh
	bash conformance/vm/setup.sh $(VM) $(KERNEL)

# In a mount namespace of its own without the v2 part of a hybrid set-up, which crun refuses, and with a /run in memory,
# as it is wherever systemd runs: on ext4 making the files of a state's folder takes longer than the rest.
bench: all
	@sh conformance/need.sh busybox-static hyperfine runc crun
	@unshare --mount sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; mount -t tmpfs run /run && exec "$$@"' sh \
		$(BUN) conformance/bench/bench.ts

# The installed launcher knows where the engine is; if the tree was moved, it looks beside itself.
install: all
	install -d '$(DESTDIR)$(SBINDIR)' '$(DESTDIR)$(LIBDIR)'
	$(call copy_large,dist/lib/runts-engine,$(DESTDIR)$(LIBDIR)/runts-engine)
	install -m 644 dist/lib/koffi.node '$(DESTDIR)$(LIBDIR)/koffi.node'
	install -m 755 dist/lib/runts-foreground '$(DESTDIR)$(LIBDIR)/runts-foreground'
	$(BUN) src/launcher/make.ts '$(DESTDIR)$(SBINDIR)/runts.new' $(DIGEST) '$(LIBDIR)/runts-engine'
	mv -f '$(DESTDIR)$(SBINDIR)/runts.new' '$(DESTDIR)$(SBINDIR)/runts'

uninstall:
	rm -f '$(DESTDIR)$(SBINDIR)/runts' '$(DESTDIR)$(LIBDIR)/runts-engine' '$(DESTDIR)$(LIBDIR)/koffi.node' \
		'$(DESTDIR)$(LIBDIR)/runts-foreground'
	[ ! -d '$(DESTDIR)$(LIBDIR)' ] || rmdir '$(DESTDIR)$(LIBDIR)'

clean:
	rm -rf dist src/validate/*.generated.js
