#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memleak-user export of live processes and of the module's report: what is written where, and that
# the sums are those of the report. selftests/peers reads the formats with the programs that they
# are for. The program "sampled" allocates in each step 20 blocks of 1000 bytes from one function,
# 10 of 10000 from another.

. "$(dirname "$0")/../lib/tool.sh"

# export_live FORMAT ARGUMENT...: starts an export of $pid to $scratch/result and waits until the
# process is traced. Sets $job; messages go to $scratch/out.
export_live()
{
	"$tool" export -o 0 -p "$pid" --output "$scratch/result" "$@" >"$scratch/out" 2>&1 &
	job=$!
	eventually is_traced "$pid"
}

# end_export: ends the export by Ctrl-C; it has to succeed.
end_export()
{
	local status=0
	kill -INT "$job"
	wait "$job" || status=$?
	expect_status 0 "$status"
}

# folded_sum FUNCTION FILE: the bytes of the stacks whose innermost frame is FUNCTION, or of all if
# it is empty.
folded_sum()
{
	awk -v name="$1" '{ bytes = $NF; sub(/ [0-9]+$/, "") }
		name == "" || $0 ~ ";" name "$" { sum += bytes }
		END { printf "%.0f\n", sum }' "$2"
}

# json_sum FILE: bytes and blocks of all stacks, each of which begins a line.
json_sum()
{
	awk '/^  \{"target": / {
			match($0, /"bytes": [0-9]+, "blocks": [0-9]+/)
			split(substr($0, RSTART, RLENGTH), word, /[ ,]+/)
			bytes += word[2]
			blocks += word[4]
		}
		END { printf "%.0f %.0f\n", bytes, blocks }' "$1"
}

# report_sum FILE: bytes and blocks of all targets of a report.
report_sum()
{
	awk '/^target / { sub(/.* ms: /, ""); bytes += $1; blocks += $4 }
		END { printf "%.0f %.0f\n", bytes, blocks }' "$1"
}

a_process_is_exported_at_ctrl_c()
{
	start sampled 10 1
	export_live folded 1m
	step_word make
	step_word make
	end_export
	expect_equal 40000 "$(folded_sum make_1000 "$scratch/result")" "$scratch/result"
	expect_equal 200000 "$(folded_sum make_10000 "$scratch/result")" "$scratch/result"
	expect "$scratch/result" "^sampled;.*;make_1000 [0-9]+$"
	eventually nothing_is_traced
}

# Messages are on stderr, so that a pipe has the export only.
stdout_has_the_export_only()
{
	start sampled 10 1
	"$tool" export folded -o 0 -p "$pid" 1 >"$scratch/folded" 2>"$scratch/out" &
	job=$!
	eventually is_traced "$pid"
	step_word make
	wait "$job"
	expect_not "$scratch/folded" "Attaching"
	expect "$scratch/out" "^Attaching to pid $pid"
	expect_equal 100000 "$(folded_sum make_10000 "$scratch/folded")" "$scratch/folded"
}

# Of a target that another program has attached.
sums_are_those_of_the_report()
{
	start sampled 10 1
	echo "attach $pid" >"$files/control"
	step_word make
	step_word copy
	cat "$files/report" >"$scratch/report"
	for source in "$scratch/report" "$files/report"; do
		"$tool" export json "$source" >"$scratch/json" 2>"$scratch/out"
		expect_equal "$(report_sum "$scratch/report")" "$(json_sum "$scratch/json")" "$scratch/json"
		"$tool" export folded "$source" >"$scratch/folded" 2>"$scratch/out"
		expect_equal "$(report_sum "$scratch/report" | cut -d ' ' -f 1)" \
			"$(folded_sum "" "$scratch/folded")" "$scratch/folded"
	done
	"$tool" export json -o 0 -p "$pid" 1 >"$scratch/json" 2>"$scratch/out"
	expect_equal "$(report_sum "$scratch/report")" "$(json_sum "$scratch/json")" "$scratch/json"
	expect "$scratch/json" '"function": "make_10000"'
	expect "$scratch/out" "pid $pid is already traced"
	"$tool" export pprof "$scratch/report" >"$scratch/profile" 2>"$scratch/out"
	gzip -t "$scratch/profile"
	is_traced "$pid"
}

# The first export, which has nothing yet, is the start.
a_file_is_replaced_at_each_interval()
{
	start sampled 10 1
	export_live json 1 1000
	eventually test -s "$scratch/result"
	step_word make
	step_word make
	eventually matches "$scratch/result" \
		'"bytes": 200000, "blocks": 20,.*"start": \{"bytes": 0, "blocks": 0\}'
	end_export
}

a_process_that_exits_is_exported_at_once()
{
	start sampled 10 1
	export_live json 60m
	step_word make
	kill -9 "$pid"
	wait "$job"
	expect "$scratch/result" '"function": "make_10000"'
}

# Each process of a server with workers is a target, with the PID of its stacks.
several_processes_are_told_apart()
{
	start prefork 2
	export_live json --children 1m
	step_word fork
	step_word leak
	step_word leak
	end_export
	for worker in $(cat "/proc/$pid/task/$pid/children"); do
		expect "$scratch/result" "\"pid\": $worker, \"id\": .*\"kind\": \"heap\", \"bytes\": 2000,"
	done
	expect "$scratch/result" '"function": "leak_block"'
}

processes_that_are_missing_are_named()
{
	unload
	insmod "$module" max_targets=2
	start prefork 3
	export_live folded --children 1m
	step_word fork
	step_word leak
	end_export
	expect "$scratch/out" " 2 processes are missing, they are not traced "
	expect_equal 1 "$(grep -c leak_block "$scratch/result")" "$scratch/result"
	kill -9 "$pid"
	unload
}

a_command_is_exported()
{
	"$tool" export folded -o 0 -c "$programs/sampled 10 1" --output "$scratch/result" 1m \
		<"/dev/null" >"$scratch/out" 2>&1
	test -e "$scratch/result"
	expect "$scratch/out" "^Executing "
}

what_cannot_be_traced_is_not_exported()
{
	local status=0
	echo old >"$scratch/result"
	"$tool" export folded -p 2 --output "$scratch/result" 1 >"$scratch/out" 2>&1 || status=$?
	expect_status 2 "$status"
	expect_equal old "$(cat "$scratch/result")"
}

run_tests a_process_is_exported_at_ctrl_c stdout_has_the_export_only sums_are_those_of_the_report \
	a_file_is_replaced_at_each_interval a_process_that_exits_is_exported_at_once \
	several_processes_are_told_apart processes_that_are_missing_are_named a_command_is_exported \
	what_cannot_be_traced_is_not_exported
