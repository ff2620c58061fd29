#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memleak-user leaks: what is lost and what a process still refers to, by the module's records; and
# what a search leaves behind. The search itself is tested on the host (userspace/tests).

. "$(dirname "$0")/../lib/tool.sh"

# search OPTION...: searches the program a moment after its steps. An emulated machine is slow.
search()
{
	"$tool" leaks -o 0 -p "$pid" --max-stop 60000 "$@" 100ms >"$scratch/out" 2>&1
}

# do_step WORD: lets the program do this step and waits for the end of the step.
do_step()
{
	count_done
	echo "$1" >&7
	eventually is_done "$steps_done"
}

# search_after STEP... [-- OPTION...]: attaches, has the program do the steps, and searches.
search_after()
{
	start lost
	echo "attach $pid" >"$files/control"
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		do_step "$1"
		shift
	done
	shift || :
	search "$@"
}

lost_blocks_are_named()
{
	search_after lose keep
	expect "$scratch/out" "^	definitely lost: 82928 bytes in 11 blocks$"
	expect "$scratch/out" "^	indirectly lost: 2016 bytes in 2 blocks$"
	expect "$scratch/out" "^	81920 bytes in 10 allocations from stack "
	expect "$scratch/out" "	lose_blocks\\+0x[0-9a-f]+ \\[lost\\]"
}

blocks_that_are_referred_to_are_not_lost()
{
	search_after keep
	expect "$scratch/out" "^	definitely lost: 0 bytes in 0 blocks$"
	expect "$scratch/out" "^	indirectly lost: 0 bytes in 0 blocks$"
	expect "$scratch/out" "^[0-9]+ bytes in [0-9]+ blocks are possibly lost:$"
	expect "$scratch/out" "^	700 bytes in 1 allocations from stack "
}

blocks_are_lost_when_they_are_forgotten()
{
	search_after keep
	do_step find
	search
	expect "$scratch/out" "^	definitely lost: 2500 bytes in 5 blocks$"
}

exact_search_has_the_same_result()
{
	search_after lose keep -- --exact
	expect "$scratch/out" "^	definitely lost: 82928 bytes in 11 blocks$"
	expect "$scratch/out" "^	indirectly lost: 2016 bytes in 2 blocks$"
}

# The kernels of Debian track which pages are written.
search_of_clean_pages_is_made_while_the_process_runs()
{
	local searched in_stop
	search_after lose keep
	searched=$(sed -n 's/^	searched: \([0-9]*\).*/\1/p' "$scratch/out")
	in_stop=$(sed -n 's/^	searched: .* MiB, \([0-9]*\).*/\1/p' "$scratch/out")
	[ -n "$searched" ] && [ -n "$in_stop" ]
	zgrep -qs CONFIG_MEM_SOFT_DIRTY=y /proc/config.gz "/boot/config-$(uname -r)" || return 0
	[ "$in_stop" -lt "$searched" ] || [ "$searched" = 0 ]
}

process_runs_on_after_a_search()
{
	start lost
	do_step work
	search
	do_step lose
	do_step lose
	eventually grew
}

# The thread of the program counts on.
grew()
{
	local before=${count:-0}
	do_step lose
	count=$(sed -n 's/^done \([0-9]*\) .*/\1/p' "$scratch/program" | tail -n 1)
	[ "$before" != 0 ] && [ "$count" -gt "$before" ]
}

# A tool that is killed at a random moment, often within a stop.
process_runs_on_when_the_tool_is_killed()
{
	local job i
	start lost
	echo "attach $pid" >"$files/control"
	do_step work
	do_step lose
	for i in 1 2 3 4 5 6 7 8; do
		"$tool" leaks -o 0 -p "$pid" --exact --max-stop 60000 100ms >"$scratch/out" 2>&1 &
		job=$!
		sleep "$((i / 4)).$((i * 3 % 10))"
		kill -KILL "$job" 2>/dev/null || :
		wait "$job" || :
		eventually grew
		count=0
	done
	[[ $(sed -n 's/^State:.//p' "/proc/$pid/status") != [tT]* ]]
}

process_of_another_tracer_is_refused()
{
	start lost
	do_step trace
	! search
	expect "$scratch/out" "memleak-user: .*$pid.* traced"
}

stop_that_would_be_too_long_is_refused()
{
	start many 20000 1
	echo "attach $pid" >"$files/control"
	step
	! "$tool" leaks -o 0 -p "$pid" --exact --max-stop 1 100ms >"$scratch/out" 2>&1
	expect "$scratch/out" "memleak-user: .*--max-stop"
}

reason_of_a_reachable_block_is_shown()
{
	local address
	search_after keep
	address=$(awk '$3 == 500 { print $2; exit }' "$files/allocations")
	search --why "$address"
	expect "$scratch/out" " of 500 bytes from .* is still reachable:$"
	expect "$scratch/out" "^	from 0x[0-9a-f]+, .*/lost$"
}

command_is_searched_from_its_entry_point_on()
{
	echo "lose" >"$scratch/steps"
	mkfifo "$scratch/in"
	(cat "$scratch/steps"; sleep 30) >"$scratch/in" &
	"$tool" leaks -o 0 -c "$programs/lost" --max-stop 60000 3 \
		<"$scratch/in" >"$scratch/out" 2>&1
	expect "$scratch/out" "^	definitely lost: 82928 bytes in 11 blocks$"
}

run_tests \
	lost_blocks_are_named \
	blocks_that_are_referred_to_are_not_lost \
	blocks_are_lost_when_they_are_forgotten \
	exact_search_has_the_same_result \
	search_of_clean_pages_is_made_while_the_process_runs \
	process_runs_on_after_a_search \
	process_runs_on_when_the_tool_is_killed \
	process_of_another_tracer_is_refused \
	stop_that_would_be_too_long_is_refused \
	reason_of_a_reachable_block_is_shown \
	command_is_searched_from_its_entry_point_on
