#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memleak-user -p: what it shows of a process, and that whatever ends it leaves
# neither a probe nor a target of its own behind, nor touches anybody else's.

. "$(dirname "$0")/../lib/tool.sh"

kept()
{
	sed -n 's/^keep 0x\([0-9a-f]*\) \([0-9]*\) .*/\1 \2/p' "$scratch/program" | sort
}

shown()
{
	sed -n 's/^\taddr = \([0-9a-f]*\) size = \([0-9]*\) stack = [0-9]*$/\1 \2/p' "$1" | sort
}

# trace OPTION...: the tool, with the program's step while it traces; the table of its end, which
# comes when it is told to, in $scratch/out.
trace()
{
	local job
	"$tool" -o 0 -p "$pid" "$@" 60m >"$scratch/out" 2>&1 &
	job=$!
	eventually is_traced "$pid"
	step
	kill -INT "$job"
	wait "$job"
}

shows_the_addresses_that_are_kept()
{
	start toy longjmp_deeper
	trace -a
	[ -n "$(kept)" ]
	[ "$(kept)" = "$(shown "$scratch/out")" ] || { cat "$scratch/out"; return 1; }
	expect "$scratch/out" "^Attaching to pid $pid, Ctrl\\+C to quit\\.$"
	expect "$scratch/out" "^\\[[0-9:]{8}\\] Top 10 stacks with outstanding allocations:$"
	eventually nothing_is_traced
}

names_the_functions()
{
	start toy longjmp_deeper
	trace
	expect "$scratch/out" "^	[0-9]+ bytes in [0-9]+ allocations from stack [0-9]+ \\(age .*, [0-9]+ made, [0-9]+ freed\\)$"
	expect "$scratch/out" "	keep_at_depth\\+0x[0-9a-f]+ \\[toy\\]"
	expect "$scratch/out" "	main\\+0x[0-9a-f]+ \\[toy\\]"
	expect_not "$scratch/out" "addr = "
}

shows_one_table_each_interval()
{
	start life idle
	"$tool" -o 0 -p "$pid" 1 3 >"$scratch/out" 2>&1
	[ "$(grep -c ' Top 10 stacks' "$scratch/out")" = 3 ]
	eventually nothing_is_traced
}

filters_by_size()
{
	start life exit
	trace -a -z 140 -Z 150
	[ "$(shown "$scratch/out" | wc -l)" = 11 ] || { cat "$scratch/out"; return 1; }
	expect_not "$scratch/out" "size = (139|151) "
}

# nth_total N: the last line of the nth table.
nth_total()
{
	grep '^	total: ' "$scratch/out" | sed -n "$1p"
}

# life's step allocates 130 bytes that stay.
sums_up_at_the_end_of_each_table()
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
	[[ $(tail -n 1 "$scratch/out") == "	total: 130 bytes"* ]]
	! grep -q '^events ' "$scratch/report" || counts_since_the_last_table
}

# What a module prints that has the events line.
counts_since_the_last_table()
{
	[[ $(nth_total 1) == *" 0 allocated and 0 freed since the attach, "* ]]
	[[ $(nth_total 2) == *" allocated and "*" freed since the last table, "* ]]
	expect "$scratch/out" "^	empty: nothing was allocated"
}

says_which_stack_a_block_is_of()
{
	start toy longjmp_deeper
	trace -a -T 1000
	sed -n 's/^	addr = .* stack = //p' "$scratch/out" | sort -u >"$scratch/of_blocks"
	sed -n 's/^	[0-9]* bytes in .* from stack \([0-9]*\) .*/\1/p' "$scratch/out" |
		sort -u >"$scratch/of_stacks"
	[ -s "$scratch/of_blocks" ]
	cmp "$scratch/of_blocks" "$scratch/of_stacks"
}

limits_the_depth()
{
	start toy longjmp_deeper
	trace --depth 1
	expect "$scratch/out" "	keep_at_depth\\+0x[0-9a-f]+ \\[toy\\].* \\(depth\\)$"
	expect_not "$scratch/out" "	main\\+"
}

