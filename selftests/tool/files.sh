#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The files that memleak-user reads symbols from: it uses the file that was mapped and no other one,
# although the file is replaced or rewritten while the process runs, and it also reads files that
# only the target's user may read.

. "$(dirname "$0")/../lib/live.sh"

# start_reload SUFFIX: installs the first version of the plugin and starts the program.
start_reload()
{
	suffix=$1
	cp "$programs/libplugin_one$suffix.so" "$scratch/plugin.so"
	start reload "$scratch/plugin.so"
}

# Installs the second version of the plugin as a new file.
replace_plugin()
{
	cp "$programs/libplugin_two$suffix.so" "$scratch/plugin.new"
	mv "$scratch/plugin.new" "$scratch/plugin.so"
}

# Writes the second version of the plugin to the existing file.
rewrite_plugin()
{
	cat "$programs/libplugin_two$suffix.so" >"$scratch/plugin.so"
}

# use_both REPLACE BETWEEN: keeps one block (777 bytes) of the first version of the plugin and two
# (1554 bytes) of the second one, which is mapped at the same address. Calls BETWEEN while the first
# one is mapped and REPLACE while none is.
use_both()
{
	local replace=$1 between=$2
	step_word load
	step_word keep
	"$between"
	step_word unload
	"$replace"
	step_word load
	step_word keep
	step_word keep
}

# Waits until the module has read the plugin. Otherwise a slow machine may read it only after it was
# rewritten, and show the build-id of the second version for both mappings.
wait_for_build_id()
{
	eventually matches "$files/report" "^mapping .* [0-9a-f]{40} $scratch/plugin\\.so$"
}

# expect_warning PATTERN: the tool has reported why it does not use the plugin's file.
expect_warning()
{
	expect_status 1 "$status"
	expect "$scratch/out" "^memleak-user: no names from $scratch/plugin.so: $1"
}

# expect_names FIRST SECOND: the functions that allocated in the first and the second version of the
# plugin, in the last table.
expect_names()
{
	local first second
	first=$(print_last_name 777)
	second=$(print_last_name 1554)
	expect_equal "777 bytes: $1, 1554 bytes: $2" "777 bytes: $first, 1554 bytes: $second" \
		"$scratch/out"
}

replaced_file_is_a_second_file()
{
	start_reload ""
	attach_tool 1
	use_both replace_plugin wait_for_table
	wait_for_table
	end_tool
	expect_names inner_one inner_two
	expect_status 0 "$status"
}

# No table was printed while the first version was mapped: the tool has never opened it.
replaced_file_is_not_used_for_the_first_one()
{
	start_reload ""
	attach_tool 3600
	use_both replace_plugin true
	end_tool
	expect_names "[unknown]" inner_two
	expect_warning "it has no build-id, and its file was not found"
}

rewritten_file_is_a_second_file()
{
	start_reload ""
	attach_tool 1
	use_both rewrite_plugin wait_for_table
	wait_for_table
	end_tool
	expect_names inner_one inner_two
}

rewritten_file_is_not_used_for_the_first_one()
{
	start_reload ""
	attach_tool 3600
	use_both rewrite_plugin true
	end_tool
	expect_names "[unknown]" inner_two
	expect_warning "it has no build-id, and its file was not found"
}

replaced_file_is_found_by_build_id()
{
	start_reload _id
	attach_tool 1
	use_both replace_plugin wait_for_table
	end_tool
	expect_names inner_one inner_two
	expect_status 0 "$status"
}

rewritten_file_with_another_build_id_is_not_used()
{
	start_reload _id
	attach_tool 3600
	use_both rewrite_plugin wait_for_build_id
	end_tool
	expect_names "[unknown]" inner_two
	expect_warning "the file has build-id [0-9a-f]*, the report has [0-9a-f]*: it is not used"
}

# The tool opens the files that are mapped at the attach, and prints its only table after the exit.
file_mapped_at_the_attach_is_used_after_the_exit()
{
	start_reload ""
	step_word load
	attach_tool 3600
	step_word keep
	kill -9 "$pid"
	wait "$job" || true
	expect_names inner_one none
}

# A write to a file of a lower layer makes a copy of it, which the path refers to from then on; the
# process has still mapped the original.
copy_made_by_an_overlay_is_not_used()
{
	local o=$scratch/overlay
	mkdir "$o"
	mount -t tmpfs none "$o"
	mkdir "$o/lower" "$o/upper" "$o/work" "$o/merged"
	cp "$programs/libplugin_one.so" "$o/lower/plugin.so"
	mount -t overlay -o "lowerdir=$o/lower,upperdir=$o/upper,workdir=$o/work" none "$o/merged"
	start reload "$o/merged/plugin.so"
	step_word load
	cat "$programs/libplugin_two.so" >"$o/merged/plugin.so"
	attach_tool 3600
	step_word keep
	end_tool
	kill -9 "$pid"
	umount -l "$o/merged" "$o"
	if [ "$(print_last_name 777)" = inner_one ]; then
		expect_status 0 "$status"
		return
	fi
	expect_equal "777 bytes: inner_one or [unknown]" \
		"777 bytes: inner_one or $(print_last_name 777)" "$scratch/out"
	expect_status 1 "$status"
	expect "$scratch/out" "^memleak-user: no names from .*/plugin.so: .*not the one that is mapped"
}

