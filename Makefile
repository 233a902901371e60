# SPDX-License-Identifier: GPL-3.0-or-later
# postcask
#
#   make            the programs for this host, in build/bin
#   make run        build the image, boot it, show the report and how to connect;
#                   with USER_DATA=FILE as that says
#   make quick      what a minute can tell: no root, no image
#   make check      all tests
#   make image      build/postcask.qcow2
#   make install    the programs for a host and the manual, below PREFIX and DESTDIR
#   make soak       faults and power cuts at many moments, for hours; make fuzz-long
#   make bench      the project's figures beside its peers'
#   make lint       the sources, unrun; make analyze for longer; make coverage
#   make clean      removes build/
#
# Each installs what it needs on a fresh Debian or Ubuntu host (as root or with
# sudo).  SANITIZE=1 builds with ASan and UBSan, FUZZ=1 for libFuzzer, each in a
# folder of its own; V=1 shows the commands.

VERSION := 0.1.0
DATE := 2026-11-30
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
Q = $(if $(V),,@)

CC = gcc
WARNINGS = -Wall -Wextra -Werror -Wformat=2 -Wshadow -Wstrict-prototypes -Wvla
HARDENING = -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
CFLAGS = -O2 -g
CPPFLAGS = -D_GNU_SOURCE -DPOSTCASK_VERSION='"$(VERSION)"' -DPOSTCASK_DATE='"$(DATE)"' -I. -Isrc -I$(OUT)/generated
LDFLAGS = -pie -Wl,-z,relro,-z,now,--as-needed,--gc-sections
OUT = build

ifdef SANITIZE
CFLAGS = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OUT = build/sanitize
else ifdef FUZZ
CC = clang
CFLAGS = -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
OUT = build/fuzz
else
HARDENING += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
endif
ifdef SYSROOT
CPPFLAGS += --sysroot=$(abspath $(SYSROOT))
# gcc looks beside itself before it looks into the sysroot: -B and -L come first.
SYSROOT_LIB = $(abspath $(SYSROOT))/usr/lib/x86_64-linux-gnu
LDFLAGS += --sysroot=$(abspath $(SYSROOT)) -B$(SYSROOT_LIB) -L$(SYSROOT_LIB)
OUT = build/image-programs
endif

ALL_CFLAGS = -std=c17 $(WARNINGS) $(HARDENING) -ffunction-sections -MMD -MP $(CFLAGS) $(CPPFLAGS)

