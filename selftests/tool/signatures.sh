#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memleak-user says what to do where the kernel refuses a module that is not signed, as under Secure
# Boot. (selftests/packages tests one that DKMS has signed.) Neither of the two states that are
# tested can be undone: it runs only if it is named in TESTS, after all others.

. "$(dirname "$0")/../lib/tool.sh"

lockdown=/sys/kernel/security/lockdown
enforced=/sys/module/module/parameters/sig_enforce
debian=/var/lib/dkms/mok.pub
ubuntu=/var/lib/shim-signed/mok/MOK.der

# refuse_to_load MODULE: the tool fails, with its output in $scratch/out.
refuse_to_load()
{
	local status=0
	"$tool" --module "$1" -p $$ 1 1 >"$scratch/out" 2>&1 || status=$?
	expect_status 2 "$status"
	[ ! -d /sys/module/memleak_user ]
}

locked_down_kernel_names_the_command_that_trusts_the_key()
{
	[ -w $lockdown ] || { echo "this kernel has no lockdown"; exit 4; }
	if matches $lockdown '\[none\]'; then
		echo integrity >$lockdown
	fi
	unload
	refuse_to_load "$module"
	expect "$scratch/out" "the kernel is locked down .*memleak_user\\.ko"
	expect "$scratch/out" "memleak_user\\.ko is not signed: .*mokutil --import $debian"
}

enforced_signatures_name_the_command_that_trusts_the_key()
{
	[ -w $enforced ] || { echo "this kernel does not know signatures"; exit 4; }
	unload
	echo 1 >$enforced
	refuse_to_load "$module"
	expect "$scratch/out" "accepts signed modules only .*memleak_user\\.ko"
	expect "$scratch/out" "memleak_user\\.ko is not signed: .*mokutil --import $debian"
}

key_of_ubuntu_is_named_where_it_exists()
{
	[ -w $enforced ] || { echo "this kernel does not know signatures"; exit 4; }
	mkdir -p "${ubuntu%/*}"
	touch "$ubuntu"
	refuse_to_load "$module"
	rm "$ubuntu"
	expect "$scratch/out" "mokutil --import $ubuntu"
}

# The module cannot be loaded any more.
clean_up()
{
	:
}

check_machine()
{
	[ "$(id -u)" = 0 ] || skip_all "the tests need root"
	[ -x "$tool" ] && [ -e "$module" ] || skip_all "the tool or the module is not built"
}

run_tests \
	locked_down_kernel_names_the_command_that_trusts_the_key \
	enforced_signatures_name_the_command_that_trusts_the_key \
	key_of_ubuntu_is_named_where_it_exists
