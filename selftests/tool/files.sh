#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The files that memleak-user takes names from: never another one than the one that was mapped,
# whatever is done to it meanwhile, and those that only the target may read.

. "$(dirname "$0")/../lib/tool.sh"

# word WORD: this step of the program, to its end.
word()
{
	count_done
	echo "$1" >&7
	eventually is_done "$steps_done"
}

# attach_tool ARGUMENT...: the tool in the background, its output in $scratch/out.
attach_tool()
{
	"$tool" -o 0 -T 100 -p "$pid" "$@" >"$scratch/out" 2>&1 &
	job=$!
	eventually is_traced "$pid"
}

# Its last table; its exit status in $status.
end_tool()
{
	status=0
	kill -INT "$job"
	wait "$job" || status=$?
}

has_tables()
{
	[ "$(grep -c ' Top 100 stacks' "$scratch/out")" -ge "$1" ]
}

# last_name BYTES: the innermost frame of the stack with so much, in the last table.
last_name()
{
	awk -v bytes="$1" '/ Top 100 stacks/ { name = "none" }
		found { name = $2; found = 0 }
		$1 == bytes && $2 == "bytes" { found = 1 }
		END { sub(/\+0x.*/, "", name); print name }' "$scratch/out"
}

# start_reload SUFFIX: the plugin's first version is at the path.
start_reload()
{
	suffix=$1
	cp "$programs/libplugin_one$suffix.so" "$scratch/plugin.so"
	start reload "$scratch/plugin.so"
}

put_another_file()
{
	cp "$programs/libplugin_two$suffix.so" "$scratch/plugin.new"
	mv "$scratch/plugin.new" "$scratch/plugin.so"
}

write_the_file_over()
{
	cat "$programs/libplugin_two$suffix.so" >"$scratch/plugin.so"
}

# One block of the first version, two of the second one, at the same addresses.
use_both()
{
	local replace=$1 between=$2
	word load
	word keep
	"$between"
	word unload
	"$replace"
	word load
	word keep
	word keep
}

# The next two tables: the first one may have been begun before.
a_table()
{
	local tables
	tables=$(grep -c ' Top 100 stacks' "$scratch/out" || true)
	eventually has_tables $((tables + 2))
}

says_why()
{
	[ "$status" = 1 ]
	expect "$scratch/out" "^memleak-user: no names from $scratch/plugin.so: $1"
}

names_are()
{
	if [ "$(last_name 777) $(last_name 1554)" != "$*" ]; then
		echo "expected: $*"
		cat "$scratch/out"
		return 1
	fi
}

tells_replaced_files_apart()
{
	start_reload ""
	attach_tool 1
	use_both put_another_file a_table
	a_table
	end_tool
	names_are inner_one inner_two
	[ "$status" = 0 ]
}

names_none_of_a_replaced_file_it_never_saw()
{
	start_reload ""
	attach_tool 3600
	use_both put_another_file true
	end_tool
	names_are "[unknown]" inner_two
	says_why "it has no build-id, and its file could not be seen"
}

tells_versions_of_a_written_file_apart()
{
	start_reload ""
	attach_tool 1
	use_both write_the_file_over a_table
	a_table
	end_tool
	names_are inner_one inner_two
}

names_none_of_a_written_file_it_never_saw()
{
	start_reload ""
	attach_tool 3600
	use_both write_the_file_over true
	end_tool
	names_are "[unknown]" inner_two
	says_why "it has no build-id, and its file could not be seen"
}

tells_replaced_files_apart_by_build_id()
{
	start_reload _id
	attach_tool 1
	use_both put_another_file a_table
	end_tool
	names_are inner_one inner_two
	[ "$status" = 0 ]
}

names_none_of_a_written_file_with_another_build_id()
{
	start_reload _id
	attach_tool 3600
	use_both write_the_file_over true
	end_tool
	names_are "[unknown]" inner_two
	says_why "the file has build-id [0-9a-f]*, the report tells [0-9a-f]*: it is not used"
}

# What was seen at the attach needs no table while the process lives.
names_what_was_mapped_at_the_attach_when_the_process_is_gone()
{
	start_reload ""
	word load
	attach_tool 3600
	word keep
	kill -9 "$pid"
	wait "$job" || true
	names_are inner_one none
}

