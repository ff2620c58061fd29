#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memleak-user -p: what tables show of a process; whatever ends the tool, it leaves no probe and no
# target of its own behind, and does not change targets of other users of the module.

. "$(dirname "$0")/../lib/tool.sh"

# Prints address and size of each block that the program keeps, sorted.
print_kept()
{
	sed -n 's/^keep 0x\([0-9a-f]*\) \([0-9]*\) .*/\1 \2/p' "$scratch/program" | sort
}

# print_listed FILE: prints address and size of each block in the tool's output, sorted.
print_listed()
{
	sed -n 's/^\taddr = \([0-9a-f]*\) size = \([0-9]*\) stack = [0-9]*$/\1 \2/p' "$1" | sort
}

# trace_step OPTION...: attaches the tool, lets the program do a step, and ends the tool by SIGINT,
# which makes it print a table. The output goes to $scratch/out.
trace_step()
{
	local job
	"$tool" -o 0 -p "$pid" "$@" 60m >"$scratch/out" 2>&1 &
	job=$!
	eventually is_traced "$pid"
	step
	kill -INT "$job"
	wait "$job"
}

# expect_listed COUNT: the number of blocks in the tool's output.
expect_listed()
{
	expect_equal "$1 blocks" "$(print_listed "$scratch/out" | wc -l) blocks" "$scratch/out"
}

# expect_lines COUNT PATTERN: the number of lines of the tool's output that match the basic regular
# expression.
expect_lines()
{
	expect_equal "$1 lines that match: $2" \
		"$(grep -c "$2" "$scratch/out") lines that match: $2" "$scratch/out"
}

kept_blocks_are_listed()
{
	start toy longjmp_deeper
	trace_step -a
	[ -n "$(print_kept)" ]
	expect_equal "$(print_kept)" "$(print_listed "$scratch/out")" "$scratch/out"
	expect "$scratch/out" "^Attaching to pid $pid, Ctrl\\+C to quit\\.$"
	expect "$scratch/out" "^\\[[0-9:]{8}\\] Top 10 stacks with outstanding allocations:$"
	eventually nothing_is_traced
}

functions_have_names()
{
	start toy longjmp_deeper
	trace_step
	expect "$scratch/out" "^	[0-9]+ bytes in [0-9]+ allocations from stack [0-9]+ \\(age .*, [0-9]+ made, [0-9]+ freed\\)$"
	expect "$scratch/out" "	keep_at_depth\\+0x[0-9a-f]+ \\[toy\\]"
	expect "$scratch/out" "	main\\+0x[0-9a-f]+ \\[toy\\]"
	expect_not "$scratch/out" "addr = "
}

one_table_is_printed_each_interval()
{
	start life idle
	"$tool" -o 0 -p "$pid" 1 3 >"$scratch/out" 2>&1
	expect_lines 3 " Top 10 stacks"
	eventually nothing_is_traced
}

blocks_are_filtered_by_size()
{
	start life exit
	trace_step -a -z 140 -Z 150
	expect_listed 11
	expect_not "$scratch/out" "size = (139|151) "
}

# print_total N: prints the last line of the Nth table.
print_total()
{
	grep '^	total: ' "$scratch/out" | sed -n "$1p"
}

# The step of the program keeps one block of 130 bytes.
table_ends_with_a_total()
{
	local job
	start life idle
	"$tool" -o 0 -p "$pid" 1 >"$scratch/out" 2>&1 &
	job=$!
	eventually grep -q '^	total: ' "$scratch/out"
	cat "$files/report" >"$scratch/report"
	step
	eventually grep -q '^	total: 130 bytes' "$scratch/out"
	kill -INT "$job"
	wait "$job"
	expect "$scratch/out" "^	total: 0 bytes in 0 allocations, 0 of 0 stacks shown,.* 0 lost$"
	expect "$scratch/out" "^	total: 130 bytes in 1 allocations, 1 of 1 stacks shown,.* 0 lost$"
	tail -n 1 "$scratch/out" >"$scratch/last"
	expect "$scratch/last" "^	total: 130 bytes"
	! grep -q '^events ' "$scratch/report" || expect_counts_since_the_last_table
}

# With a module whose reports have the line "events".
expect_counts_since_the_last_table()
{
	print_total 1 >"$scratch/first"
	expect "$scratch/first" " 0 allocated and 0 freed since the attach, "
	print_total 2 >"$scratch/second"
	expect "$scratch/second" " allocated and .* freed since the last table, "
	expect "$scratch/out" "^	empty: nothing was allocated"
}

blocks_are_listed_with_their_stack()
{
	start toy longjmp_deeper
	trace_step -a -T 1000
	sed -n 's/^	addr = .* stack = //p' "$scratch/out" | sort -u >"$scratch/of_blocks"
	sed -n 's/^	[0-9]* bytes in .* from stack \([0-9]*\) .*/\1/p' "$scratch/out" |
		sort -u >"$scratch/of_stacks"
	[ -s "$scratch/of_blocks" ]
	cmp "$scratch/of_blocks" "$scratch/of_stacks"
}

depth_of_stacks_is_limited()
{
	start toy longjmp_deeper
	trace_step --depth 1
	expect "$scratch/out" "	keep_at_depth\\+0x[0-9a-f]+ \\[toy\\].* \\(depth\\)$"
	expect_not "$scratch/out" "	main\\+"
}

