#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The format json is read by jq, which also makes the report of it again.

. "$(dirname "$0")/lib.sh"

# query FILTER: what jq prints of $scratch/profile.json.
query()
{
	jq -r "$1" "$scratch/profile.json"
}

# sort_stacks: a line for each stack and each mapping, sorted: equally large stacks have no order.
sort_stacks()
{
	awk '/^[0-9]+ bytes|^mapping/ && NR > 1 { print "" } { printf "%s|", $0 } END { print "" }' | sort
}

sums_are_those_of_the_report()
{
	start_leaky
	for source in report live; do
		export_$source json profile.json
		expect_equal "$report_bytes" "$(query '[.stacks[].bytes] | add')" "$scratch/profile.json"
		expect_equal "$report_blocks" "$(query '[.stacks[].blocks] | add')" "$scratch/profile.json"
		expect_equal "$report_bytes" "$(query '.targets[0].bytes')" "$scratch/profile.json"
		expect_equal "$pid" "$(query '.targets[0].pid')" "$scratch/profile.json"
		expect_equal $((2 * fibonacci_bytes)) "$(query '[.stacks[] |
			select(.frames[0].function == "fibonacci") | .bytes] | add')" "$scratch/profile.json"
		expect_equal 'le;a "k\134y\377' "$(query '.targets[0].comm')" "$scratch/profile.json"
		show "jq, $source: $(query '[.stacks[].bytes] | add') bytes in $(query '[.stacks[].blocks] | add'); report: $report_bytes in $report_blocks"
	done
}

# Stacks, frames and mappings of the report. Object names are escaped anew, so that only what is
# printable is compared.
the_report_can_be_made_again()
{
	start_leaky
	export_report json profile.json
	# shellcheck disable=SC2016 # a program of jq
	query '
		def pad: "0x" + ("0000000000000000" + .[2:])[-16:];
		def notes($last; $reason): (if .signal then " (signal)" else "" end) +
			(if .unmapped then " (unmapped)" else "" end) +
			(if $last then " (\($reason))" else "" end);
		.stacks[] |
		"\(.bytes) bytes in \(.blocks) allocations from stack \(.id) (" +
			(if .kind == "heap" then "" else .kind + ", " end) +
			"age \(.age_ms[0])..\(.age_ms[1]) ms, \(.made) made, \(.freed) freed)",
		"marked \(.start.bytes) bytes in \(.start.blocks) allocations",
		(.end as $reason | (.frames | length) as $nr | .frames | to_entries[] |
			.key as $key | .value |
			"\t\(.pc | pad) \(.object)+\(.address)" + notes($key == $nr - 1; $reason))' \
		>"$scratch/made"
	query '.targets[].mappings[] |
		"mapping \(.id) \(.start)-\(.end) \(.offset) \(.build_id // "-") \(.path)"' \
		>>"$scratch/made"
	grep -E '^([0-9]+ bytes|marked|	0x|mapping)' "$scratch/report" | sort_stacks >"$scratch/wanted"
	diff "$scratch/wanted" <(sort_stacks <"$scratch/made")
	show "jq: $(wc -l <"$scratch/made") lines of the report made again"
}

inlined_functions_are_frames()
{
	start_leaky
	export_live json profile.json -l
	expect_equal "keep_inlined true store::Cache<int>::put(int) false" \
		"$(query '.stacks[] | select(.frames[0].inlined) |
			.frames[:2] | map("\(.function) \(.inlined)") | join(" ")')" "$scratch/profile.json"
}

run_tests sums_are_those_of_the_report the_report_can_be_made_again inlined_functions_are_frames
