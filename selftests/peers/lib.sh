# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Functions of the tests of peers, the programs that the formats of "memleak-user export" are for. A
# test of a format has its name, FORMAT.sh; "run" has the list of its packages. It starts leaky,
# exports the live process and the saved report, and compares what the peer reads with the report.

. "$(dirname "${BASH_SOURCE[0]}")/../lib/tool.sh"

built=$here/peers/build
exec 3>&1 # the log, also in a test

# What each step of leaky adds, see leaky.cc.
fibonacci_bytes=$((10 * 8192))
cache_bytes=$((100 * 24))
reserved_bytes=$((3 << 30))

# show FACT: a line of the log that is not a test: what a peer printed.
show()
{
	echo "# $*" >&3
}

# start_leaky [FILE]: starts the program, or another build of it, attaches to it, lets it do two
# steps, the first one before a mark, and saves $scratch/report. Sets $pid.
start_leaky()
{
	start_program "${1:-$built/leaky}"
	echo "attach $pid" >"$files/control"
	step
	echo "mark $pid" >"$files/control"
	step
	cat "$files/report" >"$scratch/report"
	report_bytes=$(report_number 1)
	report_blocks=$(report_number 4)
	[ "$report_bytes" -ge $((2 * (fibonacci_bytes + cache_bytes + reserved_bytes))) ]
}

# report_number WORD: this word behind "ms:" in the line of the target.
report_number()
{
	awk -v word="$1" '/^target / { sub(/.* ms: /, ""); print $word }' "$scratch/report"
}

# export_report FORMAT FILE ARGUMENT...: exports the saved report to $scratch/FILE.
export_report()
{
	local format=$1 file=$2
	shift 2
	"$tool" export "$format" "$@" "$scratch/report" >"$scratch/$file" 2>"$scratch/messages" ||
		{ cat "$scratch/messages"; return 1; }
}

# export_live FORMAT FILE ARGUMENT...: exports the process, which goes on being traced.
export_live()
{
	local format=$1 file=$2
	shift 2
	"$tool" export "$format" "$@" -o 0 -p "$pid" --output "$scratch/$file" 1 \
		>"$scratch/messages" 2>&1 || { cat "$scratch/messages"; return 1; }
}
