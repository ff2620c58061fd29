#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The format pprof is read by Debian's "go tool pprof".

. "$(dirname "$0")/lib.sh"

export HOME=/tmp PPROF_TMPDIR=/tmp

# pprof FILE OPTION...: sets $scratch/out to what pprof prints of a file of $scratch. Names are
# those in the file only, unless -symbolize is given.
pprof()
{
	local file=$1
	shift
	go tool pprof -symbolize=none "$@" "$scratch/$file" >"$scratch/out" 2>"$scratch/messages" ||
		{ cat "$scratch/messages"; return 1; }
}

# raw_sum COLUMN: the sum of a column of the samples that pprof -raw has printed.
raw_sum()
{
	awk -v column="$1" '/^Locations/ { exit }
		/^ +-?[0-9]+ .*: ?/ { sub(/:.*/, ""); sum += $column }
		END { printf "%.0f\n", sum }' "$scratch/out"
}

# flat FUNCTION: the bytes that pprof -top shows for a function.
flat()
{
	awk -v name="$1" '{
			rest = $0
			for (i = 0; i < 5; i++)
				sub(/^ *[^ ]+ +/, "", rest)
			sub(/ \(inline\)$/, "", rest)
		}
		rest == name { sub(/B$/, "", $1); print $1 }' "$scratch/out"
}

sums_are_those_of_the_report()
{
	start_leaky
	export_report pprof saved.pb.gz
	export_live pprof live.pb.gz
	for file in saved live; do
		pprof $file.pb.gz -raw
		expect "$scratch/out" "^alloc_objects/count inuse_objects/count inuse_space/bytes\\[dflt\\] growth_objects/count growth_space/bytes$"
		expect_equal "$report_blocks" "$(raw_sum 2)" "$scratch/out"
		expect_equal "$report_bytes" "$(raw_sum 3)" "$scratch/out"
		show "go tool pprof -raw, $file: $(raw_sum 3) bytes in $(raw_sum 2); report: $report_bytes in $report_blocks"
	done
	expect "$scratch/out" "^PeriodType: space bytes$"
	expect "$scratch/out" "pid:\\[$pid\\]"
	expect "$scratch/out" "kind:\\[mmap\\]"
	expect "$scratch/out" '^Comment: .*le;a "k\\134y\\377: '
	pprof saved.pb.gz -raw "$scratch/live.pb.gz"
	expect_equal $((2 * report_bytes)) "$(raw_sum 3)"
}

functions_have_their_bytes()
{
	start_leaky
	export_live pprof profile.pb.gz
	pprof profile.pb.gz -top -unit=B -nodefraction=0
	expect "$scratch/out" "^Showing nodes accounting for ${report_bytes}B, 100% of ${report_bytes}B total$"
	expect_equal $((2 * reserved_bytes)) "$(flat reserve)" "$scratch/out"
	expect_equal $((2 * fibonacci_bytes)) "$(flat fibonacci)" "$scratch/out"
	expect_equal $((2 * cache_bytes)) "$(flat 'store::Cache<int>::put(int)')" "$scratch/out"
	show "go tool pprof -top: $(sed -n '/^Showing/p' "$scratch/out")"
	pprof profile.pb.gz -top -unit=B -nodefraction=0 -sample_index=growth_space
	expect_equal "$fibonacci_bytes" "$(flat fibonacci)" "$scratch/out"
	pprof profile.pb.gz -top -nodefraction=0 -sample_index=inuse_objects
	expect_equal 20 "$(flat fibonacci)" "$scratch/out"
}

inlined_functions_and_lines_are_shown()
{
	start_leaky
	export_live pprof profile.pb.gz -l
	pprof profile.pb.gz -top -lines -unit=B -nodefraction=0
	expect "$scratch/out" "^ +$((2 * cache_bytes))B .* keep_inlined .*/leaky.cc:[0-9]+( \\(inline\\))?$"
	expect "$scratch/out" "^ +$((2 * fibonacci_bytes))B .* fibonacci .*/leaky.cc:[0-9]+$"
}

# Without names in the profile, pprof finds them in the file, at the path of the mapping: addresses
# and mappings are what it expects. The process runs a stripped file, which is then replaced.
pprof_finds_names_in_the_files()
{
	cp "$built/leaky_stripped" "$scratch/leaky"
	start_leaky "$scratch/leaky"
	export_report pprof profile.pb.gz
	pprof profile.pb.gz -raw
	expect_not "$scratch/out" fibonacci
	mv "$scratch/leaky" "$scratch/stripped"
	cp "$built/leaky" "$scratch/leaky"
	pprof profile.pb.gz -symbolize=local -top -unit=B -nodefraction=0
	expect_equal $((2 * fibonacci_bytes)) "$(flat fibonacci)" "$scratch/out"
	expect_equal $((2 * reserved_bytes)) "$(flat reserve)" "$scratch/out"
	show "go tool pprof -symbolize=local: $(flat fibonacci) bytes in fibonacci"
}

run_tests sums_are_those_of_the_report functions_have_their_bytes \
	inlined_functions_and_lines_are_shown pprof_finds_names_in_the_files
