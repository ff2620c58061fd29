#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Names of code that a process generates at run time, from the map that it writes for perf. The
# program "generated" writes one for its functions.

. "$(dirname "$0")/../lib/live.sh"

# start_generated: starts the program, which writes its map. Sets $map.
start_generated()
{
	start generated
	map=/tmp/perf-$pid.map
	step_word map
}

# keep_once: traces the program while it keeps one block, until the tool has printed its table.
keep_once()
{
	attach_tool 3600
	step_word keep
	end_tool
}

# expect_no_name PATTERN: the tool has reported why it does not use the map.
expect_no_name()
{
	expect "$scratch/out" "^memleak-user: no names from $map: $1"
	expect "$scratch/out" "	\\[unknown\\]\\+0x6 \\[anon\\]$"
	expect "$scratch/out" "	keep_first\\+0x[0-9a-f]+ \\[generated\\]$"
	expect_status 1 "$status"
}

# The generated function is between the two that have it called and that it calls.
generated_code_has_the_names_of_the_map()
{
	start_generated
	keep_once
	expect_status 0 "$status"
	expect_equal "keep_first [generated] first one+0x6 [jit] call_generated [generated] main" \
		"$(awk '$1 ~ /^0x/ { sub(/^\t\t0x[0-9a-f]*\t/, ""); print }' "$scratch/out" |
			sed -e '/one/!s/+0x[0-9a-f]*//' -e 's/main.*/main/' -e '/main/q' |
			paste -sd ' ')" "$scratch/out"
}

code_without_a_map_has_no_names()
{
	start generated
	keep_once
	expect_status 0 "$status"
	expect "$scratch/out" "	\\[unknown\\]\\+0x6 \\[anon\\]$"
	expect "$scratch/out" "	main\\+0x[0-9a-f]+ \\[generated\\]$"
}

# A later line has precedence, also for code that was called before.
map_that_has_grown_is_read_again()
{
	start_generated
	attach_tool 1
	step_word keep
	wait_for_table
	expect "$scratch/out" "	first one\\+0x6 \\[jit\\]$"
	step_word grow
	wait_for_table
	end_tool
	awk '/ Top 100 stacks/ { out = "" } { out = out $0 "\n" } END { printf "%s", out }' \
		"$scratch/out" >"$scratch/last"
	expect_equal "2 1 0" "$(grep -c '	renamed one+0x6 \[jit\]$' "$scratch/last") $(
		grep -c '	second one+0x6 \[jit\]$' "$scratch/last") $(
		grep -c '	first one+' "$scratch/last" || true)" "$scratch/last"
	expect_status 0 "$status"
}

stacks_are_left_out_by_names_of_the_map()
{
	start_generated
	attach_tool --ignore "first*" 3600
	step_word keep
	end_tool
	expect_not "$scratch/out" "first one"
	expect_not "$scratch/out" "keep_first"
	expect "$scratch/out" "left out \\(--ignore\\): 1001 bytes in 1 "
}

map_of_a_process_that_has_exited_is_used()
{
	start_generated
	attach_tool 3600
	step_word keep
	kill -9 "$pid"
	wait "$job" || true
	expect "$scratch/out" "	first one\\+0x6 \\[jit\\]$"
}

# The process has another root, where its PID is 1.
map_of_a_container_is_used()
{
	start_program unshare --mount --pid --fork sh -c \
		"mount -t tmpfs none /tmp && exec '$programs/generated'"
	pid=$(tr -d ' ' <"/proc/$pid/task/$pid/children")
	step_word map
	[ ! -e "/tmp/perf-1.map" ]
	[ -e "/proc/$pid/root/tmp/perf-1.map" ]
	keep_once
	expect "$scratch/out" "	first one\\+0x6 \\[jit\\]$"
	expect_status 0 "$status"
}

map_of_the_user_of_the_process_is_used()
{
	start_program setpriv --reuid=1234 --regid=1234 --clear-groups "$programs/generated"
	map=/tmp/perf-$pid.map
	step_word map
	expect_equal 1234 "$(stat -c %u "$map")"
	keep_once
	expect "$scratch/out" "	first one\\+0x6 \\[jit\\]$"
	expect_status 0 "$status"
}

map_of_another_user_is_not_used()
{
	start_generated
	chown 1234 "$map"
	keep_once
	expect_no_name "it belongs neither to the user of the process nor to root"
}

map_that_is_a_link_is_not_used()
{
	start_generated
	mv "$map" "$map.other"
	ln -s "$map.other" "$map"
	keep_once
	expect_no_name "it is no regular file"
}

# Opening a fifo would wait for a writer.
map_that_is_a_fifo_is_not_used()
{
	start_generated
	rm "$map"
	mkfifo "$map"
	keep_once
	expect_no_name "it is no regular file"
}

run_tests \
	generated_code_has_the_names_of_the_map \
	code_without_a_map_has_no_names \
	map_that_has_grown_is_read_again \
	stacks_are_left_out_by_names_of_the_map \
	map_of_a_process_that_has_exited_is_used \
	map_of_a_container_is_used \
	map_of_the_user_of_the_process_is_used \
	map_of_another_user_is_not_used \
	map_that_is_a_link_is_not_used \
	map_that_is_a_fifo_is_not_used
