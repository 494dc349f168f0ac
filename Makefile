# Builds runts into dist/: dist/runts (the launcher) and dist/lib/ (the engine's executable and the FFI addon).
# `make demo` and `make test` set up what they need on a Debian machine.

PREFIX ?= /usr/local
DESTDIR ?=
RUNTIME ?= dist/runts

BUN := node_modules/.bin/bun
ARCH := $(if $(filter aarch64,$(shell uname -m)),arm64,x64)
ADDON := node_modules/@koromix/koffi-linux-$(ARCH)/linux_$(ARCH)/koffi.node
VERSION := $(shell sed -n 's/^  "version": "\(.*\)",/\1/p' package.json)
COMMIT := $(shell git rev-parse --short HEAD 2>/dev/null)
SOURCES := $(shell find src bindings -name '*.ts' -not -name '*.test.ts')
SCHEMAS := $(wildcard schemas/*.json)
VALIDATORS := src/validate/config.generated.js

.PHONY: all check test demo bench soak install uninstall clean

all: dist/runts dist/lib/runts-engine dist/lib/koffi.node

dist/runts: src/launcher.sh
	@mkdir -p dist
	install -m 755 $< $@

dist/lib/koffi.node: node_modules
	@mkdir -p dist/lib
	install -m 644 $(ADDON) $@

dist/lib/runts-engine: node_modules $(SOURCES) $(VALIDATORS)
	@mkdir -p dist/lib
	$(BUN) build src/main.ts --compile --bytecode --format=esm --target=bun --minify --splitting \
		--compile-jit-policy=1000 --no-compile-autoload-dotenv --no-compile-autoload-bunfig \
		--define RUNTS_VERSION='"$(VERSION)"' --define RUNTS_COMMIT='"$(COMMIT)"' \
		--outfile $@ >dist/build.log || { cat dist/build.log; exit 1; }

$(VALIDATORS): node_modules src/validate/generate.ts $(SCHEMAS)
	$(BUN) src/validate/generate.ts

node_modules: package.json package-lock.json
	npm ci --silent --no-audit --no-fund
	@touch node_modules
