# SPDX-License-Identifier: GPL-2.0-only
#
# memleak_user, from the top.  The work is done in the rooms' own makefiles and scripts; "make help"
# lists what there is.
#
#	KDIR=DIR	what the module is built against: a kernel's headers or build tree
#	KERNELS=...	which kernels "make check" starts

KDIR	?= /lib/modules/$(shell uname -r)/build
PREFIX	?= /usr/local
FUZZ_SECONDS ?= 60
TORTURE_SECONDS ?= 60
TORTURE_KERNEL ?= 6.12
# What the kernel in KDIR calls itself: kernel.release is not always it.
release	= sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h

all: modules tools

$(KDIR)/Makefile:
	@echo "There is nothing to build a module against in $(KDIR):" >&2
	@echo "install the headers of the running kernel (on Debian:" >&2
	@echo "apt-get install linux-headers-$$(uname -r)), or name another" >&2
	@echo "kernel's headers with KDIR=DIR. \"make tools\" needs none." >&2
	@exit 1

modules: | $(KDIR)/Makefile
	$(MAKE) -C $(KDIR) M=$(CURDIR)/module modules

# Into the directory that DKMS has for it: see install-module.
modules_install: modules
	./install-module prepare "$$($(release))"
	$(MAKE) -C $(KDIR) M=$(CURDIR)/module INSTALL_MOD_DIR=updates/dkms modules_install
	$(if $(INSTALL_MOD_PATH),,depmod -a "$$($(release))")

tools:
	$(MAKE) -C userspace

selftests:
	$(MAKE) -C selftests

install: modules_install tools
	$(MAKE) -C userspace install PREFIX=$(PREFIX)

uninstall:
	./install-module remove
	$(MAKE) -C userspace uninstall PREFIX=$(PREFIX)

dkms-install: | $(KDIR)/Makefile
	./install-module dkms-install "$$($(release))"

dkms-uninstall:
	./install-module dkms-remove

check:
	selftests/vm/check $(KERNELS)

check-kcsan:
	selftests/vm/check kcsan

demo:
	selftests/vm/demo

bench:
	bench/run

style:
	selftests/style

fuzz:
	$(MAKE) -C selftests/unit fuzz FUZZ_SECONDS=$(FUZZ_SECONDS)

oracle:
	$(MAKE) -k -C selftests/oracle run

torture:
	selftests/vm/run -k $(TORTURE_KERNEL) -t $$(($(TORTURE_SECONDS) + 300)) -- \
		'cd selftests && MLU_TORTURE_SECONDS=$(TORTURE_SECONDS) torture/torture'

clean:
	$(MAKE) -C userspace clean
	test ! -e selftests/exact || $(MAKE) -C selftests clean
	$(MAKE) -C selftests/unit clean
	$(MAKE) -C selftests/oracle clean
	test ! -e $(KDIR)/Makefile || $(MAKE) -C $(KDIR) M=$(CURDIR)/module clean

help:
	@echo "On this machine:"
	@echo "  all              the module and the tool (default)"
	@echo "  modules tools selftests      each alone"
	@echo "  install          module and tool, for the kernel in KDIR"
	@echo "  modules_install  the module alone"
	@echo "  uninstall        removes what these two installed, for all kernels"
	@echo "  dkms-install     the module for this kernel and each one to come, with DKMS"
	@echo "  dkms-uninstall   removes it from DKMS, all versions"
	@echo "  clean            removes what was built"
	@echo "In throwaway virtual machines, needing nothing but root, git and make:"
	@echo "  demo             finds the leak of a leaking program"
	@echo "  check            all tests; KERNELS=\"6.1 7.3 debug\" chooses"
	@echo "  check-kcsan      the same in a kernel that looks for data races"
	@echo "  bench            what tracing costs"
	@echo "  oracle           stacks beside libdw's, lines beside addr2line's"
	@echo "  torture          everything at once, TORTURE_SECONDS=60 TORTURE_KERNEL=6.12"
	@echo "For developers:"
	@echo "  style            checkpatch, sparse, clang-format, cppcheck"
	@echo "  fuzz             the fuzzers of all that reads files, FUZZ_SECONDS=60"
	@echo "  selftests/vm/run -- COMMAND  runs COMMAND beside the module in a machine"

.PHONY: all modules modules_install tools selftests install uninstall dkms-install \
	dkms-uninstall check check-kcsan demo \
	bench oracle style fuzz torture clean help
