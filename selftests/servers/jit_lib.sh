# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the tests of runtimes with a JIT share. The runtime runs a script of ours that calls a planted
# leak from compiled code, as often as each line of its input says.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

size=3000

# start_service COMMAND...: sets $pid. The service reads from file descriptor 7.
start_service()
{
	prepare_calls
	start_program "$@" || within_a_minute matches "$scratch/program" "^ready" ||
		{ cat "$scratch/program"; return 1; }
}

# call_leak CALLS: waits until they have been made.
call_leak()
{
	count_done
	echo "$1" >&7
	within_a_minute is_done "$steps_done" || { cat "$scratch/program"; return 1; }
}

# trace_service: starts the tool for $pid. Sets $job; the output goes to $scratch/out.
trace_service()
{
	"$tool" -o 0 -T 20 -p "$pid" 3600 >"$scratch/out" 2>&1 &
	job=$!
	within_a_minute is_traced "$pid" || { cat "$scratch/out"; return 1; }
}

# write_planted_stacks: writes the stacks of the tool's table that leak_per_call is the first frame
# of to $scratch/stacks, one a line: "BYTES COUNT|FRAME|FRAME...|".
write_planted_stacks()
{
	awk -F '\t' '
		function write() {
			if (frames ~ /^\|leak_per_call\+/)
				print sums frames "|"
			frames = ""
		}
		/ bytes in [0-9]+ allocation/ {
			write()
			split($0, words, /[ \t]+/)
			sums = words[1] == "" ? words[2] " " words[5] : words[1] " " words[4]
		}
		$3 ~ /^0x/ { frames = frames "|" $4 }
		END { write() }' "$scratch/out" >"$scratch/stacks"
}

# expect_planted RUNTIME CALLS FRAME...: the tool's table and the module's report have exactly what
# these CALLS have planted, and nothing was lost. One of the stacks has frames that match all FRAME,
# regular expressions, one after the other.
expect_planted()
{
	local runtime=$1 wanted="$(($2 * size)) $2" pattern
	shift 2
	write_planted_stacks
	expect_equal "$wanted" "$(awk '{ bytes += $1; calls += $2 }
		END { print bytes + 0, calls + 0 }' "$scratch/stacks")" "$scratch/out"
	expect_equal "$pid $wanted" "$(reported_by_process "$runtime")" "$scratch/report"
	expect "$scratch/out" "freed since the attach, 0 lost"
	pattern=$(printf '\|(%s)' "$@")
	expect "$scratch/stacks" "$pattern\\|"
}
