# SPDX-License-Identifier: GPL-2.0-only
# fastsock. `make help` lists the targets; everything made is below build/.

.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules
export LC_ALL := C.UTF-8

prefix ?= /usr/local
libdir ?= $(prefix)/lib
sbindir ?= $(prefix)/sbin
mandir ?= $(prefix)/share/man

# A kernel is built with its own compiler, not with what user space is given:
# overrides stop here.
MAKEOVERRIDES :=

ifeq ($(origin CC),default)
CC := gcc
endif

# A kernel's build tree: the running kernel's, or the newest that is installed
# (packages keep a .config only in those that can be built against), or the
# newest of the test kernels.
newest = $(shell ls -d $1/linux-headers-*/.config 2>/dev/null | sort -rV | sed -n '1s,/\.config$$,,p')
KDIR ?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
	$(call newest,/usr/src) $(call newest,$(CURDIR)/build/kernels/*/usr/src))

# The stock kernels that the tests run on.
KERNELS ?= $(shell root=.; . tests/vm/kernel.sh; kernel_series)

.PHONY: all
all: bpf lib fsctl $(if $(KDIR),kmod,kmod-without)	## everything, the module for KDIR=

include bpf/build.mk
include userlib/build.mk
include tools/build.mk
include tools/demo/build.mk
include tests/build.mk

# Kbuild writes beside the sources, so every kernel gets a tree of links to them.
# Links whose source is gone go first.
# $(call kbuild,STAGE,SOURCES,ARGUMENTS)
define kbuild
	$(if $(KREL),,$(error no kernel headers in KDIR='$(KDIR)': install linux-headers-amd64, or name a build tree by KDIR=))
	@mkdir -p $1
	@find $1 -xtype l -delete
	@cp -rsf $(abspath $2) $1/
	+$(MAKE) -C $(KDIR) M=$(abspath $1) $3
endef

# With W=1 and sparse; any warning fails. modpost's word on another patch level of
# the compiler is not about the source.
# $(call kbuild_lint,STAGE,SOURCES)
define kbuild_lint
	$(call kbuild,$1,$2,clean)
	$(call kbuild,$1,$2,W=1 C=2 CF=-D__CHECK_ENDIAN__ modules) \
		>$1.log 2>&1 || { cat $1.log; exit 1; }
	@! grep -i 'warning' $1.log | grep -v 'the compiler differs from the one'
endef

# What `uname -r` says there; include/config/kernel.release differs on Debian's 6.1.
KREL := $(if $(KDIR),$(shell sed -n 's/^#define UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h))

KMOD_SRC := Kbuild kmod uapi

.PHONY: kmod kmod-lint kmod-without
kmod:	## the module for one kernel, KDIR=its build tree
	$(call kbuild,build/kmod/$(KREL),$(KMOD_SRC),modules)
kmod-lint:	## the module for KDIR= with W=1 and sparse; any warning fails
	$(call kbuild_lint,build/lint/kmod/$(KREL),$(KMOD_SRC))

kmod-without:
	@echo "fastsock: no kernel headers found, built without the module (see KDIR= in 'make help')"

# One rule per test kernel, so that -j builds them side by side.
.PHONY: kmods kmods-lint $(KERNELS:%=kmod-for-%) $(KERNELS:%=kmod-lint-for-%)
kmods: $(KERNELS:%=kmod-for-%)	## the module for all of KERNELS=
kmods-lint: $(KERNELS:%=kmod-lint-for-%)	## kmod-lint for all of KERNELS=
$(KERNELS:%=kmod-for-%): kmod-for-%:
	$(call for_kernel,$*,kmod)
$(KERNELS:%=kmod-lint-for-%): kmod-lint-for-%:
	$(call for_kernel,$*,kmod-lint)

for_kernel = +@root=$(CURDIR); . tests/vm/kernel.sh; release=$$(kernel_release $1) && \
	$(MAKE) --no-print-directory $2 KDIR="$$(kernel_headers $$release)"

# A module belongs to one kernel: a staged installation (DESTDIR) gets it only
# where INSTALL_MOD_PATH says. Debian's headers name a signing key that they do
# not have, hence CONFIG_MODULE_SIG_ALL.
MODDIR := updates/fastsock
.PHONY: install-kmod uninstall-kmod
install-kmod:
	@if [ -z "$(KREL)" ]; then \
		echo "fastsock: no kernel headers found: the module is not installed"; \
	elif [ -n "$(DESTDIR)" ] && [ -z "$(INSTALL_MOD_PATH)" ]; then \
		echo "fastsock: DESTDIR without INSTALL_MOD_PATH: the module is not installed"; \
	else \
		$(MAKE) kmod && $(MAKE) -C $(KDIR) M=$(abspath build/kmod/$(KREL)) \
			INSTALL_MOD_DIR=$(MODDIR) CONFIG_MODULE_SIG_ALL= modules_install; \
	fi

uninstall-kmod:
	@if [ -z "$(KREL)" ] || { [ -n "$(DESTDIR)" ] && [ -z "$(INSTALL_MOD_PATH)" ]; }; then \
		:; \
	elif [ -d "$(INSTALL_MOD_PATH)/lib/modules/$(KREL)/$(MODDIR)" ]; then \
		rm -rf "$(INSTALL_MOD_PATH)/lib/modules/$(KREL)/$(MODDIR)" && \
		depmod $(if $(INSTALL_MOD_PATH),-b "$(INSTALL_MOD_PATH)") $(KREL); \
	fi

.PHONY: setup
setup:	## install what building and testing need (Debian 12 or 13, as root)
	tests/setup.sh

.PHONY: check
check:	## all tests, or SUITE=name; in VMs with KERNELS="6.1 6.12"
	$(if $(filter unit,$(SUITE)),,tests/setup.sh)
	+@$(MAKE) --no-print-directory check-built
	tests/run.sh --suite "$(SUITE)" --kernels "$(KERNELS)" $(if $(SUITE),,--budget 4500)

.PHONY: check-long
check-long:	## the tests that take too long for `make check`
	tests/setup.sh
	+@$(MAKE) --no-print-directory check-built
	tests/run.sh --only long --kernels "$(KERNELS)"

.PHONY: bench bench-vm bench-build bench-docs
bench-build: bpf lib fsctl demo-server $(BENCH_BIN)
bench:	## side by side with every stock alternative; CASE=name, ROUNDS=n
	tests/setup.sh --bench
	+@$(MAKE) --no-print-directory -s bench-build
	tests/bench/run.sh $(if $(CASE),--case $(CASE)) $(if $(ROUNDS),--rounds $(ROUNDS))
	tests/bench/report.py build/bench
bench-vm:	## how cost grows with CPUs, in emulated VMs; KERNEL=6.12
	tests/bench/vm.sh
	tests/bench/report.py build/bench
bench-docs:	## docs/benchmarks.md from what bench and bench-vm have measured
	tests/bench/report.py build/bench --docs

.PHONY: demo demo-build
demo-build: bpf lib fsctl kmods tests
demo:	## what fastsock does, shown in a VM
	tests/demo.sh

.PHONY: install uninstall
install: install-lib install-fsctl install-kmod	## into DESTDIR, prefix=/usr/local
uninstall: uninstall-lib uninstall-fsctl uninstall-kmod	## what install put there

# The test kernels are downloads, not products: only distclean drops them.
.PHONY: clean distclean
clean:	## remove what was built
	rm -rf $(filter-out build/kernels,$(wildcard build/*))
distclean:	## remove the test kernels, too
	rm -rf build

.PHONY: help
help:	## this list
	@sed -nE 's/^([a-z][a-z-]*):[^#]*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | sort | \
		while IFS='	' read -r target what; do printf '%-12s %s\n' "$$target" "$$what"; done
