#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memleak-user shows which stacks grow, between its tables, since a mark, between two saved reports,
# and what survives a freeze; and the estimates of a sampled process. The program "sampled"
# allocates 20 blocks of 1000 bytes from one function, 10 of 10000 from another, in each step.

. "$(dirname "$0")/../lib/tool.sh"

# trace ARGUMENT...: starts the tool in the background and waits until it has attached to $pid. Sets
# $job; the output goes to $scratch/out.
trace()
{
	"$tool" -p "$pid" "$@" >"$scratch/out" 2>&1 &
	job=$!
	eventually is_traced "$pid"
}

# has_tables COUNT: succeeds if the tool has printed COUNT tables to their ends.
has_tables()
{
	[ "$(grep -c $'^\ttotal: ' "$scratch/out")" -ge "$1" ]
}

# wait_for_tables COUNT: waits until the tool has printed so many further tables.
wait_for_tables()
{
	eventually has_tables $(($(grep -c $'^\ttotal: ' "$scratch/out") + $1))
}

end_tool()
{
	kill -INT "$job"
	wait "$job"
}

# last_table: prints the last table.
last_table()
{
	awk '/ stacks with outstanding allocations:$/ { text = "" } { text = text $0 "\n" }
		END { printf "%s", text }' "$scratch/out"
}

# below BYTES: prints the line below that of the stack with so many bytes in the last table.
below()
{
	last_table | grep -A 1 "^	$1 bytes in .* allocations from stack" | tail -n 1
}

tables_show_growth()
{
	start sampled 10 1
	step_word make
	trace -o 0 1
	step_word make
	wait_for_tables 1
	expect_not "$scratch/out" "since start"
	step_word make
	wait_for_tables 2
	end_tool
	expect_equal "	  +0 in 0, since start +20000 in 20" "$(below 40000)" "$scratch/out"
	expect_equal "	  +0 in 0, since start +100000 in 10" "$(below 200000)" "$scratch/out"
	expect "$scratch/out" "^	  \\+20000 in 20, since start \\+20000 in 20$"
	expect "$scratch/out" "^	RSS [+-][0-9]+ [KM]iB since attach, outstanding \\+[0-9]+ KiB"
}

growth_sorts_and_functions_merge()
{
	start sampled 10 1
	trace -o 0 --sort growth --group function --ignore make_10000 1
	step_word make
	wait_for_tables 1
	step_word copy
	step_word make
	step_word make
	wait_for_tables 2
	end_tool
	last_table >"$scratch/table"
	expect_equal "60000 bytes" "$(grep ' bytes in .* from stack' "$scratch/table" | tail -n 1 |
		awk '{ print $1, $2 }')" "$scratch/table"
	expect "$scratch/table" "^	left out \\(--ignore\\): 300000 bytes in 30 allocations from 1 stack$"
	expect "$scratch/table" "^	total: .* groups shown"
	expect_not "$scratch/table" "make_10000"
}

a_mark_is_the_start()
{
	start sampled 10 1
	echo "attach $pid" >"$files/control"
	step_word make
	echo "mark $pid" >"$files/control"
	step_word make
	"$tool" -p "$pid" -o 0 1 1 >"$scratch/live" 2>&1
	expect "$scratch/live" "^	  since mark \\+20000 in 20$"
	"$tool" symbolize "$files/report" >"$scratch/out" 2>&1
	expect_equal "	  since mark +20000 in 20" \
		"$(grep -A 1 '^	40000 bytes' "$scratch/out" | tail -n 1)" "$scratch/out"
	expect "$scratch/out" "^	all stacks: since mark \\+1[0-9]{5} in [0-9]+ \\([0-9]+m?s ago\\)$"
}

clear_begins_anew()
{
	start sampled 10 1
	trace -o 0 1
	step_word make
	wait_for_tables 2
	expect "$scratch/out" "since start"
	echo "clear $pid" >"$files/control"
	step_word copy
	eventually matches "$scratch/out" "since it was cleared"
	end_tool
	expect_not <(last_table) "20000 bytes"
}