# One library a folder; a file *_main.c is a program.
FOLDERS = src/command src/report src/hold src/mailbox src/import src/pst src/takeover src/volume src/ledger src/mirror src/directory src/update src/signatures src/policy src/lists src/guard src/tokens src/outward src/feedback src/search src/vacation src/recover src/rules src/text src/web src/acme firstboot src/certificate src/dkim src/generation src/dns firewall src/quarantine src/watch src/probe src/settings src/state src/sharing src/queue src/net src/key src/component src/base
sources = $(filter-out %_main.c,$(wildcard $(1)/*.c))
objects = $(patsubst %.c,$(OUT)/object/%.o,$(call sources,$(1)))
LIBRARY_OBJECTS = $(foreach folder,$(FOLDERS),$(call objects,$(folder)))
LIBRARY = $(OUT)/object/postcask.a
LIBS = -lyaml -ljansson -lidn2 -lunistring -lssl -lcrypto -lnftnl -lmnl -lsystemd -lcrypt -lunbound -lldns -lqrencode -lsqlite3 -lexpat -larchive -lcurl -lldap -llber -lpq -lresolv -lz -lpthread

PROGRAMS = postcask postcask-firstboot postcask-firewall postcask-verify postcask-report \
	postcask-certificate postcask-quarantine postcask-watch postcask-account postcask-expire \
	postcask-update postcask-signatures postcask-volumes postcask-dns postcask-policy \
	postcask-signing postcask-web postcask-acme postcask-acme-hook postcask-hold \
	postcask-feedback postcask-door postcask-tls postcask-tls-fetch postcask-tls-report \
	postcask-guard postcask-lists postcask-gateway postcask-directory postcask-text \
	postcask-search postcask-answer postcask-recover postcask-tokens postcask-mirror \
	postcask-shared postcask-mailbox postcask-rules postcask-pst
postcask_MAIN = src/command/postcask_main.c
postcask-firstboot_MAIN = firstboot/firstboot_main.c
postcask-firewall_MAIN = firewall/firewall_main.c
postcask-door_MAIN = firewall/door_main.c
postcask-verify_MAIN = src/report/verify_main.c
postcask-report_MAIN = src/report/report_main.c
postcask-certificate_MAIN = src/acme/certificate_main.c
postcask-acme_MAIN = src/acme/acme_main.c
postcask-acme-hook_MAIN = src/acme/acme_hook_main.c
postcask-quarantine_MAIN = src/quarantine/quarantine_main.c
postcask-watch_MAIN = src/watch/watch_main.c
postcask-account_MAIN = src/ledger/ledger_main.c
postcask-expire_MAIN = src/queue/expire_main.c
postcask-update_MAIN = src/update/update_main.c
postcask-signatures_MAIN = src/signatures/signatures_main.c
postcask-dns_MAIN = src/dns/dns_main.c
postcask-signing_MAIN = src/dkim/signing_main.c
postcask-volumes_MAIN = src/volume/volume_main.c
postcask-policy_MAIN = src/policy/policy_main.c
postcask-hold_MAIN = src/hold/hold_main.c
postcask-feedback_MAIN = src/feedback/feedback_main.c
postcask-tls_MAIN = src/outward/tls_main.c
postcask-tls-report_MAIN = src/outward/report_main.c
postcask-tls-fetch_MAIN = src/outward/fetch_main.c
postcask-lists_MAIN = src/lists/lists_main.c
postcask-gateway_MAIN = src/probe/gateway_main.c
postcask-web_MAIN = src/web/web_main.c
postcask-directory_MAIN = src/directory/directory_main.c
postcask-mirror_MAIN = src/mirror/mirror_main.c
postcask-text_MAIN = src/text/text_main.c
postcask-search_MAIN = src/search/search_main.c
postcask-answer_MAIN = src/vacation/answer_main.c
postcask-recover_MAIN = src/recover/recover_main.c
postcask-mailbox_MAIN = src/mailbox/mailbox_main.c
postcask-rules_MAIN = src/rules/rules_main.c
postcask-tokens_MAIN = src/tokens/tokens_main.c
postcask-shared_MAIN = src/sharing/shared_main.c
postcask-pst_MAIN = src/pst/pst_main.c
postcask-pst_LIBS = -lpst
postcask-guard_MAIN = src/guard/guard_main.c

all: $(PROGRAMS:%=$(OUT)/bin/%) $(OUT)/bin/postcask-image $(if $(filter build,$(OUT)),build/share/made)

# Other flags, a new VERSION among them, make every object old.
COMPILE = $(subst ','\'',$(CC) $(ALL_CFLAGS))
$(OUT)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(COMPILE)' | cmp -s - $@ || echo '$(COMPILE)' > $@

# Each file of src/component/ is a row of its table.
COMPONENT_LIST = $(OUT)/generated/component_list.h
$(COMPONENT_LIST): FORCE
	@mkdir -p $(@D)
	@awk -f src/component/list.awk src/component/*.c > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(OUT)/object/%.o: %.c $(OUT)/flags | build/host-ready $(COMPONENT_LIST)
	@mkdir -p $(@D)
	@echo "  CC $@"
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(LIBRARY): $(LIBRARY_OBJECTS)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)ar rcs $@ $^

define program_rule
$(OUT)/bin/$(1): $(OUT)/object/$(patsubst %.c,%.o,$($(1)_MAIN)) $(LIBRARY)
	@mkdir -p $$(@D)
	@echo "  LD $$@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $$@ $$^ $($(1)_LIBS) $(LIBS)
endef
$(foreach program,$(PROGRAMS),$(eval $(call program_rule,$(program))))

# The builder is the only program that needs libguestfs.
$(OUT)/bin/postcask-image: $(OUT)/object/image/image_main.o $(call objects,image) $(LIBRARY)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lguestfs $(LIBS)

# A part of Dovecot's own process, so only against the image's Dovecot.
MODULES = $(OUT)/usr/lib/dovecot/modules
$(MODULES)/lib95_%_plugin.so: src/dovecot/%.c $(OUT)/flags
	@mkdir -p $(@D) $(OUT)/object
	@echo "  LD $@"
	$(Q)$(CC) $(filter-out -fPIE,$(ALL_CFLAGS)) -std=gnu17 -fPIC -shared \
		-isystem $(SYSROOT)/usr/include/dovecot $(filter-out -pie,$(LDFLAGS)) \
		-MF $(OUT)/object/$(@F).d -o $@ $<
	$(Q)strip $@

# What stands between clamd and its C library.
$(OUT)/lib/postcask-room.so: src/room/room_library.c $(OUT)/flags | build/host-ready
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(ALL_CFLAGS) -fPIC -shared -fvisibility=hidden \
		$(filter-out -pie,$(LDFLAGS)) -o $@ $<

# What hands uacme a secret that is not for its command line.
$(OUT)/lib/postcask-eab.so: src/uacme/eab_library.c $(OUT)/flags | build/host-ready
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(ALL_CFLAGS) -fPIC -shared -fvisibility=hidden \
		$(filter-out -pie,$(LDFLAGS)) -o $@ $<

# The manual: each page with the date and version of all of them, for man(1), and as text for
# `postcask help`.
MANUALS = $(wildcard docs/man/*.[1-8] firstboot/*.[1-8] firewall/*.[1-8] image/*.[1-8] src/*/*.[1-8])
build/share/made: $(MANUALS) build/bin/postcask Makefile | build/host-ready
	@echo "  MAN build/share"
	@rm -rf build/share && mkdir -p build/share/postcask/help $(addprefix build/share/man/man,5 7 8)
	$(Q)for page in $(MANUALS); do \
		sed -e 's/@DATE@/$(DATE)/; s/@VERSION@/$(VERSION)/' $$page \
			> build/share/man/man$${page##*.}/$${page##*/} || exit 1; \
	done
	$(Q)build/bin/postcask explain --man > build/share/man/man5/postcask-settings.5
	$(Q)for page in build/share/man/*/*; do \
		mandoc -T ascii -O width=78 $$page > build/share/postcask/help/$${page##*/} || exit 1; \
	done
	@touch $@

# Where somebody makes and checks user-data, or makes images from a checkout.
PREFIX = /usr/local
install: all
	install -D -t $(DESTDIR)$(PREFIX)/bin build/bin/postcask build/bin/postcask-image
	cd build/share && find man postcask -type f \
		-exec install -D -m 644 {} $(DESTDIR)$(PREFIX)/share/{} \;
	cd overlays/usr/share && find postcask/templates -type f \
		-exec install -D -m 644 {} $(DESTDIR)$(PREFIX)/share/{} \;

# What the image carries, compiled against its own Debian: make SYSROOT=DIR image-programs
image-programs: $(PROGRAMS:%=$(OUT)/bin/%) $(OUT)/lib/postcask-room.so $(OUT)/lib/postcask-eab.so $(MODULES)/lib95_imap_recheck_plugin.so $(MODULES)/lib95_imap_sharing_plugin.so $(MODULES)/lib95_sharing_plugin.so build/share/made
	install -D -t $(OUT)/usr/bin $(OUT)/bin/postcask
	install -D -t $(OUT)/usr/lib/postcask $(filter-out %/postcask %_plugin.so build/share/made,$^)
	rm -rf $(OUT)/usr/share && install -D -m 644 -t $(OUT)/usr/share/postcask/help build/share/postcask/help/*
	strip $(OUT)/usr/bin/* $(OUT)/usr/lib/postcask/*

# The packages of this host, installed once: what builds, and what tests need too.
build/host-ready: image/host-packages image/install-host-packages
	@mkdir -p $(@D)
	image/install-host-packages image/host-packages
	@touch $@
build/test-host-ready: tests/host-packages image/install-host-packages | build/host-ready
	image/install-host-packages tests/host-packages
	@touch $@

build/analyze-host-ready: tests/analyze-packages image/install-host-packages | build/host-ready
	image/install-host-packages tests/analyze-packages
	@touch $@

TESTS = $(patsubst tests/unit/%.c,$(OUT)/test/%,$(wildcard tests/unit/test_*.c))
$(TESTS:$(OUT)/test/%=$(OUT)/object/tests/unit/%.o): | build/test-host-ready
IMAGE_TESTS = $(filter $(OUT)/test/test_image_%,$(TESTS))

$(filter-out $(IMAGE_TESTS),$(TESTS)): $(OUT)/test/%: $(OUT)/object/tests/unit/%.o $(LIBRARY)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS)
$(IMAGE_TESTS): $(OUT)/test/%: $(OUT)/object/tests/unit/%.o $(call objects,image) $(LIBRARY)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka -lguestfs $(LIBS)

# The fuzz targets without libFuzzer: each file of a corpus once.
REPLAYS = $(patsubst tests/fuzz/fuzz_%.c,$(OUT)/test/replay_%,$(wildcard tests/fuzz/fuzz_*.c))
$(REPLAYS): $(OUT)/test/replay_%: $(OUT)/object/tests/fuzz/fuzz_%.o $(OUT)/object/tests/fuzz/replay.o $(LIBRARY)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

unit-programs: $(TESTS) $(REPLAYS)
unit: unit-programs
	@for test in $(TESTS); do $$test || failed="$$failed $$test"; done; \
	test -z "$$failed" || { echo "failed:$$failed"; exit 1; }

# libFuzzer targets, built by `make FUZZ=1 fuzzers`: build/fuzz/fuzz_NAME, each with
# its corpus in tests/fuzz/corpus/NAME.
FUZZERS = $(patsubst tests/fuzz/%.c,$(OUT)/%,$(wildcard tests/fuzz/fuzz_*.c))
$(FUZZERS:$(OUT)/%=$(OUT)/object/tests/fuzz/%.o): | build/test-host-ready
fuzzers: $(FUZZERS)
$(FUZZERS): $(OUT)/%: $(OUT)/object/tests/fuzz/%.o $(LIBRARY)
	@echo "  LD $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

# Half an hour for each target, as many at once as there are processors.
fuzz-long:
	$(MAKE) -j$(JOBS) FUZZ=1 fuzzers
	POSTCASK_FUZZ_SECONDS=1800 tests/run tests/fuzz

# Every fault ten times among 100,000 messages, and machines cut off at forty moments, in
# namespaces and in QEMU: hours.  The tables stay in build/soak/.
soak: check-programs
	$(MAKE) image
	$(AS_ROOT) tests/soak

# The golden files, written anew: read the difference before committing it.
GOLDEN_TESTS = test_settings_golden test_settings_injection
golden: $(OUT)/bin/postcask $(GOLDEN_TESTS:%=$(OUT)/test/%)
	POSTCASK_GOLDEN=write POSTCASK_ROOTS=none tests/run tests/golden
	for test in $(GOLDEN_TESTS); do POSTCASK_GOLDEN=write $(OUT)/test/$$test || exit 1; done

# The image is built as root: debootstrap and mount need it.
JOBS = $(shell nproc)
AS_ROOT = $(if $(filter 0,$(shell id -u)),,sudo)
image: all
	$(AS_ROOT) build/bin/postcask-image build --output build/postcask.qcow2 --layer build/native

USER_DATA = image/example-user-data.yaml
run: image
	$(AS_ROOT) build/bin/postcask-image run --user-data $(USER_DATA)

# Built as the caller; only the image and the machines need root.
check-programs:
	$(MAKE) -j$(JOBS) all unit-programs
	$(MAKE) -j$(JOBS) SANITIZE=1 unit-programs
	$(MAKE) -j$(JOBS) FUZZ=1 fuzzers
check: check-programs
	$(MAKE) image
	$(AS_ROOT) tests/run

# How long each file of the tests takes, for those who deal them out to the workers.
durations: check-programs
	$(MAKE) image
	$(AS_ROOT) env POSTCASK_DURATIONS=tests/durations tests/run

# The developer's: a minute on two processors.
quick:
	$(MAKE) -j$(JOBS) all unit-programs
	tests/run quick

lint: | build/test-host-ready
	tests/lint
analyze: $(COMPONENT_LIST) | build/analyze-host-ready
	tests/analyze

# Which lines the unit tests reach, folder by folder; file by file in build/coverage/.
coverage: | build/test-host-ready build/analyze-host-ready
	$(MAKE) -j$(JOBS) OUT=build/coverage CFLAGS='-O0 -g --coverage' unit-programs
	tests/coverage build/coverage

bench: image
	$(AS_ROOT) tests/bench/bench

clean:
	$(AS_ROOT) rm -rf build

.PHONY: FORCE all install quick lint analyze coverage image image-programs run check check-programs durations bench unit unit-programs golden fuzzers fuzz-long soak clean
-include $(shell find $(OUT)/object -name '*.d' 2>/dev/null)
