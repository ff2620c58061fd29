# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the tests of tool/*.sh share that run memleak-user in the background while a program does
# its steps, and look at its last table. They source this file instead of tool.sh.

. "$(dirname "${BASH_SOURCE[0]}")/tool.sh"

# attach_tool ARGUMENT...: starts the tool in the background and waits until it has attached to
# $pid. Sets $job; the output goes to $scratch/out.
attach_tool()
{
	"$tool" -o 0 -T 100 -p "$pid" "$@" >"$scratch/out" 2>&1 &
	job=$!
	eventually is_traced "$pid"
}

# end_tool: ends the tool, which prints its last table. Sets $status to its exit status.
end_tool()
{
	status=0
	kill -INT "$job"
	wait "$job" || status=$?
}

# has_tables COUNT: succeeds if the tool has started to print COUNT tables.
has_tables()
{
	[ "$(grep -c ' Top 100 stacks' "$scratch/out")" -ge "$1" ]
}

# print_last_name BYTES: prints the innermost function of the stack with BYTES bytes in the last
# table of the tool; "none" if the table shows no such stack.
print_last_name()
{
	awk -v bytes="$1" '/ Top 100 stacks/ { name = "none" }
		found && $1 ~ /^0x/ { name = $2; found = 0 }
		$1 == bytes && $2 == "bytes" { found = 1 }
		END { sub(/\+0x.*/, "", name); print name }' "$scratch/out"
}

# Waits until the tool prints a table that it has started after this call: the next but one, as the
# next one may have been started before.
wait_for_table()
{
	local tables
	tables=$(grep -c ' Top 100 stacks' "$scratch/out" || true)
	eventually has_tables $((tables + 2))
}