saved_reports_are_compared()
{
	start sampled 10 1
	echo "attach $pid" >"$files/control"
	step_word make
	cat "$files/report" >"$scratch/old"
	step_word copy
	step_word make
	cat "$files/report" >"$scratch/new"
	"$tool" diff "$scratch/old" "$scratch/new" >"$scratch/out" 2>&1
	expect "$scratch/out" "^	40000 bytes in 40 allocations from stack \\(\\+20000 in 20, grown\\)$"
	expect "$scratch/out" "^	7 bytes in 1 allocations from stack \\(\\+7 in 1, new\\)$"
	expect "$scratch/out" "^		make_1000\\+0x"
	"$tool" diff "$scratch/new" "$scratch/old" >"$scratch/out" 2>&1
	expect "$scratch/out" "^	0 bytes in 0 allocations from stack \\(-7 in -1, gone\\)$"
}

what_survives_a_freeze_is_shown()
{
	start sampled 10 1
	trace --freeze 4 3
	step_word copy
	step_word make
	eventually matches "$scratch/out" "^pid $pid is frozen: no new blocks are recorded\\.$"
	step_word free
	step_word make
	wait "$job"
	expect "$scratch/out" "^	7 bytes in 1 allocations from stack"
	expect_not "$scratch/out" "0000 bytes in .* from stack"
	expect "$scratch/out" "^	frozen [0-9]+s ago: what was allocated before"
	has_tables 1
	eventually nothing_is_traced
}

a_process_may_exit_before_the_freeze()
{
	start sampled 10 1
	trace --freeze 1m 1m
	step_word copy
	echo end >&7
	wait "$job"
	expect "$scratch/out" "^	not frozen \\(--freeze\\)"
	expect "$scratch/out" "^pid $pid has exited\\.$"
}

a_target_of_another_user_is_not_frozen()
{
	start sampled 10 1
	echo "attach $pid" >"$files/control"
	status=0
	"$tool" -p "$pid" --freeze 1 1 >"$scratch/out" 2>&1 || status=$?
	expect_status 2 "$status"
	expect "$scratch/out" "pid $pid is already traced: --freeze would change the target of another program"
	expect_not "$files/control" "frozen=1"
}

samples_are_shown_as_estimates()
{
	start sampled 1000 1
	trace -o 0 -T 100 --sample 4k 1
	step_word make
	wait_for_tables 2
	end_tool
	expect "$scratch/out" "^	estimates: with sample=4096, these are made of [0-9]+ recorded allocations$"
	expect "$scratch/out" "^	standard error of the total: [0-9]+ bytes in [0-9]+ allocations$"
	expect "$scratch/out" "^	  estimated from [0-9]+ recorded, standard error [0-9]+ in [0-9]+$"
	expect "$scratch/out" "^	RSS .*, outstanding about "
	expect "$scratch/out" "[0-9]+ recorded and [0-9]+ freed since the last table"
}

# The sums of the recorded blocks are far below the estimates.
estimates_are_not_replaced_by_sums()
{
	local bytes
	start sampled 100 1
	echo "attach $pid every=50" >"$files/control"
	step_word make
	step_word make
	"$tool" -a -p "$pid" -o 0 -z 1 --sample 1k 1 1 >"$scratch/out" 2>&1
	bytes=$(sed -n 's/^	total: \([0-9]*\) bytes.*/\1/p' "$scratch/out")
	expect_equal "$(sed -n 's/^target .* ms: \([0-9]*\) bytes.*/\1/p' "$files/report")" "$bytes" \
		"$scratch/out"
	expect "$scratch/out" "^	the [0-9]+ recorded allocations, a sample:$"
	expect "$scratch/out" "-o, -z and -Z have no effect on its numbers"
	expect "$scratch/out" "--sample has no effect on that target, which is sampled as above"
}

run_tests tables_show_growth growth_sorts_and_functions_merge a_mark_is_the_start \
	clear_begins_anew saved_reports_are_compared what_survives_a_freeze_is_shown \
	a_process_may_exit_before_the_freeze a_target_of_another_user_is_not_frozen \
	samples_are_shown_as_estimates estimates_are_not_replaced_by_sums
