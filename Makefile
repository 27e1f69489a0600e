# SPDX-License-Identifier: GPL-3.0-or-later
# GNU make >= 4.0; settings go to config.mk or the command line; "make help".
# A variant: make B=build/asan SAN=address,undefined check

MAKEFLAGS += -r
.DELETE_ON_ERROR .SECONDARY:
.DEFAULT_GOAL := all

VERSION    := 0.1.0
B          ?= build
PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec
DATADIR    ?= $(PREFIX)/share
MANDIR     ?= $(DATADIR)/man
BASHCOMP   ?= $(DATADIR)/bash-completion/completions
ZSHCOMP    ?= $(DATADIR)/zsh/site-functions
FISHCOMP   ?= $(DATADIR)/fish/vendor_completions.d
INSTALL    ?= install
PKG_CONFIG ?= pkg-config
PROVE      ?= prove
PYTHON     ?= python3
CFLAGS     ?= -O2 -g
SAN        ?=
WERROR     ?= 0
FUZZCC     ?= clang
FUZZTIME   ?= 60
J          ?= 2
# its pkg-config name; Debian's serial HDF5 is called hdf5
HDF5       ?= hdf5
-include config.mk

# Goals that compile nothing themselves; some install what is missing first.
NOLIB := check check-peer demo bench fuzz deps clean help dist uninstall
.PHONY: all tests check-now check-peer-now demo-now bench-now fuzz-now \
	lint install FORCE $(NOLIB)

# Libraries: our name, pkg-config's, Debian's package.
PKGS := hdf5,$(HDF5),libhdf5-dev zstd,libzstd,libzstd-dev zlib,zlib,zlib1g-dev \
	jansson,jansson,libjansson-dev crypto,libcrypto,libssl-dev \
	curl,libcurl,libcurl4-openssl-dev yaml,yaml-0.1,libyaml-dev \
	expat,expat,libexpat1-dev
comma := ,
field = $(word $(1),$(subst $(comma), ,$(2)))
LIBS := $(foreach p,$(PKGS),$(call field,1,$(p)))
define pkg
ifneq ($$(shell $(PKG_CONFIG) --exists $(2) 2>&1 || echo no),)
$$(error $(2) is missing: apt-get install pkg-config $(3), or make deps)
endif
INC_$(1) := $$(shell $(PKG_CONFIG) --cflags $(2))
LIB_$(1) := $$(shell $(PKG_CONFIG) --libs $(2))
endef
ifneq ($(filter-out $(NOLIB),$(or $(MAKECMDGOALS),all)),)
$(foreach p,$(PKGS),$(eval $(call pkg,$(call field,1,$(p)),$(call \
	field,2,$(p)),$(call field,3,$(p)))))
endif

# What each program links beside libdcor.  A test reads it back with readelf.
FILES := hdf5 zstd zlib jansson crypto
$(foreach p,segment pack join check,$(eval USES_dcor-$p := $(FILES)))
USES_dcor-slice := $(FILES) curl yaml expat
USES_dcor-presign := crypto yaml jansson
USES_dcor-urlcheck := curl jansson
USES_dcor-archive := curl crypto yaml expat jansson

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wvla \
	-Wformat=2 -Wnull-dereference -Wimplicit-fallthrough -Wdouble-promotion
HARD := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer \
	-fno-sanitize-recover=all,$(if $(filter -O1 -O2 -O3 -Os,$(CFLAGS)), \
	-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2) -fstack-protector-strong -fPIE)
LDHARD := $(if $(SAN),-fsanitize=$(SAN),-pie -Wl,-z,relro,-z,now \
	-Wl,--as-needed)
WARN   += $(if $(filter 1,$(WERROR)),-Werror)
# HDF5 renames functions with every release; all know 1.10's names.
ALL_CPPFLAGS := -MMD -MP -Ilib -Icmd -D_XOPEN_SOURCE=700 \
	-D_FILE_OFFSET_BITS=64 -DH5_USE_110_API -DDCOR_VERSION='"$(VERSION)"' \
	$(sort $(foreach l,$(LIBS),$(INC_$(l)))) $(CPPFLAGS)
# Results must not depend on whether the compiler fuses a*b+c: always last.
ALL_CFLAGS := -std=c11 $(WARN) $(HARD) -ffile-prefix-map=$(CURDIR)=. \
	-pthread $(CFLAGS) -ffp-contract=off