# Starts a second program, which does no step. Sets $other to its PID.
start_other()
{
	"$programs/life" idle <>"$scratch/steps" >"$scratch/other" 2>&1 &
	other=$!
	eventually matches "$scratch/other" "^ready"
}

several_processes_are_traced()
{
	start life idle
	start_other
	"$tool" -o 0 -p "$pid,$other" -p "$pid" 1 2 >"$scratch/out" 2>&1
	expect "$scratch/out" "^pid $pid \\(life\\):$"
	expect "$scratch/out" "^pid $other \\(life\\):$"
	expect_lines 4 " Top 10 stacks"
	eventually nothing_is_traced
}

# One of three processes is refused and one exits.
other_processes_are_traced_on()
{
	local status=0 job
	start life idle
	start_other
	"$tool" -o 0 -p "$pid,2,$other" 60m >"$scratch/out" 2>&1 &
	job=$!
	eventually is_traced "$other"
	kill -9 "$other"
	eventually grep -q "^pid $other has exited\\.$" "$scratch/out"
	kill -INT "$job"
	wait "$job" || status=$?
	expect_status 1 "$status"
	expect "$scratch/out" "cannot attach to pid 2: it is a kernel thread"
	expect_lines 1 "^pid $other (life):$"
	expect_lines 1 "^pid $pid (life):$"
}

# The traced process is a shell, which waits for the program that allocates.
untraced_children_are_named()
{
	local child
	mkfifo "$scratch/steps"
	sh -c "'$programs/life' idle; true" <>"$scratch/steps" >"$scratch/program" 2>&1 &
	pid=$!
	eventually matches "$scratch/program" "^ready"
	child=$(grep -l "^PPid:.$pid$" /proc/[0-9]*/status 2>/dev/null | cut -d/ -f3)
	"$tool" -o 0 -p "$pid" 1 3 >"$scratch/out" 2>&1
	expect_lines 1 "pid $pid: its child $child (life) is not traced: memleak-user -p $child$"
	kill -9 "$child"
}

# expect_no_probe_after SIGNAL: the signal ends the tool, and the program runs on without probes.
expect_no_probe_after()
{
	start life idle
	"$tool" -p "$pid" 60m >"$scratch/out" 2>&1 &
	local job=$!
	eventually is_traced "$pid"
	kill "-$1" "$job"
	wait "$job" || true
	eventually nothing_is_traced
	step
	kill -0 "$pid"
}

sigint_leaves_no_probe()
{
	expect_no_probe_after INT
	expect "$scratch/out" " Top 10 stacks"
}

sigterm_leaves_no_probe()
{
	expect_no_probe_after TERM
}

sigkill_leaves_no_probe()
{
	expect_no_probe_after KILL
}

# The tool shows what the target of another user of the module records, and does not change it.
target_of_another_user_is_left_unchanged()
{
	start life exit
	echo "attach $pid min=150" >"$files/control"
	step
	grep " pid $pid " "$files/control" >"$scratch/before"
	"$tool" -a -o 0 -p "$pid" 1 1 >"$scratch/out" 2>&1
	grep " pid $pid " "$files/control" >"$scratch/after"
	cmp "$scratch/before" "$scratch/after"
	expect "$scratch/out" "pid $pid is already traced"
	expect_listed 81
	expect_equal 81 "$(grep -c ' heap$' "$files/allocations")" "$files/allocations"
}

exit_of_the_process_is_reported()
{
	start life idle
	"$tool" -o 0 -p "$pid" 60m >"$scratch/out" 2>&1 &
	local job=$!
	eventually is_traced "$pid"
	step
	echo end >&7
	wait "$job"
	expect "$scratch/out" "^pid $pid has exited\\.$"
	expect "$scratch/out" "130 bytes in 1 allocations from stack"
	eventually nothing_is_traced
}

# Starts a program in a mount and a PID namespace of its own, from a path that does not exist
# outside. Sets $pid.
start_in_container()
{
	local input=$scratch/steps outer
	mkdir "$scratch/root"
	mkfifo "$input"
	# shellcheck disable=SC2016 # expanded inside
	unshare --mount --pid --fork --kill-child sh -c \
		'mount -t tmpfs none "$1" && cp "$2" "$1/app" && exec "$1/app" longjmp_deeper' \
		- "$scratch/root" "$programs/toy" <>"$input" >"$scratch/program" 2>&1 &
	outer=$!
	exec 7<>"$input"
	eventually matches "$scratch/program" "^ready 1$"
	pid=$(grep -l "^PPid:.$outer$" /proc/[0-9]*/status 2>/dev/null | cut -d/ -f3)
}

functions_of_a_program_in_a_container_have_names()
{
	start_in_container
	[ ! -e "$scratch/root/app" ]
	trace_step
	expect "$scratch/out" "	keep_at_depth\\+0x[0-9a-f]+ \\[app\\]"
	expect "$scratch/out" "	main\\+0x[0-9a-f]+ \\[app\\]"
}

run_tests \
	kept_blocks_are_listed \
	functions_have_names \
	one_table_is_printed_each_interval \
	table_ends_with_a_total \
	blocks_are_listed_with_their_stack \
	depth_of_stacks_is_limited \
	several_processes_are_traced \
	other_processes_are_traced_on \
	untraced_children_are_named \
	blocks_are_filtered_by_size \
	sigint_leaves_no_probe \
	sigterm_leaves_no_probe \
	sigkill_leaves_no_probe \
	target_of_another_user_is_left_unchanged \
	exit_of_the_process_is_reported \
	functions_of_a_program_in_a_container_have_names
