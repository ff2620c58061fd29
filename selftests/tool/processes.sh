#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memleak-user on several processes: a table for each, or the sum of all by equal stacks; those of a
# list, of a name, those that a process forks, and all that map a file. The program "prefork" is a
# server whose workers lose blocks of 1000 bytes in leak_block().

. "$(dirname "$0")/../lib/tool.sh"

# run_tool ARGUMENT...: starts the tool in the background with a table each second. Sets $job; the
# output goes to $scratch/out.
run_tool()
{
	"$tool" -o 0 "$@" 1 >"$scratch/out" 2>&1 &
	job=$!
}

end_tool()
{
	kill -INT "$job"
	status=0
	wait "$job" || status=$?
}

# Prints the last table with what is above it.
last_table()
{
	awk '/^[0-9]+ process(es)? \(.*\):$/ { text = "" } { text = text $0 "\n" }
		END { printf "%s", text }' "$scratch/out"
}

# row_is BYTES COUNT PROCESSES TOTAL: succeeds if the last table has a row of leak_block() with
# these numbers.
row_is()
{
	last_table >"$scratch/table"
	awk -v first="^\t$1 bytes in $2 allocations from stack" \
		-v in_processes="^\t  in $3 of $4 process" '
		/ allocations from stack/ { row = $0 ~ first; shared = 0 }
		$0 ~ in_processes { shared = 1 }
		/\tleak_block\+0x/ && row && shared { found = 1 }
		END { exit !found }' "$scratch/table"
}

expect_row()
{
	if ! eventually row_is "$@"; then
		cat "$scratch/out"
		return 1
	fi
}

# expect_lines COUNT PATTERN: so many lines of the output match the basic regular expression.
expect_lines()
{
	expect_equal "$1" "$(grep -c "$2" "$scratch/out")" "$scratch/out"
}

has_table()
{
	grep -q $'^\ttotal: ' "$scratch/out"
}

# start_second WORKERS: starts a second server. Sets $other; it reads from file descriptor 8.
start_second()
{
	mkfifo "$scratch/second"
	: >"$scratch/other"
	"$programs/prefork" "$1" <>"$scratch/second" >"$scratch/other" 2>&1 &
	other=$!
	exec 8<>"$scratch/second"
	eventually matches "$scratch/other" "^ready"
}

# has_workers SERVER COUNT: sets $workers to the PIDs of the workers of a server, with commas.
has_workers()
{
	workers=$(pgrep -d, -P "$1")
	[ "$(pgrep -c -P "$1")" = "$2" ]
}

# === Processes that exist ===

a_list_is_summed_up()
{
	start prefork 3
	step_word fork
	eventually has_workers "$pid" 3
	run_tool --sum -p "$workers"
	eventually has_table
	step_word leak
	step_word more
	expect_row 4000 4 3 3
	expect "$scratch/out" "^Attaching to 3 processes, Ctrl\\+C to quit\\.$"
	expect "$scratch/table" "^3 processes \\(prefork\\):$"
	expect "$scratch/table" "at most 2000 bytes in pid ${workers%%,*}$"
	step_word leak
	expect_row 7000 7 3 3
	end_tool
	expect_status 0 "$status"
	last_table >"$scratch/table"
	expect "$scratch/table" "^	RSS .* since attach, outstanding \\+"
	eventually nothing_is_traced
}

# Growth is that of the same row, and what an ended process had is only counted.
processes_come_and_go()
{
	start prefork 3
	step_word fork
	eventually has_workers "$pid" 3
	run_tool --sum -p "$workers,$pid"
	eventually has_table
	step_word leak
	expect_row 3000 3 3 4
	step_word recycle
	eventually matches "$scratch/out" \
		"^	ended since the last table: 3 processes, with 3000 bytes in 3 allocations$"
	expect_not <(last_table) "leak_block"
	end_tool
	expect "$scratch/out" "^1 process \\(prefork\\):$"
}

a_list_has_a_table_for_each()
{
	start prefork 2
	step_word fork
	eventually has_workers "$pid" 2
	"$tool" -o 0 -p "$workers" 1 1 >"$scratch/out" 2>&1
	expect_lines 2 "^pid [0-9]* (prefork):$"
	expect_lines 2 "^	total: "
	expect_not "$scratch/out" "processes"
}

a_name_selects_all()
{
	start prefork 2
	step_word fork
	start_second 1
	run_tool -n prefork
	eventually has_table
	step_word leak
	expect_row 2000 2 2 4
	end_tool
	expect_status 0 "$status"
	"$tool" -o 0 --each -n prefork 1 1 >"$scratch/out" 2>&1
	expect_lines 4 "^pid [0-9]* (prefork):$"
	cp "$programs/prefork" "$scratch/a_name_of_more_than_15"
	"$scratch/a_name_of_more_than_15" 1 <>"$scratch/second" >/dev/null 2>&1 &
	"$tool" -n a_name_of_more_than_15 1 1 >"$scratch/out" 2>&1
	expect "$scratch/out" "^Attaching to pid $!, "
	status=0
	"$tool" -n fork 1 1 >"$scratch/out" 2>&1 || status=$?
	expect_status 2 "$status"
	expect "$scratch/out" "no process is named fork \\(similar: .*prefork"
}

# A process that cannot be attached does not affect the others.
one_of_several_is_refused()
{
	start prefork 1
	step_word fork
	eventually has_workers "$pid" 1
	run_tool --sum -p "2,$workers"
	eventually has_table
	step_word leak
	expect_row 1000 1 1 1
	expect "$scratch/out" "cannot attach to pid 2: it is a kernel thread"
	end_tool
	expect_status 1 "$status"
}