ALL_LDFLAGS := $(LDHARD) -pthread $(LDFLAGS)
say = $(if $(V),,@printf '  %s\n' '$(1)';)
LINK = $(call say,LINK $@) mkdir -p $(@D); $(CC) $(ALL_CFLAGS) \
	$(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^)
libs = $(foreach l,$(1),$(LIB_$(l))) -lm $(LDLIBS)

CMDS  := $(patsubst cmd/%.c,%,$(sort $(wildcard cmd/dcor-*.c)))
BINS  := $(CMDS:%=$(B)/bin/%)
parts = $(patsubst %.c,$(B)/%.o,$(sort $(wildcard cmd/$(1)-*.c)))
EXECS := $(B)/libexec/dcor/dcor-urlcheck
LIBO  := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard lib/*/*.c)))
CLIO  := $(B)/cmd/cli.o $(B)/cmd/clirun.o
HELP  := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/*.c)))
UNIT  := $(patsubst tests/%.c,$(B)/%,$(sort $(wildcard tests/unit/*.c)))
FUZZN := $(filter-out replay,$(patsubst tests/fuzz/%.c,%,$(sort \
	$(wildcard tests/fuzz/*.c))))
REPLAY := $(FUZZN:%=$(B)/replay/%)
FUZZB := $(FUZZN:%=$(B)/fuzz/%)
MAN   := $(sort $(wildcard man/*.[1-8]))
MANTO := $(foreach m,$(MAN:man/%=%),$(MANDIR)/man$(subst .,,$(suffix $m))/$m)

all: $(BINS) $(EXECS)		## build every program
tests: all $(HELP) $(UNIT) $(REPLAY)	## build the test programs too

# Recompile when the flags change, not only when a file does.
$(B)/flags: FORCE
	@mkdir -p $(@D); printf '%s\n' \
	    '$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS)' >$@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC $<) $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<
$(B)/libdcor.a: $(LIBO)
	@rm -f $@
	$(call say,AR $@) $(AR) rcsD $@ $^

# dcor-x is made of cmd/dcor-x.c and what there is of cmd/x-*.c
.SECONDEXPANSION:
$(B)/bin/dcor-%: $(B)/cmd/dcor-%.o $$(call parts,$$*) $(CLIO) $(B)/libdcor.a
	$(LINK) $(call libs,$(USES_dcor-$*))
$(B)/bin/dcor-slice: $(B)/cmd/climeas.o
$(B)/libexec/dcor/dcor-%: $(B)/cmd/%.o $(CLIO) $(B)/libdcor.a
	$(LINK) $(call libs,$(USES_$(@F)))
$(B)/tests/httpd: $(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/http/*.c)))
$(HELP): $(B)/tests/%: $(B)/tests/%.o $(CLIO) $(B)/libdcor.a
	$(LINK) $(call libs,$(LIBS))
$(B)/unit/%: $(B)/tests/unit/%.o $(CLIO) $(B)/libdcor.a
	$(LINK) $(call libs,$(LIBS))
$(B)/replay/%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/replay.o $(B)/libdcor.a
	$(LINK) $(call libs,$(LIBS))
$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(B)/libdcor.a
	$(LINK) -fsanitize=fuzzer $(call libs,$(LIBS))

# The libraries are looked for when make reads this file, so targets that
# may have to install them first do so and call make once more.
DEPS = CC='$(CC)' PKG_CONFIG='$(PKG_CONFIG)' PROVE='$(PROVE)' PKGS='$(PKGS)'
check: deps			## run the tests (TESTS=... to choose)
	@+$(MAKE) --no-print-directory check-now
check-peer: deps		## compare with the peers that $(PYTHON) has
	@+$(MAKE) --no-print-directory check-peer-now
demo: deps			## make a measurement and segment it
	@+$(MAKE) --no-print-directory demo-now
bench: deps			## measure the speed
	@+$(MAKE) --no-print-directory bench-now
fuzz:				## fuzz each parser for FUZZTIME seconds
	@$(DEPS) CC='$(FUZZCC)' sh share/deps build fuzz
	@+$(MAKE) --no-print-directory B=$(B)/fuzzing CC='$(FUZZCC)' \
	    SAN=address,undefined,fuzzer-no-link fuzz-now
deps:				## install what building and testing need
	@$(DEPS) sh share/deps build

TESTENV = B='$(abspath $(B))' PATH="$(abspath $(B))/bin:$$PATH" LC_ALL=C \
	CC='$(CC)' PYTHON='$(PYTHON)' SAN='$(SAN)'

check-now: tests
	@$(TESTENV) USES='$(foreach c,$(CMDS),$(c): $(USES_$(c));)' \
	    $(PROVE) --failures --comments -j$(J) -e '' \
	    $(or $(TESTS),$(UNIT) $(sort $(wildcard tests/t[0-9]*.t)))

check-peer-now: tests
	@for t in $(sort $(shell grep -l "^\# needs: " tests/peer/*.py)); \
	do m=$$(sed -n 's/^# needs: //p' $$t); \
	    if ! $(PYTHON) -c "import $$m" 2>/dev/null; then \
	    echo "$$t: skipped: $(PYTHON) lacks $$m"; continue; fi; \
	    echo "$$t"; $(TESTENV) $(PYTHON) $$t || exit 1; done

demo-now: tests
	@$(TESTENV) sh share/demo.sh
bench-now: tests
	@$(TESTENV) sh tests/bench.sh

fuzz-now: $(FUZZB)
	@for n in $(FUZZN); do mkdir -p $(B)/corpus/$$n; \
	    echo "fuzz $$n: $(FUZZTIME) s"; $(B)/fuzz/$$n -verbosity=0 \
	    -max_total_time=$(FUZZTIME) -timeout=10 -rss_limit_mb=2048 \
	    -print_final_stats=1 -artifact_prefix=$(B)/$$n- $(B)/corpus/$$n \
	    $(wildcard tests/fuzz/corpus/$$n) || exit 1; done

lint: $(B)/libdcor.a		## style, symbols, man pages, scripts
	@$(DEPS) sh share/deps build lint
	@$(TESTENV) CPPFLAGS='$(subst ',,$(filter-out -M%,$(ALL_CPPFLAGS)))' \
	    $(PROVE) --failures --comments -e sh tests/lint.sh

install: all			## install under DESTDIR
	$(INSTALL) -d $(addprefix $(DESTDIR),$(BINDIR) $(DATADIR)/dcor \
	    $(LIBEXECDIR)/dcor $(sort $(dir $(MANTO))) $(BASHCOMP) $(ZSHCOMP) \
	    $(FISHCOMP))
	$(INSTALL) -m 755 $(BINS) $(DESTDIR)$(BINDIR)
	$(INSTALL) -m 755 $(EXECS) $(DESTDIR)$(LIBEXECDIR)/dcor
	$(INSTALL) -m 644 $(wildcard share/*.yaml) $(DESTDIR)$(DATADIR)/dcor
	for m in $(MAN:man/%=%); do $(INSTALL) -m 644 man/$$m \
	    $(DESTDIR)$(MANDIR)/man$${m##*.} || exit 1; done
	$(INSTALL) -m 644 completions/_dcor $(DESTDIR)$(ZSHCOMP)/_dcor
	for c in $(CMDS); do $(INSTALL) -m 644 completions/dcor.bash \
	    $(DESTDIR)$(BASHCOMP)/$$c && $(INSTALL) -m 644 \
	    completions/dcor.fish $(DESTDIR)$(FISHCOMP)/$$c.fish || exit 1; done

uninstall:			## remove what install put there
	rm -f $(CMDS:%=$(DESTDIR)$(BINDIR)/%) $(DESTDIR)$(ZSHCOMP)/_dcor \
	    $(CMDS:%=$(DESTDIR)$(BASHCOMP)/%) \
	    $(CMDS:%=$(DESTDIR)$(FISHCOMP)/%.fish) \
	    $(EXECS:$(B)/libexec/%=$(DESTDIR)$(LIBEXECDIR)/%) \
	    $(addprefix $(DESTDIR)$(DATADIR)/dcor/,$(notdir $(wildcard \
	    share/*.yaml))) $(addprefix $(DESTDIR),$(MANTO))

dist:				## a source archive of the last commit
	mkdir -p $(B) && git archive --prefix=dcor-tools-$(VERSION)/ HEAD | \
	    gzip -n9 >$(B)/dcor-tools-$(VERSION).tar.gz

clean:				## remove the build tree
	rm -rf $(B)

help:				## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1	/p' Makefile | expand -t 14
	@echo 'variables: B CC CFLAGS SAN WERROR PREFIX DESTDIR TESTS J V'

-include $(wildcard $(B)/*/*.d $(B)/*/*/*.d)
