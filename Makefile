# SPDX-License-Identifier: Apache-2.0
# A short front of meson and ninja. `make` builds, `make demo` shows, `make check` tests;
# each installs the Debian packages it needs, where they are not there yet.
BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
MESON    = meson setup --prefix $(abspath $(PREFIX))

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet

$(BUILD)/build.ninja: | deps-build
	@echo "building nook in $(BUILD)/ (half a minute, the first time)"
	@$(MESON) $(BUILD) >/dev/null

build-asan/build.ninja: | deps-build
	@meson setup build-asan -Dstatic=false -Dfault=true -Db_sanitize=address,undefined \
		-Db_lundef=false >/dev/null

asan: build-asan/build.ninja
	@ninja -C build-asan --quiet

# With fault injection, for the tests that let each step fail or kill whoever is at it.
build-fault/build.ninja: | deps-build
	@meson setup build-fault -Dfault=true >/dev/null

fault: build-fault/build.ninja
	@ninja -C build-fault --quiet

demo: all
	@NOOK=$(abspath $(BUILD))/nook tools/demo

# Does each test of an attack notice when its defence is missing?
weakened: | deps-build deps-test
	@tests/attacks/run

check: all fault deps-test deps-clients
	@tests/run $(CHECKFLAGS)

bench: all deps-bench
	@bench/run

format: deps-lint
	@git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'include/*.[ch]' 'fuzz/*.[ch]' | xargs clang-format -i

lint: all deps-lint
	@tools/lint $(BUILD)

install: $(BUILD)/build.ninja
	@$(MESON) --reconfigure $(BUILD) >/dev/null
	@ninja -C $(BUILD) --quiet
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild --quiet

clean:
	@for d in $(BUILD) build-asan build-fault build-weaken; do \
		[ ! -e $$d/build.ninja ] || ninja -C $$d --quiet -t clean >/dev/null; done

deps: deps-build deps-test deps-clients deps-lint deps-bench
deps-%:
	@tools/deps $*

.PHONY: all asan fault demo weakened check bench format lint install clean deps
