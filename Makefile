# SPDX-License-Identifier: Apache-2.0
# One Makefile, non-recursive; objects in build/<variant>/. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# --- what a user may set; CFLAGS, CPPFLAGS, LDFLAGS, LDLIBS are the packager's and only ever added to -----------------------
ifeq ($(origin CC),default)
CC := cc
endif
AR ?= ar
PKG_CONFIG ?= pkg-config
VARIANT ?= release
BUILD ?= build/$(VARIANT)
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
CONFORMANCE_DIR ?= ../shared/conformance
RUN_LISTEN ?= 127.0.0.1:15017
RUN_FLAGS ?=
FUZZ_SECONDS ?= 60
JOBS ?= $(shell nproc 2>/dev/null || echo 1)
export CONFORMANCE_DIR JOBS

PACKAGES := yaml-0.1 libpcre2-8 libcjson libcrypto jansson libmicrohttpd gnutls libcurl
DEBIAN_BUILD := gcc libc6-dev binutils pkg-config libyaml-dev libpcre2-dev libcjson-dev libssl-dev libjansson-dev \
	libmicrohttpd-dev libgnutls28-dev libcurl4-openssl-dev libcmocka-dev curl openssl
DEBIAN_CI := clang libclang-rt-14-dev clang-tidy clang-format shellcheck valgrind git ca-certificates golang-go iproute2 prometheus chromium buildah

# Goals that need a compiler and the libraries; the others must work on a bare machine.
BARE_GOALS := deps deps-ci run test help clean format
NEEDS_BUILD := $(if $(MAKECMDGOALS),$(filter-out $(BARE_GOALS),$(MAKECMDGOALS)),all)

# --- flags ------------------------------------------------------------------------------------------------------------------
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wundef \
	-Wwrite-strings -Wcast-qual -Wimplicit-fallthrough -fno-common -fvisibility=hidden $(if $(WERROR),-Werror)
# Each is probed once for a compiler; tests/hardening.sh reads the result back out of the binary.
HARDEN_C := -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -mbranch-protection=standard \
	-ftrivial-auto-var-init=zero -fno-delete-null-pointer-checks -fno-strict-overflow -fstrict-flex-arrays=3
HARDEN_LD := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code -Wl,--as-needed
PROBED := $(BUILD)/probed

ifneq ($(NEEDS_BUILD),)
MISSING := $(shell command -v $(PKG_CONFIG) >/dev/null && $(PKG_CONFIG) --print-errors --errors-to-stdout --exists $(PACKAGES) \
	|| echo no $(PKG_CONFIG))
ifneq ($(MISSING),)
$(error Needed to build: $(PACKAGES). `make deps` installs them on Debian. $(MISSING))
endif
COMPILER := $(CC) $(shell $(CC) --version | head -n 1) $(HARDEN_C) $(HARDEN_LD)
probe = $(shell for f in $(1); do echo 'int main(void) { return 0; }' | $(CC) -Werror $$f -x c - -o $(BUILD)/probe 2>/dev/null \
	&& echo $$f; done; rm -f $(BUILD)/probe)
ifneq ($(shell cat $(PROBED).for 2>/dev/null),$(strip $(COMPILER)))
$(shell mkdir -p $(BUILD))
$(file >$(PROBED).c,$(call probe,$(HARDEN_C)))
$(file >$(PROBED).ld,$(call probe,$(HARDEN_LD)))
$(file >$(PROBED).for,$(strip $(COMPILER)))
endif
PROBED_C := $(shell cat $(PROBED).c)
PROBED_LD := $(shell cat $(PROBED).ld)
PACKAGE_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PACKAGES))
PACKAGE_LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES))
endif

