#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memleak-user uses the files in /proc if debugfs is not there: each test runs in a mount namespace
# without it. It also runs on a kernel that was booted with debugfs=off.

. "$(dirname "$0")/../lib/tool.sh"

files=/proc/memleak_user
debugfs=/sys/kernel/debug

choice="memleak-user: using $files, as debugfs is not mounted"

# without_debugfs COMMAND...: runs the command with debugfs unmounted, its output in $scratch/out.
without_debugfs()
{
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare -m bash -c '
		debugfs=$1
		shift
		while mountpoint -q "$debugfs"; do
			umount -l "$debugfs" || exit 99
		done
		"$@"' sh "$debugfs" "$@" >"$scratch/out" 2>&1
}

# The tool has said once that it uses /proc, and nothing else.
expect_no_other_message()
{
	expect "$scratch/out" "^$choice\$"
	expect_equal 1 "$(grep -c "memleak-user:" "$scratch/out")" "$scratch/out"
}

table_is_that_of_the_target()
{
	local foreign
	start life idle
	foreign=$pid
	echo "attach $foreign" >"$files/control"
	mkdir "$scratch/two"
	scratch=$scratch/two start mix all 8
	scratch=$scratch/two step
	without_debugfs "$tool" -a -o 0 -p "$pid" 1 2
	expect "$scratch/out" "^Attaching to pid $pid, "
	expect "$scratch/out" "\\] Top 10 stacks with outstanding allocations"
	expect_not "$scratch/out" "does not have exactly one target"
	expect_no_other_message
	# The other process is traced already, and has its own section.
	without_debugfs "$tool" -o 0 -p "$foreign" 1 1
	expect_not "$scratch/out" "does not have exactly one target"
	is_traced "$foreign"
	eventually matches "$files/stats" "^targets 1$"
}

allocations_and_report_agree()
{
	start mix all 8
	without_debugfs "$tool" -a -o 0 -p "$pid" 3 1 &
	eventually is_traced "$pid"
	step
	wait $!
	expect "$scratch/out" "^	addr = [0-9a-f]+ size = "
	expect "$scratch/out" "^	total: [1-9][0-9]* bytes in [1-9]"
}

leaks_are_found()
{
	start lost
	echo "attach $pid" >"$files/control"
	count_done
	echo lose >&7
	eventually is_done "$steps_done"
	without_debugfs "$tool" leaks -o 0 --max-stop 60000 -p "$pid" 2
	expect "$scratch/out" "^	definitely lost: 82928 bytes in 11 blocks$"
}

several_processes_are_summed_up()
{
	local first
	start life idle
	first=$pid
	mkdir "$scratch/two"
	scratch=$scratch/two start life idle
	without_debugfs "$tool" -o 0 --sum -p "$first,$pid" 1 1
	expect "$scratch/out" "Top 10 stacks"
	expect_no_other_message
}

bound_targets_end_with_the_tool()
{
	start life idle
	without_debugfs "$tool" -o 0 -p "$pid" 1 1
	eventually matches "$files/stats" "^targets 0$"
	eventually matches "$files/stats" "^probes 0$"
}

module_is_loaded_without_debugfs()
{
	unload
	start life idle
	without_debugfs "$tool" --module "$module" -o 0 -p "$pid" 1 1
	[ -d /sys/module/memleak_user ]
	expect "$scratch/out" " Top 10 stacks"
}

debugfs_is_preferred()
{
	start life idle
	if [ ! -d "$debugfs/memleak_user" ]; then
		echo "this kernel has no debugfs"
		exit 4
	fi
	"$tool" -o 0 -p "$pid" 1 1 >"$scratch/out" 2>&1
	expect "$scratch/out" " Top 10 stacks"
	expect_not "$scratch/out" "memleak-user:"
}

other_users_than_root_are_refused()
{
	local status=0
	cp "$tool" "$scratch/tool"
	without_debugfs setpriv --reuid=65534 --regid=65534 --clear-groups "$scratch/tool" -p1 1 1 ||
		status=$?
	expect_status 2 "$status"
	expect "$scratch/out" "you must be root: $files/control: Permission denied"
}

# A /proc that shows processes only.
both_directories_are_missed()
{
	local status=0
	start life idle
	# shellcheck disable=SC2016 # expanded by the inner shell
	without_debugfs sh -c 'mount -t proc -o subset=pid proc /proc || exit 98
		exec "$@"' sh "$tool" --module "$module" -p "$pid" 1 1 || status=$?
	if [ "$status" = 98 ]; then
		echo "this kernel's /proc has no option subset=pid"
		exit 4
	fi
	expect_status 2 "$status"
	cat "$scratch/out"
	expect "$scratch/out" "there is neither $files nor $debugfs/memleak_user"
	expect "$scratch/out" "debugfs is not mounted: mount -t debugfs none $debugfs"
}

run_tests \
	table_is_that_of_the_target \
	allocations_and_report_agree \
	leaks_are_found \
	several_processes_are_summed_up \
	bound_targets_end_with_the_tool \
	module_is_loaded_without_debugfs \
	debugfs_is_preferred \
	other_users_than_root_are_refused \
	both_directories_are_missed
