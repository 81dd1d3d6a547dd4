# SPDX-License-Identifier: Apache-2.0
# One Makefile, non-recursive; objects in build/<variant>/. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

CC ?= cc
PKG_CONFIG ?= pkg-config
VARIANT ?= release
BUILD ?= build/$(VARIANT)
CFLAGS ?= -O2 -g
PACKAGES := yaml-0.1 libpcre2-8 libcjson openssl jansson libmicrohttpd gnutls libcurl

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wundef \
	-Wwrite-strings -Wcast-qual -Wimplicit-fallthrough -fno-common -fvisibility=hidden -Werror
override CPPFLAGS += -I. -D_GNU_SOURCE
override CFLAGS += -std=gnu17 $(WARNINGS) $(shell $(PKG_CONFIG) --cflags $(PACKAGES))
override LDLIBS += $(shell $(PKG_CONFIG) --libs $(PACKAGES)) -lm -lpthread
ifdef SANITIZE
override CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
override LDFLAGS += -fsanitize=$(SANITIZE)
endif

SOURCES := $(filter-out webhook/main.c,$(shell find base patches webhook certs -name '*.c'))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/*_test.c))
LIBRARY := $(BUILD)/liboutrigger.a

all: $(LIBRARY)

$(LIBRARY): $(OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/tests/%: tests/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP $< $(LIBRARY) $(LDFLAGS) $(LDLIBS) -lcmocka -o $@

unit: $(UNIT_TESTS)
	@for t in $^; do $$t || exit 1; done

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.PHONY: all unit
