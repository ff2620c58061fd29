# SPDX-License-Identifier: GPL-2.0-only
#
# Top-level targets of memleak_user, which call the makefiles and scripts of the directories. "make
# help" lists them.
#
#	KDIR=DIR	kernel headers or build tree that the module is built against
#	KERNELS="..."	kernels that "make check" tests; see selftests/vm/kernels
#	QUICK=1		"make bench" counts instructions only and compares them with bench/expected;
#			with UPDATE=1 it writes that file
#	BENCH_KERNEL=7.3	"make bench" counts instructions on that kernel

KDIR	?= /lib/modules/$(shell uname -r)/build
PREFIX	?= /usr/local
FUZZ_SECONDS ?= 60
TORTURE_SECONDS ?= 60
TORTURE_KERNEL ?= 6.12
SERVERS_KERNEL ?= 6.12
PEERS_KERNEL ?= 6.12
PEERS	?=
SERVERS	?=
# The release of the kernel in KDIR. (The file kernel.release may differ from it.)
release	= sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h

all: modules tools

$(KDIR)/Makefile:
	@echo "No kernel headers found in $(KDIR). Install those of the" >&2
	@echo "running kernel (on Debian: apt-get install linux-headers-$$(uname -r))," >&2
	@echo "or set KDIR=DIR to another kernel's headers. \"make tools\" needs none." >&2
	@exit 1

modules: | $(KDIR)/Makefile
	$(MAKE) -C $(KDIR) M=$(CURDIR)/module modules

# Installs to the directory that DKMS uses, too: see install-module.
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

deb:
	debian/make-packages

check:
	selftests/vm/check $(KERNELS)

check-kcsan:
	selftests/vm/check kcsan

demo:
	selftests/vm/demo

picture:
	selftests/vm/demo -p docs/case_study.svg

bench:
	bench/run $(if $(QUICK),-q) $(if $(UPDATE),-u) $(if $(BENCH_KERNEL),-k $(BENCH_KERNEL))

style:
	selftests/style

fuzz:
	$(MAKE) -C selftests/unit fuzz FUZZ_SECONDS=$(FUZZ_SECONDS)
	$(MAKE) -C userspace fuzz FUZZ_SECONDS=$(FUZZ_SECONDS)

oracle:
	$(MAKE) -k -C selftests/oracle run

check-deb:
	selftests/packages/run

servers:
	selftests/servers/run -k $(SERVERS_KERNEL) $(SERVERS)

peers:
	selftests/peers/run -k $(PEERS_KERNEL) $(PEERS)

torture:
	selftests/vm/run -k $(TORTURE_KERNEL) -t $$(($(TORTURE_SECONDS) + 300)) -- \
		'cd selftests && MLU_TORTURE_SECONDS=$(TORTURE_SECONDS) torture/torture'

clean:
	rm -rf build
	$(MAKE) -C userspace clean
	test ! -e selftests/exact || $(MAKE) -C selftests clean
	$(MAKE) -C selftests/unit clean
	$(MAKE) -C selftests/oracle clean
	test ! -e $(KDIR)/Makefile || $(MAKE) -C $(KDIR) M=$(CURDIR)/module clean

help:
	@echo "On this machine:"
	@echo "  all              build the module and the tool (default)"
	@echo "  modules          build the module only"
	@echo "  tools            build the tool only"
	@echo "  selftests        build the kselftest programs"
	@echo "  install          install the module for the kernel in KDIR, and the tool"
	@echo "  modules_install  install the module only"
	@echo "  uninstall        remove the installed module, for all kernels, and the tool"
	@echo "  dkms-install     install the module with DKMS, also for future kernels"
	@echo "  dkms-uninstall   remove all versions of the module from DKMS"
	@echo "  deb              build the Debian packages of module and tool, in build/"
	@echo "  clean            remove built files"
	@echo "In throwaway virtual machines (requires root, git and make):"
	@echo "  demo             show how the leak of a program is found"
	@echo "  picture          write the flame graph of that leak to docs/case_study.svg"
	@echo "  check            run all tests; KERNELS=\"6.1 7.3 debug\" selects kernels"
	@echo "  check-kcsan      run all tests on a kernel that detects data races"
	@echo "  bench            measure the cost of tracing; QUICK=1 compares instruction counts only,"
	@echo "                   UPDATE=1 writes the expected ones, BENCH_KERNEL=7.3 counts there"
	@echo "  oracle           compare stacks with libdw's and lines with addr2line's"
	@echo "  servers          find leaks in workers of servers and below compiled code of node, java;"
	@echo "                   SERVERS_KERNEL=6.12 SERVERS=\"postgres apache php_fpm node java\""
	@echo "  peers            read exports with the programs that the formats are for;"
	@echo "                   PEERS_KERNEL=6.12 PEERS=\"pprof folded json\" selects formats"
	@echo "  check-deb        test the packages of Debian 12 and 13; takes an hour"
	@echo "  torture          run a random stress test; TORTURE_SECONDS=60 TORTURE_KERNEL=6.12"
	@echo "For developers:"
	@echo "  style            run checkpatch, clang-format, sparse, cppcheck, shellcheck"
	@echo "  fuzz             run the fuzzers of the parsers and of the search; FUZZ_SECONDS=60"
	@echo "  selftests/vm/run -- COMMAND  run COMMAND in a virtual machine"

.PHONY: all modules modules_install tools selftests install uninstall dkms-install \
	dkms-uninstall deb check check-kcsan check-deb demo picture bench oracle servers peers style \
	fuzz torture clean help
