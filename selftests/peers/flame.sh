# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests of a flame graph in a browser, which the formats svg and html share. The file that sources
# this sets $format.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# browse COMMAND...: what the browser answers about $scratch/page, one line each; see browser.py.
browse()
{
	cp "$scratch/page" "$scratch/page.$format"
	timeout 200 "$here/peers/browser.py" "$scratch/page.$format" "$@" >"$scratch/out" \
		2>"$scratch/messages" || { cat "$scratch/messages"; return 1; }
}

# answer NUMBER: a line of them.
answer()
{
	sed -n "$1p" "$scratch/out"
}

# with_commas NUMBER: in groups of three digits.
with_commas()
{
	sed -E ':a; s/^([0-9]+)([0-9]{3})/\1,\2/; ta' <<<"$1"
}

# share BYTES: of all bytes, in percent, as the page has it.
share()
{
	awk -v part="$1" -v all="$report_bytes" 'BEGIN { printf "%.2f%%", 100 * part / all }'
}

it_opens_without_complaints()
{
	start_leaky
	export_live $format page
	browse frames overlaps complaints
	expect_equal "$report_bytes $report_blocks" "$(answer 1 | cut -d ' ' -f 3-)" "$scratch/out"
	expect_equal 0 "$(answer 2)" "$scratch/out"
	expect_equal "0 errors, 0 dialogs, 0 requests" "$(answer 3)" "$scratch/out"
	show "chromium, $format: $(answer 1); report: $report_bytes in $report_blocks"
}

# fibonacci has too few bytes to be seen, but many blocks.
a_click_zooms()
{
	start_leaky
	export_live $format page
	browse "width fibonacci" "press blocks" "width fibonacci" "click fibonacci" \
		"width fibonacci" "width lose_all()" state overlaps "press bytes" "width fibonacci" \
		"escape" "width fibonacci" complaints
	[[ $(answer 1) == 0.0%* ]]
	[[ $(answer 2) =~ ^[1-9][.0-9]*% && $(answer 2) != 98.* ]]
	[[ $(answer 3) == 98.3%* ]]
	[[ $(answer 4) == 98.3%* ]]
	expect_equal "fibonacci: $(with_commas $((2 * fibonacci_bytes))) bytes ($(share $((2 * fibonacci_bytes)))) in 20 blocks" \
		"$(answer 5)"
	expect_equal 0 "$(answer 6)"
	[[ $(answer 7) == 98.3%* ]]
	[[ $(answer 8) == 0.0%* ]]
	expect_equal "0 errors, 0 dialogs, 0 requests" "$(answer 9)"
	show "chromium, $format: fibonacci, blocks: $(answer 2), after a click: $(answer 3)"
}

a_search_finds_functions()
{
	start_leaky
	export_live $format page
	browse "press blocks" "find FIBO" state "width fibonacci"
	expect_equal "found: $(with_commas $((2 * fibonacci_bytes))) bytes ($(share $((2 * fibonacci_bytes)))) in 20 blocks" \
		"$(answer 1)" "$scratch/out"
	[[ $(answer 2) == *"rgb(255, 123, 247)" ]]
	show "chromium, $format: $(answer 1)"
}

growth_is_shown()
{
	start_leaky
	export_live $format page
	browse "press growth" state "width reserve" "title fibonacci"
	expect_equal "width: change of bytes; red has grown, blue has shrunk" "$(answer 1)" "$scratch/out"
	[[ $(answer 2) =~ ^9[0-9.]*%" rgb(245, 165, 140)" ]]
	[[ $(answer 3) == *"+$(with_commas $fibonacci_bytes) bytes since the start" ]]
}

it_can_be_read_without_scripts()
{
	start_leaky
	export_live $format page
	browse plain "visible Width: bytes. Colour: object." "width reserve" "text reserve" \
		"elements button" overlaps
	expect_equal True "$(answer 1)" "$scratch/out"
	[[ $(answer 2) =~ ^9[0-9.]*% ]]
	expect_equal reserve "$(answer 3)"
	expect_equal 0 "$(answer 4)"
	expect_equal 0 "$(answer 5)"
}

# hostile_report: a report in which names try to be markup.
hostile_report()
{
	local name='<img/src=x/onerror=alert(1)>]]></title><script>alert(2)</script>'
	echo "memleak_user report 1"
	echo "target 1 pid 7 $name tracing 1 ms: 5 bytes in 1 allocations from 1 stack, lost 1"
	echo "5 bytes in 1 allocations from stack 1 (age 0..0 ms, 1 made, 0 freed)"
	printf '\t0x0000000000401000 %s+0x0 (end)\n' "$name"
	echo "mapping 1 0x401000-0x402000 0x0 - /no/$name"
}

hostile_names_are_text()
{
	hostile_report >"$scratch/report"
	"$tool" export $format "$scratch/report" >"$scratch/page" 2>"$scratch/messages" || true
	browse frames "elements img" "elements script" complaints
	expect_equal "2 2 5 1" "$(answer 1)" "$scratch/out"
	expect_equal 0 "$(answer 2)"
	expect_equal 1 "$(answer 3)"
	expect_equal "0 errors, 0 dialogs, 0 requests" "$(answer 4)"
}

run_tests it_opens_without_complaints a_click_zooms a_search_finds_functions growth_is_shown \
	it_can_be_read_without_scripts hostile_names_are_text
