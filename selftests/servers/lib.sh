# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Functions of the tests of servers. A test starts its server, traces the parent and its children
# with the tool, and loads the server, whose workers call a planted leak (see planted.h). Each call
# is a line of the file $calls, which is the exact result that the reports have to show.

. "$(dirname "${BASH_SOURCE[0]}")/../lib/tool.sh"

planted=$here/servers/build
calls=/run/planted/calls

# prepare_calls: an empty file that the workers of all servers may write to. The servers also want
# /run/lock.
prepare_calls()
{
	mkdir -p /run/lock
	mkdir -p "${calls%/*}"
	: >"$calls"
	chmod 666 "$calls"
}

# has_calls COUNT: succeeds if so many planted calls have been made.
has_calls()
{
	local lines
	mapfile -t lines <"$calls"
	[ ${#lines[@]} -ge "$1" ]
}

# within_a_minute COMMAND...: a server under emulation may need more than the 20 seconds of
# eventually().
within_a_minute()
{
	eventually "$@" || eventually "$@" || eventually "$@"
}

# wait_for_calls COUNT
wait_for_calls()
{
	within_a_minute has_calls "$1"
}

list_children()
{
	cat "/proc/$parent/task/$parent/children"
}

# has_children COUNT: succeeds if $parent has at least so many children.
has_children()
{
	local children
	read -r -a children < <(list_children)
	[ ${#children[@]} -ge "$1" ]
}

# planted_total: prints the bytes and the number of all planted calls.
planted_total()
{
	awk '{ bytes += $2; count++ } END { print bytes + 0, count + 0 }' "$calls"
}

# planted_by_process: prints PID, bytes and number for each process that has made planted calls.
planted_by_process()
{
	awk '{ bytes[$1] += $2; count[$1]++ }
		END { for (pid in count) print pid, bytes[pid], count[pid] }' "$calls" | sort -n
}

# reported_by_process SERVER [STATE]: the same in $scratch/report: the stacks that a planted leak of
# SERVER is the first frame of, of targets in STATE (default: any).
reported_by_process()
{
	awk -v object="planted_$1.so+" -v state="${2:-.*}" '
		/^target / { pid = $4; counted = $6 ~ "^" state "$" }
		/^[0-9]+ bytes in / { size = $1; number = $4; first = 1 }
		/^\t0x/ {
			if (first && counted && index($2, object) == 1) {
				bytes[pid] += size
				count[pid] += number
			}
			first = 0
		}
		END { for (pid in count) print pid, bytes[pid], count[pid] }
	' "$scratch/report" | sort -n
}

is_traced_or_gone()
{
	is_traced "$1" || [ ! -e "/proc/$1" ]
}

# trace_children: starts the tool for $parent, the children that it has and those that it forks
# later. Sets $job; the output goes to $scratch/out.
trace_children()
{
	local child children
	children=$(list_children)
	"$tool" --children -o 0 -T 3 -p "$parent" 3600 >"$scratch/out" 2>&1 &
	job=$!
	for child in $parent $children; do
		eventually is_traced_or_gone "$child" ||
			{ cat "$scratch/out" "$files/control"; return 1; }
	done
}

# save_report: copies the module's report and list of targets to $scratch/report and control.
save_report()
{
	cat "$files/control" >"$scratch/control"
	cat "$files/report" >"$scratch/report"
}

# ended_are_noted: succeeds if each target that is shown as traced is a process that exists. The
# worker notes an end some time after it.
ended_are_noted()
{
	local word
	while read -r -a word; do
		[ "${word[0]-} ${word[5]-}" != "target tracing" ] || [ -e "/proc/${word[3]}" ] || return 1
	done <"$files/control"
}

# end_tool: saves the report and ends the tool, which prints its last table.
end_tool()
{
	local status=0
	save_report
	kill -INT "$job"
	wait "$job" || status=$?
	expect_status 0 "$status"
}

# print_top_row: prints bytes, number and function of the top row of the tool's last table. The tool
# shows the largest last.
print_top_row()
{
	awk '/ Top [0-9]+ stacks/ { row = "" }
		/ bytes in [0-9]+ allocation/ && / from stack/ { row = $1 " " $4; named = 0 }
		$1 ~ /^0x/ && !named { sub(/\+0x.*/, "", $2); row = row " " $2; named = 1 }
		END { print row }' "$scratch/out"
}

# expect_top_row FUNCTION: the tool's top row is the planted leak, with all that was planted.
expect_top_row()
{
	expect_equal "$(planted_total) $1" "$(print_top_row)" "$scratch/out"
}

# print_names: prints the functions of the top row, in one line.
print_names()
{
	awk '/ bytes in [0-9]+ allocation/ && / from stack/ { names = "" }
		$1 ~ /^0x/ { sub(/\+0x.*/, "", $2); names = names " " $2 }
		END { print names }' "$scratch/out"
}

# expect_names NAME...: these functions are in the tool's top row, in this order. Between them are
# functions that the servers' packages have no symbols of.
expect_names()
{
	local names
	names=$(print_names)
	[[ $names == *$(printf ' %s*' "$@") ]] ||
		expect_equal "functions in this order: $*" "$names" "$scratch/out"
}

# expect_exact SERVER COUNT: for each process the report has what was planted in it, in at least
# COUNT processes.
expect_exact()
{
	local expected
	expected=$(planted_by_process)
	[ "$(wc -l <<<"$expected")" -ge "$2" ]
	expect_equal "$expected" "$(reported_by_process "$1")"
}

# expect_exact_live SERVER COUNT: the same for the processes that are still traced.
expect_exact_live()
{
	local pid rest expected
	expected=$(planted_by_process | while read -r pid rest; do
		[ ! -e "/proc/$pid" ] || echo "$pid $rest"
	done)
	[ "$(wc -l <<<"$expected")" -ge "$2" ]
	expect_equal "$expected" "$(reported_by_process "$1" tracing)"
}

# expect_whole_stacks SERVER COUNT: at least COUNT processes have a stack of the planted leak. All
# such stacks end with the outermost frame, and all of their frames are in known objects.
expect_whole_stacks()
{
	awk -v object="planted_$1.so+" -v wanted="$2" '
		function check() {
			if (ours && (stack ~ /\[unknown\]/ || stack !~ /\(end\)\n$/)) {
				print "not a whole stack:"
				printf "%s", stack
				bad = 1
			}
			stacks += ours
			ours = 0
			stack = ""
		}
		!/^\t0x/ { check() }
		/^\t0x/ {
			if (stack == "")
				ours = index($2, object) == 1
			stack = stack $0 "\n"
		}
		END {
			check()
			if (stacks < wanted)
				print "expected " wanted " stacks of the planted leak, found " stacks + 0
			exit bad || stacks < wanted
		}' "$scratch/report"
}

# expect_nothing_lost: no target has lost an event, and no process was left out.
expect_nothing_lost()
{
	awk '
		/^target / { target = $0; targets++ }
		/^events / && target ~ /, lost [1-9]/ {
			print target
			print
			bad = 1
		}
		END {
			if (!targets)
				print "no targets"
			exit bad || !targets
		}' "$scratch/report"
	expect "$scratch/control" "^group .* live, 0 not traced"
	expect_not "$scratch/control" "^group .*( live, [1-9][0-9]* not traced| events lost)"
}

# expect_no_leak FUNCTION SERVER: planted calls were made, and neither the tool's table nor the
# report has any of their blocks.
expect_no_leak()
{
	expect_not "$scratch/out" "$1"
	expect_equal "" "$(reported_by_process "$2")"
}