# An overlay leads to a copy as soon as the file is written; the process has the original.
names_none_of_the_copy_that_an_overlay_made()
{
	local o=$scratch/overlay
	mkdir "$o"
	mount -t tmpfs none "$o"
	mkdir "$o/lower" "$o/upper" "$o/work" "$o/merged"
	cp "$programs/libplugin_one.so" "$o/lower/plugin.so"
	mount -t overlay -o "lowerdir=$o/lower,upperdir=$o/upper,workdir=$o/work" none "$o/merged"
	start reload "$o/merged/plugin.so"
	word load
	cat "$programs/libplugin_two.so" >"$o/merged/plugin.so"
	attach_tool 3600
	word keep
	end_tool
	kill -9 "$pid"
	umount -l "$o/merged" "$o"
	case $(last_name 777) in
	inner_one) [ "$status" = 0 ] ;;
	"[unknown]")
		[ "$status" = 1 ]
		expect "$scratch/out" "^memleak-user: no names from .*/plugin.so: .*not the one that is mapped"
		;;
	*) cat "$scratch/out"; return 1 ;;
	esac
}

# The tests lie on an overlay: that of the machine.
names_a_program_without_a_build_id()
{
	start toy_no_id longjmp_deeper
	attach_tool 3600
	step
	end_tool
	expect "$scratch/out" "	keep_at_depth\\+0x[0-9a-f]+ \\[toy_no_id\\]"
	[ "$status" = 0 ]
}

# As a program that patches itself: one byte of its code is not that of the file.  A debugger writes
# it: newer kernels let only a tracer write to code through /proc/PID/mem.
names_none_of_a_program_whose_code_differs_from_its_file()
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
	[ "$status" = 1 ]
}

# A saved report has nothing to prove the file by but its path.
names_the_saved_report_of_a_program_without_a_build_id()
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

names_a_program_in_memory_without_a_directory()
{
	start_program "$programs/from_memfd" "$programs/toy_no_id" longjmp_deeper
	attach_tool 3600
	step
	end_tool
	expect "$scratch/out" "	keep_at_depth\\+0x[0-9a-f]+ \\[memfd:copy"
	[ "$status" = 0 ]
}

# start_of_user FILE: a program on a file system that its user has mounted, and runs.
start_of_user()
{
	modprobe fuse 2>/dev/null || true
	mkdir -m 755 "$scratch/mount"
	mkfifo "$scratch/daemon_steps"
	"$programs/daemon" user_fuse "$scratch/mount" "$1" 1234 <>"$scratch/daemon_steps" \
		>"$scratch/daemon" 2>&1 &
	daemon=$!
	eventually matches "$scratch/daemon" "^ready" || {
		wait "$daemon" || [ $? != 4 ] || { echo "there is no FUSE"; exit 4; }
		return 1
	}
	if cat "$scratch/mount/file" >/dev/null 2>&1; then
		echo "root may read it"
		return 1
	fi
	start_program setpriv --reuid=1234 --regid=1234 --clear-groups "$scratch/mount/file" \
		longjmp_deeper
}

names_what_only_the_user_may_read()
{
	start_of_user "$1"
	attach_tool 3600
	step
	end_tool
	kill -9 "$pid" "$daemon"
	umount -l "$scratch/mount"
	expect "$scratch/out" "	keep_at_depth\\+0x[0-9a-f]+ \\[file\\]"
	expect "$scratch/out" "	main\\+0x[0-9a-f]+ \\[file\\]"
	[ "$status" = 0 ]
}

names_a_program_that_only_its_user_may_read()
{
	names_what_only_the_user_may_read "$programs/toy"
}

names_one_without_a_build_id_that_only_its_user_may_read()
{
	names_what_only_the_user_may_read "$programs/toy_no_id"
}

# The daemon of a user must not stop the tool: where the file cannot be read the attach is refused.
waits_for_no_daemon()
{
	start_of_user "$programs/toy_no_id"
	echo hang >"$scratch/daemon_steps"
	sleep 1
	echo 1 >/proc/sys/vm/drop_caches
	status=0
	timeout 60 "$tool" -o 0 -p "$pid" 1 1 >"$scratch/out" 2>&1 || status=$?
	echo answer >"$scratch/daemon_steps"
	kill -9 "$pid" "$daemon"
	umount -l "$scratch/mount"
	cat "$scratch/out"
	[ "$status" != 124 ]
}

run_tests \
	tells_replaced_files_apart \
	names_none_of_a_replaced_file_it_never_saw \
	tells_versions_of_a_written_file_apart \
	names_none_of_a_written_file_it_never_saw \
	tells_replaced_files_apart_by_build_id \
	names_none_of_a_written_file_with_another_build_id \
	names_what_was_mapped_at_the_attach_when_the_process_is_gone \
	names_none_of_the_copy_that_an_overlay_made \
	names_a_program_without_a_build_id \
	names_none_of_a_program_whose_code_differs_from_its_file \
	names_the_saved_report_of_a_program_without_a_build_id \
	names_a_program_in_memory_without_a_directory \
	names_a_program_that_only_its_user_may_read \
	names_one_without_a_build_id_that_only_its_user_may_read \
	waits_for_no_daemon
