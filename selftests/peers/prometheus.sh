#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The format prometheus is read by promtool, and served by node_exporter, whose user is not root.

. "$(dirname "$0")/lib.sh"

# check_metrics FILE: promtool prints what it finds, and nothing else.
check_metrics()
{
	promtool check metrics <"$1" >"$scratch/findings" 2>&1
	expect_equal "" "$(cat "$scratch/findings")" "$1"
}

# series_sum PATTERN FILE: the sum of the series that begin with a text, of any notation.
series_sum()
{
	awk -v start="$1" 'index($0, start) == 1 { sum += $NF } END { printf "%.0f\n", sum }' "$2"
}

# series_of METRIC FUNCTION FILE: the value of the series of a function.
series_of()
{
	awk -v name="memleak_user_$1" -v function_label="function=\"$2\"" '
		index($0, name "{") == 1 && index($0, function_label) { printf "%.0f\n", $NF }' "$3"
}

# serve: starts node_exporter, which serves $scratch/textfiles.
serve()
{
	mkdir -m 755 "$scratch/textfiles"
	setpriv --reuid prometheus --regid prometheus --clear-groups prometheus-node-exporter \
		--collector.disable-defaults --collector.textfile \
		--collector.textfile.directory="$scratch/textfiles" \
		--web.listen-address=127.0.0.1:9100 >"$scratch/exporter" 2>&1 &
	eventually fetch
}

# fetch: gets what node_exporter serves.
fetch()
{
	curl -sf 127.0.0.1:9100/metrics >"$scratch/served"
}

# serves PATTERN: succeeds if a line of what node_exporter serves now matches.
serves()
{
	fetch && matches "$scratch/served" "$1"
}

serves_not()
{
	fetch && ! matches "$scratch/served" "$1"
}

promtool_has_no_findings()
{
	start_leaky
	for source in report live; do
		export_$source prometheus metrics
		check_metrics "$scratch/metrics"
		expect_equal "$report_bytes" \
			"$(series_sum 'memleak_user_outstanding_bytes{' "$scratch/metrics")" "$scratch/metrics"
		expect_equal "$report_blocks" \
			"$(series_sum 'memleak_user_outstanding_blocks{' "$scratch/metrics")" "$scratch/metrics"
		expect_equal $((2 * fibonacci_bytes)) \
			"$(series_of outstanding_bytes fibonacci "$scratch/metrics")" "$scratch/metrics"
	done
	show "promtool check metrics: no findings in $(wc -l <"$scratch/metrics") lines"
	export_live prometheus metrics -l
	check_metrics "$scratch/metrics"
}

node_exporter_serves_the_values()
{
	start_leaky
	serve
	(umask 077; exec "$tool" -o 0 -p "$pid" --prometheus "$scratch/textfiles/memleak.prom" 1) \
		>"$scratch/messages" 2>&1 &
	eventually serves '^memleak_user_target_outstanding_bytes'
	expect_equal "$report_bytes" \
		"$(series_sum memleak_user_target_outstanding_bytes "$scratch/served")" "$scratch/served"
	expect_equal "$report_bytes" \
		"$(series_sum 'memleak_user_outstanding_bytes{' "$scratch/served")" "$scratch/served"
	expect_equal $((2 * reserved_bytes)) \
		"$(series_of outstanding_bytes reserve "$scratch/served")" "$scratch/served"
	expect "$scratch/served" "^memleak_user_outstanding_bytes\\{comm=\"le;a \\\\\"k\\\\\\\\134y\\\\\\\\377\","
	expect "$scratch/served" "^node_textfile_scrape_error 0$"
	show "node_exporter: $(series_sum 'memleak_user_outstanding_bytes{' "$scratch/served") bytes; report: $report_bytes"
	step
	eventually serves "function=\"fibonacci\".* $((3 * fibonacci_bytes))$"
}

the_series_end_with_the_process()
{
	start_leaky
	serve
	"$tool" -p "$pid" --prometheus "$scratch/textfiles/memleak.prom" 60 >"$scratch/messages" 2>&1 &
	eventually serves '^memleak_user_target_outstanding_bytes'
	kill -9 "$pid"
	eventually serves_not '^memleak_user'
	expect "$scratch/served" "^node_textfile_scrape_error 0$"
	expect_equal "" "$(ls "$scratch/textfiles")"
}

run_tests promtool_has_no_findings node_exporter_serves_the_values the_series_end_with_the_process
