#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memleak-user reports what is missing or wrong, and loads the module itself if necessary.

. "$(dirname "$0")/../lib/tool.sh"

# expect_exit STATUS COMMAND...: runs the command, with its output in $scratch/out.
expect_exit()
{
	local status=0 want=$1
	shift
	"$@" >"$scratch/out" 2>&1 || status=$?
	expect_status "$want" "$status"
}

other_users_than_root_are_refused()
{
	cp "$tool" "$scratch/tool"
	expect_exit 2 setpriv --reuid=65534 --regid=65534 --clear-groups "$scratch/tool" -p1 1 1
	expect "$scratch/out" "root"
	unload
	expect_exit 2 setpriv --reuid=65534 --regid=65534 --clear-groups "$scratch/tool" -p1 1 1
	expect "$scratch/out" "root"
}

module_is_loaded()
{
	unload
	start life idle
	"$tool" --module "$module" -o 0 -p "$pid" 1 1 >"$scratch/out" 2>&1
	[ -d /sys/module/memleak_user ]
	expect "$scratch/out" " Top 10 stacks"
}

missing_module_is_reported()
{
	unload
	start life idle
	expect_exit 2 "$tool" --module "$scratch/none.ko" -p "$pid" 1 1
	expect "$scratch/out" "none\\.ko.*No such file"
	[ ! -d /sys/module/memleak_user ]
}

file_that_is_not_a_module_is_reported()
{
	unload
	start life idle
	head -c 5000 /dev/urandom >"$scratch/noise.ko"
	expect_exit 2 "$tool" --module "$scratch/noise.ko" -p "$pid" 1 1
	expect "$scratch/out" "noise\\.ko"
}

# Another version of the file is mounted over the kernel's, as after an upgrade of the tool.
loaded_module_of_another_version_is_reported()
{
	local version
	version=$("$tool" --version)
	start life idle
	echo 0.0.1 >"$scratch/version"
	mount --bind "$scratch/version" /sys/module/memleak_user/version
	expect_exit 0 "$tool" -o 0 -p "$pid" 1 1
	umount /sys/module/memleak_user/version
	expect "$scratch/out" "loaded in version 0\\.0\\.1, and this is version ${version#* }: .*rmmod memleak_user"
	expect "$scratch/out" " Top 10 stacks"
	expect_exit 0 "$tool" -o 0 -p "$pid" 1 1
	expect_not "$scratch/out" "rmmod"
}

missing_process_is_reported()
{
	expect_exit 2 "$tool" -p 2147483647 1 1
	expect "$scratch/out" "2147483647"
}

kernel_thread_is_refused()
{
	expect_exit 2 "$tool" -p 2 1 1
	expect "$scratch/out" "kernel thread .did pgrep find nothing"
}

invalid_options_are_refused()
{
	expect_exit 64 "$tool"
	expect_exit 64 "$tool" -p abc
	expect_exit 64 "$tool" -p -1
	expect_exit 64 "$tool" -p1 -c true
	expect_exit 64 "$tool" -p1 -z 10 -Z 5
	expect_exit 64 "$tool" -p1 -s 0
	expect_exit 64 "$tool" -p1 --sample 0
	expect_exit 64 "$tool" -p1 -s 10 --sample 1k
	expect_exit 64 "$tool" -p1 0
	expect_exit 64 "$tool" -p1 1 1 1
	expect_exit 64 "$tool" --nonsense
	expect_exit 64 "$tool" -p1 --sort colour
	expect_exit 0 "$tool" --help
	expect_exit 0 "$tool" --version
	nothing_is_traced
}

# The command line that results from an unquoted "-p $(pgrep ...) INTERVAL" if pgrep finds no
# process or two of them.
unquoted_pgrep_with_none_or_two_pids_is_refused()
{
	local one
	start life idle
	one=$pid
	expect_exit 64 "$tool" -p 1
	expect "$scratch/out" "did pgrep find nothing"
	expect_exit 64 "$tool" -p "" 1
	expect "$scratch/out" "missing PID"
	"$programs/life" idle <>"$scratch/steps" >"$scratch/other" 2>&1 &
	eventually matches "$scratch/other" "^ready"
	expect_exit 64 "$tool" -p "$one" "$!"
	expect "$scratch/out" "did you mean -p $one,$!\\?"
	expect_exit 64 "$tool" -p "$one" "$!" 5 1
	expect "$scratch/out" "-p takes one word"
	expect_exit 64 "$tool" -p "$one" 86401
	nothing_is_traced
}

run_tests \
	other_users_than_root_are_refused \
	module_is_loaded \
	missing_module_is_reported \
	file_that_is_not_a_module_is_reported \
	loaded_module_of_another_version_is_reported \
	missing_process_is_reported \
	kernel_thread_is_refused \
	invalid_options_are_refused \
	unquoted_pgrep_with_none_or_two_pids_is_refused