ifdef SANITIZE
MODE_C := -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
MODE_LD := -fsanitize=$(SANITIZE)
else
MODE_C := $(PROBED_C) $(if $(filter -O%,$(filter-out -O0,$(CFLAGS))),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
MODE_LD := $(PROBED_LD)
endif
COMPILE = $(CC) -I. -D_GNU_SOURCE $(CPPFLAGS) $(CFLAGS) -std=gnu17 $(WARNINGS) $(MODE_C) $(PACKAGE_CFLAGS)
LINK = $(CC) $(CFLAGS) $(MODE_C) $(MODE_LD) $(LDFLAGS)
LIBS = $(PACKAGE_LIBS) -lm -lpthread $(LDLIBS)
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-4s %s\n' $(1) $(2))

# --- what is built ----------------------------------------------------------------------------------------------------------
SOURCES := $(filter-out webhook/main.c,$(shell find base patches webhook certs -name '*.c' 2>/dev/null))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
LIBRARY := $(BUILD)/liboutrigger.a
BINARY := $(BUILD)/outrigger
UNIT_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/*_test.c))
SERVER_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/server/*_test.c))
SERVER_SUPPORT := $(patsubst %.c,$(BUILD)/%.o,$(filter-out %_test.c,$(wildcard tests/server/*.c)))
FUZZ_SOURCES := $(wildcard tests/fuzz/*_fuzz.c)
REPLAYS := $(FUZZ_SOURCES:%.c=$(BUILD)/%)
RUNNER := $(if $(wildcard tests/conformance/*.c),$(BUILD)/tests/conformance/conformance)
BENCHES := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
RUNNER_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/conformance/*.c))
STABLE := $(if $(filter build/release,$(BUILD)),build/outrigger)

all: $(BINARY) $(STABLE) ## build the binary (build/outrigger)

build/outrigger: build/release/outrigger
	$(Q)ln -sf release/outrigger $@

$(LIBRARY): $(OBJECTS) $(BUILD)/sources.stamp
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(OBJECTS)

$(BINARY): $(BUILD)/webhook/main.o $(LIBRARY)
	$(call say,LD,$@)
	$(Q)$(LINK) $^ $(LIBS) -o $@

$(BUILD)/%.o: %.c $(BUILD)/compile.stamp
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(COMPILE) -MMD -MP -c $< -o $@

# Included by the assembler, which tells no dependencies.
$(BUILD)/patches/config/embedded.o: $(wildcard patches/config/embedded/*)
$(BUILD)/webhook/admission/embedded_guard.o: $(wildcard webhook/admission/embedded/*)
$(BUILD)/webhook/audit/embedded_css.o: $(wildcard webhook/audit/embedded/*)

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(LIBRARY)
	$(Q)$(LINK) $^ $(LIBS) -lcmocka -o $@

$(BUILD)/tests/server/%: $(BUILD)/tests/server/%.o $(SERVER_SUPPORT) $(LIBRARY)
	$(Q)$(LINK) $^ $(LIBS) -lcmocka -o $@

$(BUILD)/tests/fuzz/%_fuzz: $(BUILD)/tests/fuzz/%_fuzz.o $(BUILD)/tests/fuzz/replay.o $(LIBRARY)
	$(Q)$(LINK) $^ $(LIBS) -o $@

$(BUILD)/tests/oracle/%: $(BUILD)/tests/oracle/%.o $(LIBRARY)
	$(Q)$(LINK) $^ $(LIBS) -o $@

$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o $(LIBRARY)
	$(Q)$(LINK) $^ $(LIBS) -lssl -lcrypto -o $@

$(BUILD)/tests/conformance/conformance: $(RUNNER_OBJECTS) $(LIBRARY)
	$(Q)$(LINK) $^ $(LIBS) -o $@

# A stamp changes when what it holds changes: flags, or the list of sources.
$(BUILD)/compile.stamp: STAMP = $(COMPILE)
$(BUILD)/sources.stamp: STAMP = $(SOURCES)
$(BUILD)/compile.stamp $(BUILD)/sources.stamp: FORCE
	@mkdir -p $(@D) && echo '$(STAMP)' | cmp -s - $@ || echo '$(STAMP)' >$@

# --- dependencies and running -----------------------------------------------------------------------------------------------
deps: ## install the Debian packages that are missing (as root or with sudo)
	@tests/deps.sh $(DEBIAN_BUILD)

deps-ci: ## install what lint, sanitizers and the end-to-end tests need too
	@tests/deps.sh $(DEBIAN_BUILD) $(DEBIAN_CI)

run: deps ## build, make certificates, serve on https://127.0.0.1:15017/inject, print a command to try
	@+$(MAKE) --no-print-directory -j$(JOBS) all
	@RUN_LISTEN=$(RUN_LISTEN) tests/run-local.sh $(BINARY) $(RUN_FLAGS)

# --- tests ------------------------------------------------------------------------------------------------------------------
test: deps ## everything that needs no cluster: units, corpus replay, conformance, server, command line
	@+$(MAKE) --no-print-directory -j$(JOBS) check

check: all test-programs
	@tests/suites.sh $(BUILD) $(UNIT_TESTS) $(SERVER_TESTS) $(REPLAYS) $(RUNNER) tests/hardening.sh $(wildcard tests/cli/*_test.sh tests/chart/*_test.sh) tests/image_test.sh

unit: $(UNIT_TESTS) ## unit tests only
	@tests/suites.sh $(BUILD) $^

server-tests: $(SERVER_TESTS)
	@tests/suites.sh $(BUILD) $^

test-programs: $(UNIT_TESTS) $(SERVER_TESTS) $(REPLAYS) $(RUNNER)

conformance: $(RUNNER) ## recorded answers under CONFORMANCE_DIR; ARGS goes to the runner
	@if [ -z "$(RUNNER)" ] || [ ! -d "$(CONFORMANCE_DIR)" ]; then echo "conformance: SKIPPED: no $(CONFORMANCE_DIR)"; \
	else $(RUNNER) $(ARGS) "$(CONFORMANCE_DIR)"; fi

properties: ## those of the groups of `make conformance` that need no recorded answer: second injections of the random pods
	@+$(MAKE) --no-print-directory conformance ARGS='-g properties'

sanitize: ## units, server tests, corpora and conformance under ASan and UBSan
	@+$(MAKE) --no-print-directory -j$(JOBS) VARIANT=asan BUILD=build/asan SANITIZE=address,undefined CFLAGS='-O1 -g' check-sanitized

check-sanitized: test-programs
	@CONFORMANCE_ARGS='-s 25' tests/suites.sh $(BUILD) $(UNIT_TESTS) $(SERVER_TESTS) $(REPLAYS) $(RUNNER)

tsan: ## the server tests under ThreadSanitizer
	@+$(MAKE) --no-print-directory -j$(JOBS) VARIANT=tsan BUILD=build/tsan SANITIZE=thread CFLAGS='-O1 -g' server-tests

valgrind: $(RUNNER) ## the golden cases under memcheck
	@if ! command -v valgrind >/dev/null || [ ! -d "$(CONFORMANCE_DIR)" ]; then echo "valgrind: SKIPPED: no valgrind or no $(CONFORMANCE_DIR)"; \
	else valgrind -q --leak-check=full --error-exitcode=9 $(RUNNER) -g golden "$(CONFORMANCE_DIR)"; fi

e2e: all ## a real etcd and kube-apiserver (tests/e2e)
	@if [ -x tests/e2e/run.sh ]; then tests/e2e/run.sh $(ARGS); else echo 'e2e: SKIPPED: no tests/e2e/run.sh'; fi

bench: all ## what an injection costs (tests/bench)
	@+$(MAKE) --no-print-directory $(BENCHES)
	@tests/bench/run $(BUILD) $(ARGS)

bench-api: all ## pods a second through a real API server, with the webhook and without
	@tests/bench/api.sh $(ARGS)

fuzz: ## libFuzzer over every target for FUZZ_SECONDS each (clang)
	@+for f in $(basename $(notdir $(FUZZ_SOURCES))); do $(MAKE) --no-print-directory BUILD=build/fuzz CC=clang CFLAGS='-O1 -g' \
		SANITIZE=fuzzer-no-link,address,undefined fuzz-one TARGET=$$f || exit 1; done

fuzz-one: $(BUILD)/tests/fuzz/$(TARGET).o $(LIBRARY)
	@mkdir -p tests/fuzz/corpus/$(TARGET:_fuzz=) $(BUILD)/found
	$(CC) -g -fsanitize=fuzzer,address,undefined $^ $(LIBS) -o $(BUILD)/$(TARGET)
	$(BUILD)/$(TARGET) -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$(BUILD)/found/ \
		$(addprefix -dict=,$(wildcard tests/fuzz/$(TARGET:_fuzz=).dict)) $(BUILD)/found tests/fuzz/corpus/$(TARGET:_fuzz=)

# --- the rest ---------------------------------------------------------------------------------------------------------------
lint: all ## layers, headers, sizes, banned functions, shell scripts, warnings as errors by both compilers
	@+$(MAKE) --no-print-directory -j$(JOBS) BUILD=build/lint-gcc CC=gcc WERROR=1 all test-programs
	@+if command -v clang >/dev/null; then $(MAKE) --no-print-directory -j$(JOBS) BUILD=build/lint-clang CC=clang WERROR=1 all test-programs; \
		else echo 'lint: SKIPPED: no clang'; fi
	@tests/lint/run.sh $(BUILD)

format: ## clang-format over the sources that were changed since the last commit
	@git diff --name-only --diff-filter=d HEAD -- '*.c' '*.h' | xargs -r clang-format -i

schema: ## regenerate the table of Kubernetes' and Istio's types (needs Go)
	@patches/schema/generate/run.sh

image: all ## an OCI image without anything but the binary and its libraries, build/image/outrigger-VERSION.oci.tar (buildah; IMAGE names it)
	@image/build.sh $(BINARY) build/image

install: all ## install to DESTDIR PREFIX BINDIR
	install -D -m 755 $(BINARY) $(DESTDIR)$(BINDIR)/outrigger

clean: ## remove build/
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | while IFS=$$'\t' read -r t h; do printf '  %-12s %s\n' "$$t" "$$h"; done

ifneq ($(NEEDS_BUILD),)
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
endif
.SECONDARY:
.PHONY: all deps deps-ci run test check unit server-tests test-programs conformance sanitize check-sanitized tsan valgrind properties e2e bench bench-api \
	fuzz-one lint format schema image install clean help FORCE