# A second program, its PID in $other; it does not step.
start_other()
{
	"$programs/life" idle <>"$scratch/steps" >"$scratch/other" 2>&1 &
	other=$!
	eventually matches "$scratch/other" "^ready"
}

traces_several_processes()
{
	start life idle
	start_other
	"$tool" -o 0 -p "$pid,$other" -p "$pid" 1 2 >"$scratch/out" 2>&1
	expect "$scratch/out" "^pid $pid \\(life\\):$"
	expect "$scratch/out" "^pid $other \\(life\\):$"
	[ "$(grep -c ' Top 10 stacks' "$scratch/out")" = 4 ]
	eventually nothing_is_traced
}

# One that is refused, and one that ends meanwhile, keep nothing from the others.
goes_on_with_the_others()
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
	[ "$status" = 1 ]
	expect "$scratch/out" "cannot attach to pid 2: it is a kernel thread"
	[ "$(grep -c "^pid $other (life):$" "$scratch/out")" = 1 ]
	[ "$(grep -c "^pid $pid (life):$" "$scratch/out")" = 1 ]
}

# A shell that waits for its child is not where the memory is.
names_children_that_are_not_traced()
{
	local child
	mkfifo "$scratch/steps"
	sh -c "'$programs/life' idle; true" <>"$scratch/steps" >"$scratch/program" 2>&1 &
	pid=$!
	eventually matches "$scratch/program" "^ready"
	child=$(grep -l "^PPid:.$pid$" /proc/[0-9]*/status 2>/dev/null | cut -d/ -f3)
	"$tool" -o 0 -p "$pid" 1 3 >"$scratch/out" 2>&1
	[ "$(grep -c "pid $pid: its child $child (life) is not traced: memleak-user -p $child$" "$scratch/out")" = 1 ]
	kill -9 "$child"
}

# The number of a table that is being waited for does not matter.
ends_with()
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

ctrl_c_leaves_no_probe()
{
	ends_with INT
	expect "$scratch/out" " Top 10 stacks"
}

sigterm_leaves_no_probe()
{
	ends_with TERM
}

sigkill_leaves_no_probe()
{
	ends_with KILL
}

# It reads what the other one records, and takes nothing away from it.
leaves_what_somebody_else_traces()
{
	start life exit
	echo "attach $pid min=150" >"$files/control"
	step
	grep " pid $pid " "$files/control" >"$scratch/before"
	"$tool" -a -o 0 -p "$pid" 1 1 >"$scratch/out" 2>&1
	grep " pid $pid " "$files/control" >"$scratch/after"
	cmp "$scratch/before" "$scratch/after"
	expect "$scratch/out" "somebody else traces pid $pid"
	[ "$(shown "$scratch/out" | wc -l)" = 81 ] || { cat "$scratch/out"; return 1; }
	[ "$(grep -c ' heap$' "$files/allocations")" = 81 ]
}

tells_that_the_process_has_exited()
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

# A mount and a PID namespace of its own, and a path that is nowhere else.
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

names_functions_of_a_program_in_a_container()
{
	start_in_container
	[ ! -e "$scratch/root/app" ]
	trace
	expect "$scratch/out" "	keep_at_depth\\+0x[0-9a-f]+ \\[app\\]"
	expect "$scratch/out" "	main\\+0x[0-9a-f]+ \\[app\\]"
}

run_tests \
	shows_the_addresses_that_are_kept \
	names_the_functions \
	shows_one_table_each_interval \
	sums_up_at_the_end_of_each_table \
	says_which_stack_a_block_is_of \
	limits_the_depth \
	traces_several_processes \
	goes_on_with_the_others \
	names_children_that_are_not_traced \
	filters_by_size \
	ctrl_c_leaves_no_probe \
	sigterm_leaves_no_probe \
	sigkill_leaves_no_probe \
	leaves_what_somebody_else_traces \
	tells_that_the_process_has_exited \
	names_functions_of_a_program_in_a_container