# In the test machines the programs are on an overlay file system.
program_without_a_build_id_has_names()
{
	start toy_no_id longjmp_deeper
	attach_tool 3600
	step
	end_tool
	expect "$scratch/out" "	keep_at_depth\\+0x[0-9a-f]+ \\[toy_no_id\\]"
	expect_status 0 "$status"
}

# As in a program that patches itself, one byte of the code in memory is not that of the file. gdb
# writes it, because newer kernels let only a tracer write to code through /proc/PID/mem.
patched_program_without_a_build_id_has_no_names()
{
	local range
	command -v gdb >/dev/null || { echo "no gdb"; exit 4; }
	start toy_no_id longjmp_deeper
	range=$(awk '/ r-xp .*toy_no_id$/ { print $1; exit }' "/proc/$pid/maps")
	gdb -nx -batch -q -iex "set debug-file-directory /nonexistent" -p "$pid" \
		-ex "set *(char *)(0x${range#*-} - 1) = 7" -ex detach >"$scratch/gdb" 2>&1
	attach_tool 3600
	step
	end_tool
	expect "$scratch/out" "	\\[unknown\\]\\+0x[0-9a-f]+ \\[toy_no_id\\]"
	expect "$scratch/out" "^memleak-user: no names from .*toy_no_id: the code in memory is not"
	expect_status 1 "$status"
}

# The path is all that identifies the file then.
saved_report_of_a_program_without_a_build_id_has_names()
{
	start toy_no_id longjmp_deeper
	echo "$pid" >"$files/control"
	step
	kill -9 "$pid"
	wait "$pid" || true
	eventually matches "$files/control" " pid $pid [^ ]* exited"
	cat "$files/report" >"$scratch/report"
	"$tool" symbolize "$scratch/report" >"$scratch/out" 2>&1
	expect "$scratch/out" "	keep_at_depth\\+0x[0-9a-f]+ \\[toy_no_id\\]"
}

memfd_program_has_names()
{
	start_program "$programs/from_memfd" "$programs/toy_no_id" longjmp_deeper
	attach_tool 3600
	step
	end_tool
	expect "$scratch/out" "	keep_at_depth\\+0x[0-9a-f]+ \\[memfd:copy"
	expect_status 0 "$status"
}

# start_on_user_fuse FILE: serves FILE by a FUSE file system that its user alone may read, not even
# root, and starts it as a program of this user. Sets $pid and $daemon.
start_on_user_fuse()
{
	modprobe fuse 2>/dev/null || true
	mkdir -m 755 "$scratch/mount"
	mkfifo "$scratch/daemon_steps"
	"$programs/daemon" user_fuse "$scratch/mount" "$1" 1234 <>"$scratch/daemon_steps" \
		>"$scratch/daemon" 2>&1 &
	daemon=$!
	eventually matches "$scratch/daemon" "^ready" || {
		wait "$daemon" || [ $? != 4 ] || { echo "the kernel has no FUSE"; exit 4; }
		return 1
	}
	if cat "$scratch/mount/file" >/dev/null 2>&1; then
		echo "expected that root may not read $scratch/mount/file, but it can"
		return 1
	fi
	start_program setpriv --reuid=1234 --regid=1234 --clear-groups "$scratch/mount/file" \
		longjmp_deeper
}

# expect_names_on_user_fuse FILE
expect_names_on_user_fuse()
{
	start_on_user_fuse "$1"
	attach_tool 3600
	step
	end_tool
	kill -9 "$pid" "$daemon"
	umount -l "$scratch/mount"
	expect "$scratch/out" "	keep_at_depth\\+0x[0-9a-f]+ \\[file\\]"
	expect "$scratch/out" "	main\\+0x[0-9a-f]+ \\[file\\]"
	expect_status 0 "$status"
}

program_that_only_its_user_may_read_has_names()
{
	expect_names_on_user_fuse "$programs/toy"
}

program_without_a_build_id_that_only_its_user_may_read_has_names()
{
	expect_names_on_user_fuse "$programs/toy_no_id"
}

# A daemon that serves a file and does not answer must not block the tool. The attach is refused
# then, or the table shows no names.
tool_does_not_wait_for_a_hanging_daemon()
{
	start_on_user_fuse "$programs/toy_no_id"
	echo hang >"$scratch/daemon_steps"
	sleep 1
	echo 1 >/proc/sys/vm/drop_caches
	status=0
	timeout 60 "$tool" -o 0 -p "$pid" 1 1 >"$scratch/out" 2>&1 || status=$?
	echo answer >"$scratch/daemon_steps"
	kill -9 "$pid" "$daemon"
	umount -l "$scratch/mount"
	cat "$scratch/out"
	if [ "$status" = 124 ]; then
		echo "expected the tool to end within 60 s"
		return 1
	fi
}

run_tests \
	replaced_file_is_a_second_file \
	replaced_file_is_not_used_for_the_first_one \
	rewritten_file_is_a_second_file \
	rewritten_file_is_not_used_for_the_first_one \
	replaced_file_is_found_by_build_id \
	rewritten_file_with_another_build_id_is_not_used \
	file_mapped_at_the_attach_is_used_after_the_exit \
	copy_made_by_an_overlay_is_not_used \
	program_without_a_build_id_has_names \
	patched_program_without_a_build_id_has_no_names \
	saved_report_of_a_program_without_a_build_id_has_names \
	memfd_program_has_names \
	program_that_only_its_user_may_read_has_names \
	program_without_a_build_id_that_only_its_user_may_read_has_names \
	tool_does_not_wait_for_a_hanging_daemon
