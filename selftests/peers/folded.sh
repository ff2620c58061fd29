#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The format folded is drawn by flamegraph.pl, of which Debian's Devel::NYTProf has a copy.

. "$(dirname "$0")/lib.sh"

# draw FILE: draws $scratch/FILE as $scratch/out.
draw()
{
	perl /usr/share/perl5/Devel/NYTProf/flamegraph.pl --minwidth 0 --countname bytes \
		"$scratch/$1" >"$scratch/out"
}

# title FUNCTION: the bytes of the tower of a function in the picture.
title()
{
	sed -n "s/.*<title>$1 (\\([0-9,]*\\) bytes, .*/\\1/p" "$scratch/out" | tr -d ,
}

a_flame_graph_has_the_bytes_of_the_report()
{
	start_leaky
	export_report folded saved.folded
	export_live folded live.folded
	for file in saved live; do
		draw $file.folded
		expect_equal "$report_bytes" "$(title all)" "$scratch/$file.folded"
		expect_equal $((2 * fibonacci_bytes)) "$(title fibonacci)" "$scratch/$file.folded"
		expect_equal $((2 * cache_bytes)) "$(title 'store::Cache(int)::put(int)')" \
			"$scratch/$file.folded"
		expect_equal $((2 * reserved_bytes)) "$(title reserve)" "$scratch/$file.folded"
		show "flamegraph.pl, $file: all $(title all), fibonacci $(title fibonacci); report: $report_bytes"
	done
	expect "$scratch/out" "<title>le\\\\073a &quot;k\\\\134y\\\\377 \\("
}

inlined_functions_are_towers()
{
	start_leaky
	export_live folded profile.folded -l
	draw profile.folded
	expect_equal $((2 * cache_bytes)) "$(title keep_inlined)" "$scratch/profile.folded"
}

run_tests a_flame_graph_has_the_bytes_of_the_report inlined_functions_are_towers
