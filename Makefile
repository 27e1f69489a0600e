# dcor-tools.  GNU make >= 4.0; no configure step.  Put local settings in
# config.mk or on the command line; `make help` lists the targets.
#
#   make B=build/asan SAN=address,undefined check     out-of-tree variant
#   make WITH_SLURM=0 WITH_TORCH=0                    leave out optional parts

MAKEFLAGS += -r
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all check check-valgrind lint tidy fuzz install uninstall dist clean help FORCE
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
CFLAGS     ?= -O2 -g
SAN        ?=
WERROR     ?= 0
WITH_SLURM ?= $(if $(wildcard /usr/include/slurm/slurm.h),1,0)
-include config.mk

pc      = $(shell $(PKG_CONFIG) $(1) 2>/dev/null)
pkg     = $(if $(call pc,--modversion $(2)),,$(error $(2): pkg-config cannot find it))$(eval INC_$(1) := $(call pc,--cflags $(2)))$(eval LIB_$(1) := $(call pc,--libs $(2)))
ifneq ($(filter clean help dist uninstall,$(or $(MAKECMDGOALS),all)),$(or $(MAKECMDGOALS),all))
$(call pkg,hdf5,hdf5)
$(call pkg,zstd,libzstd)
$(call pkg,zlib,zlib)
$(call pkg,jansson,jansson)
$(call pkg,crypto,libcrypto)
endif

# What each command links, beyond libdcor.  Keep these lists honest: a test
# reads them back with readelf.
USES_dcor-segment := hdf5 zstd zlib jansson crypto

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wvla \
	-Wformat=2 -Wnull-dereference -Wimplicit-fallthrough -Wdouble-promotion
HARD := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LDHARD := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
ifneq ($(SAN),)
HARD   := -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all
LDHARD := -fsanitize=$(SAN)
endif
ifeq ($(WERROR),1)
WARN   += -Werror
endif
ALL_CPPFLAGS := -Ilib -D_XOPEN_SOURCE=700 -D_FILE_OFFSET_BITS=64 \
	-DDCOR_VERSION='"$(VERSION)"' $(CPPFLAGS)
ALL_CFLAGS = -std=c11 $(WARN) $(HARD) -ffile-prefix-map=$(CURDIR)=. \
	-pthread $(CFLAGS) $(sort $(INC_hdf5) $(INC_zstd) $(INC_zlib) $(INC_jansson) $(INC_crypto))
ALL_LDFLAGS = $(LDHARD) -pthread $(LDFLAGS)

CMDS  := $(patsubst cmd/%.c,%,$(wildcard cmd/dcor-*.c))
LIBO  := $(patsubst %.c,$(B)/%.o,$(wildcard lib/*/*.c))
CLIO  := $(B)/cmd/cli.o
UNIT  := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))
FUZZ  := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/*.c))
MAN1  := $(wildcard man/*.1)
MAN5  := $(wildcard man/*.5)
MAN7  := $(wildcard man/*.7)

all: $(CMDS:%=$(B)/bin/%)	## build every command

# Recompile when the flags change, not only when a file does.
$(B)/flags: FORCE
	@mkdir -p $(@D); printf '%s\n' '$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS)' >$@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libdcor.a: $(LIBO)
	@rm -f $@
	$(AR) rcsD $@ $^

$(B)/bin/%: $(B)/cmd/%.o $(CLIO) $(B)/libdcor.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(foreach u,$(USES_$*),$(LIB_$(u))) -lm $(LDLIBS)

$(B)/unit/%: $(B)/tests/unit/%.o $(B)/libdcor.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_hdf5) $(LIB_zstd) $(LIB_zlib) $(LIB_jansson) $(LIB_crypto) -lm $(LDLIBS)

check: all $(UNIT)	## run the tests (TESTS=... to choose)
	B='$(abspath $(B))' PATH="$(abspath $(B))/bin:$$PATH" LC_ALL=C \
	$(PROVE) -j$(or $(J),2) -e '' $(or $(TESTS),$(UNIT) $(sort $(wildcard tests/*.t)))

lint:	## man pages, shell scripts, headers, symbol names
	mandoc -T lint -W warning man/*.[1-8]
	shellcheck -x -s sh -e SC2034,SC2154 tests/*.t tests/*.sh .ci/run $(wildcard libexec/*)
	for h in lib/*/*.h cmd/*.h; do printf '#include "%s"\n' "$$h" | \
	    $(CC) $(ALL_CPPFLAGS) -std=c11 -Wall -Werror -I. -fsyntax-only -xc - || exit 1; done
	$(MAKE) $(B)/libdcor.a && ! nm -g --defined-only $(B)/libdcor.a | awk 'NF==3 && $$3 !~ /^dcor_/' | grep .

install: all	## install under DESTDIR
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(BASHCOMP)
	$(INSTALL) -m 755 $(CMDS:%=$(B)/bin/%) $(DESTDIR)$(BINDIR)
	$(INSTALL) -m 644 $(MAN1) $(DESTDIR)$(MANDIR)/man1

uninstall:	## remove what install put there
	cd $(DESTDIR)$(BINDIR) && rm -f $(CMDS)
	cd $(DESTDIR)$(MANDIR)/man1 && rm -f $(notdir $(MAN1))

clean:	## remove the build tree
	rm -rf $(B)

help:	## this list
	@sed -n 's/^\([a-z-]*\):.*##/\1:/p' Makefile

-include $(shell find $(B) -name '*.d' 2>/dev/null)
