#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The format heaptrack is read by heaptrack_print. It rounds bytes in its tables; its files for
# flame graphs and massif have them all.

. "$(dirname "$0")/lib.sh"

export HOME=/tmp

# print_log FILE OPTION...: sets $scratch/out to what heaptrack_print prints.
print_log()
{
	local file=$1
	shift
	heaptrack_print -a 0 -T 0 -p 0 -l 1 "$@" "$scratch/$file" >"$scratch/out" 2>"$scratch/messages"
	expect_equal "" "$(cat "$scratch/messages")" "$scratch/out"
}

# leaked FUNCTION: the bytes of the stacks whose innermost frame is FUNCTION, of all if it is empty.
# A line is "OUTERMOST;...;INNERMOST; BYTES"; arguments of templates are left out.
leaked()
{
	awk -v name="$1" '{ bytes = $NF; sub(/;? [0-9]+$/, "") }
		name == "" || substr($0, length($0) - length(name)) == ";" name { sum += bytes }
		END { printf "%.0f\n", sum }' "$scratch/stacks"
}

heaptrack_reports_the_leaked_bytes()
{
	start_leaky
	for source in report live; do
		export_$source heaptrack leaky.gz
		print_log leaky.gz -F "$scratch/stacks" --flamegraph-cost-type leaked
		expect "$scratch/out" '^Debuggee command was: le;a "k\\134y\\377 \(pid '"$pid"'\)$'
		expect "$scratch/out" "^calls to allocation functions: $report_blocks \\("
		expect_equal "$report_bytes" "$(leaked '')" "$scratch/stacks"
		expect_equal $((2 * fibonacci_bytes)) "$(leaked fibonacci)" "$scratch/stacks"
		expect_equal $((2 * reserved_bytes)) "$(leaked reserve)" "$scratch/stacks"
		expect_equal $((2 * cache_bytes)) "$(leaked 'store::Cache<>::put(int)')" "$scratch/stacks"
		show "heaptrack_print, $source: $(leaked '') bytes, $(grep '^calls to' "$scratch/out"); report: $report_bytes in $report_blocks"
	done
}

functions_are_in_the_table_of_leaks()
{
	start_leaky
	export_live heaptrack leaky.gz
	print_log leaky.gz
	expect "$scratch/out" "^total memory leaked: 6\\.44G$"
	expect "$scratch/out" "^163\\.84K leaked over 20 calls from"
	expect "$scratch/out" "^fibonacci$"
	expect "$scratch/out" "^6\\.44G leaked over 2 calls from"
	expect "$scratch/out" "^  in .*/leaky$"
}

inlined_functions_and_lines_are_shown()
{
	start_leaky
	export_live heaptrack leaky.gz -l
	print_log leaky.gz
	expect "$scratch/out" "^keep_inlined$"
	expect "$scratch/out" "^ *at .*/leaky.cc:[0-9]+$"
}

several_processes_are_roots()
{
	start_leaky
	export_report heaptrack one.gz
	{
		cat "$scratch/report"
		sed '1d; s/^target [0-9]* pid [0-9]*/target 999 pid 999/' "$scratch/report"
	} >"$scratch/two"
	"$tool" export heaptrack "$scratch/two" --output "$scratch/two.gz" 2>"$scratch/messages"
	print_log two.gz -F "$scratch/stacks" --flamegraph-cost-type leaked
	expect_equal $((2 * report_bytes)) "$(leaked '')" "$scratch/stacks"
	expect "$scratch/out" "^Debuggee command was: 2 processes$"
}

run_tests heaptrack_reports_the_leaked_bytes functions_are_in_the_table_of_leaks \
	inlined_functions_and_lines_are_shown several_processes_are_roots