# A table follows when the last process has exited, and the tool ends.
the_last_table_shows_what_has_ended()
{
	start prefork 2
	step_word fork
	eventually has_workers "$pid" 2
	"$tool" -o 0 --sum -p "$workers" 60m >"$scratch/out" 2>&1 &
	job=$!
	eventually is_traced "${workers#*,}"
	step_word leak
	echo end >&7
	status=0
	wait "$job" || status=$?
	expect_status 0 "$status"
	row_is 2000 2 2 2
	expect "$scratch/out" "^	ended since the attach: 2 processes, with 2000 bytes in 2 allocations$"
}

saved_reports_are_summed_up()
{
	local worker
	start prefork 3
	step_word fork
	eventually has_workers "$pid" 3
	for worker in ${workers//,/ }; do
		echo "attach $worker" >"$files/control"
	done
	step_word leak
	"$tool" sum "$files/report" >"$scratch/out" 2>&1
	expect "$scratch/out" "^3 processes \\(prefork\\): [0-9]+ bytes in"
	expect "$scratch/out" "^	3000 bytes in 3 allocations from stack"
	expect "$scratch/out" "^		0x[0-9a-f]{16}	leak_block\\+0x"
	cat "$files"/targets/*/report >/dev/null
	"$tool" sum "$files"/targets/*/report >"$scratch/out" 2>&1
	expect "$scratch/out" "^	  in 3 of 3 processes, at most 1000 bytes in pid [0-9]+$"
}

# === Processes that come ===

children_are_traced()
{
	start prefork 20
	run_tool --children -p "$pid"
	eventually is_traced "$pid"
	step_word fork
	step_word leak
	expect_row 20000 20 20 21
	expect "$scratch/table" "at most 1000 bytes in pid [0-9]+$"
	end_tool
	expect_status 0 "$status"
	eventually nothing_is_traced
}

# The tool attaches to those that exist, too.
children_from_before_are_traced()
{
	start prefork 3
	step_word fork
	run_tool --children -p "$pid"
	eventually has_table
	step_word leak
	expect_row 3000 3 3 4
	end_tool
	expect_status 0 "$status"
}

recycled_workers_are_counted()
{
	start prefork 3
	run_tool --children -p "$pid"
	eventually is_traced "$pid"
	step_word fork
	step_word leak
	expect_row 3000 3 3 4
	step_word recycle
	step_word leak
	step_word more
	expect_row 4000 4 3 4
	expect "$scratch/out" "^	ended since the last table: [123] process(es)?, with [123]000 bytes in"
	echo end >&7
	status=0
	wait "$job" || status=$?
	expect_status 0 "$status"
	expect "$scratch/out" "^	ended since the last table: [1-4] process"
}

children_of_a_command_are_traced()
{
	mkfifo "$scratch/steps"
	: >"$scratch/out"
	"$tool" -o 0 --children -c "$programs/prefork 2" 1 <>"$scratch/steps" >"$scratch/out" 2>&1 &
	job=$!
	exec 7<>"$scratch/steps"
	eventually matches "$scratch/out" "^ready"
	echo fork >&7
	eventually matches "$scratch/out" "^done"
	echo leak >&7
	expect_row 2000 2 2 3
	echo end >&7
	status=0
	wait "$job" || status=$?
	expect_status 0 "$status"
	expect "$scratch/out" "^	ended since the last table: 3 processes, with 2000 bytes in 2 allocations$"
}

# Each has its own table, also when it ends.
each_child_has_a_table()
{
	start prefork 2
	run_tool --children --each -p "$pid"
	eventually is_traced "$pid"
	step_word fork
	step_word leak
	eventually has_workers "$pid" 2
	eventually matches "$scratch/out" "^pid ${workers%,*} \(prefork\):$"
	eventually matches "$scratch/out" "^pid ${workers#*,} \(prefork\):$"
	step_word recycle
	eventually matches "$scratch/out" "^pid ${workers%,*} has exited\.$"
	end_tool
	expect "$scratch/out" "^	1000 bytes in 1 allocations from stack"
}

all_that_map_a_file_are_traced()
{
	run_tool --all -O "$programs/libtoy.so"
	eventually matches "$scratch/out" "^0 processes \(\):$"
	expect "$scratch/out" "^	empty: no process is traced$"
	start prefork_apart 2
	step_word fork
	step_word leak
	expect_row 2000 2 2 2
	expect_not "$scratch/table" "memleak-user"
	end_tool
	expect_status 0 "$status"
	eventually nothing_is_traced
}

# In a freeze, processes that are not frozen are left out.
children_are_frozen()
{
	start prefork 2
	"$tool" -o 0 --children --freeze 4 -p "$pid" 4 >"$scratch/out" 2>&1 &
	job=$!
	eventually is_traced "$pid"
	step_word fork
	step_word leak
	eventually matches "$scratch/out" "^3 processes are frozen: no new blocks are recorded\.$"
	step_word leak
	wait "$job"
	row_is 2000 2 2 3
	expect "$scratch/out" "^	frozen [0-9]+m?s ago"
}

a_killed_tool_leaves_no_target()
{
	start prefork 3
	run_tool --children -p "$pid"
	eventually is_traced "$pid"
	step_word fork
	step_word leak
	expect_row 3000 3 3 4
	kill -9 "$job"
	eventually nothing_is_traced
	step_word leak
}

run_tests a_list_is_summed_up processes_come_and_go a_list_has_a_table_for_each \
	a_name_selects_all one_of_several_is_refused the_last_table_shows_what_has_ended \
	saved_reports_are_summed_up children_are_traced children_from_before_are_traced \
	recycled_workers_are_counted children_of_a_command_are_traced each_child_has_a_table \
	all_that_map_a_file_are_traced children_are_frozen a_killed_tool_leaves_no_target
