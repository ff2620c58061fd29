#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memleak-user -c COMMAND, where COMMAND executes other programs: each of them is traced from its
# entry point on, tables show the one that is running, and children that are not traced are named.

. "$(dirname "$0")/../lib/tool.sh"

# trace_until PATTERN ARGUMENT...: runs the tool with a table each second until a line of its output
# matches the pattern, then ends it by SIGINT, after which it prints its last table. The standard
# input never has data nor ends. Sets $status; the output goes to $scratch/out.
trace_until()
{
	local pattern=$1 job
	shift
	[ -p "$scratch/input" ] || mkfifo "$scratch/input"
	"$tool" -a -o 0 "$@" 1 <>"$scratch/input" >"$scratch/out" 2>&1 &
	job=$!
	eventually matches "$scratch/out" "$pattern" || { cat "$scratch/out"; return 1; }
	kill -INT "$job"
	status=0
	wait "$job" || status=$?
}

# Prints the sizes of the blocks of the last table, sorted.
print_last_sizes()
{
	awk '/^\[.* Top / { sizes = "" }
		/^\taddr = / { sizes = sizes $6 "\n" }
		END { printf "%s", sizes }' "$scratch/out" | sort -n | tr '\n' ' '
}

# The last table shows the blocks of "named x" only: one of 5000 bytes and one of 1001.
expect_last_program_only()
{
	expect_status 0 "$status"
	expect_equal "1001 5000 " "$(print_last_sizes)" "$scratch/out"
	expect "$scratch/out" "	leak_by_name\\+0x[0-9a-f]+ \\[named\\]"
	eventually nothing_is_traced
}

# Kills the command, which the tool must have left running.
end_command()
{
	local command
	command=$(sed -n 's/^Attaching to pid \([0-9]*\), .*/\1/p' "$scratch/out")
	kill -0 "$command"
	kill -9 "$command"
}

env_is_followed()
{
	trace_until " size = 1001 " -c "env A=b $programs/named x"
	expect "$scratch/out" "^pid [0-9]+ runs named now \\(exec\\): the allocations of env are dropped\\.$"
	expect_last_program_only
	end_command
}

exec_of_a_shell_is_followed()
{
	trace_until " size = 1001 " -c "sh -c 'exec $programs/named x'"
	expect_last_program_only
	end_command
}

two_execs_are_followed()
{
	trace_until " size = 1001 " -c "nice env $programs/named x"
	expect "$scratch/out" "^pid [0-9]+ runs env now \\(exec\\): the allocations of nice are dropped\\.$"
	expect "$scratch/out" "^pid [0-9]+ runs named now \\(exec\\): the allocations of env are dropped\\.$"
	expect_last_program_only
	end_command
}

# The libc of a static program allocates blocks of its own, which are listed, too.
exec_of_a_static_program_is_followed()
{
	trace_until " size = 1001 " -c "env $programs/named_static x"
	expect_status 0 "$status"
	expect "$scratch/out" "	leak_by_name\\+0x[0-9a-f]+ \\[named_static\\]"
	expect "$scratch/out" "^	addr = [0-9a-f]+ size = 5000 "
	end_command
}

# Tables show the shell until it executes the program.
late_exec_is_followed()
{
	local tables
	trace_until " size = 1001 " -c "sh -c 'sleep 3; exec $programs/named x'"
	tables=$(grep -c '^\[.* Top 10 stacks' "$scratch/out")
	if [ "$tables" -lt 2 ]; then
		echo "expected 2 tables or more, found $tables"
		cat "$scratch/out"
		return 1
	fi
	expect_last_program_only
	end_command
}

# timeout executes the program in a child.
child_of_timeout_is_named()
{
	trace_until "its child [0-9]+ \\(named\\) is not traced: memleak-user -p [0-9]+$" \
		-c "timeout 3600 $programs/named x"
	expect_not_in_last_table 1001
	end_child
}

# expect_not_in_last_table SIZE
expect_not_in_last_table()
{
	if [[ " $(print_last_sizes)" == *" $1 "* ]]; then
		echo "expected no block of $1 bytes in the last table, found: $(print_last_sizes)"
		cat "$scratch/out"
		return 1
	fi
}

# Kills the child of the command.
end_child()
{
	pkill -P "$(sed -n 's/^Attaching to pid \([0-9]*\), .*/\1/p' "$scratch/out")"
}

child_of_a_shell_is_named()
{
	trace_until "its child [0-9]+ \\(named\\) is not traced" -c "sh -c '$programs/named x; true'"
	expect_not_in_last_table 1001
	end_child
}

failed_exec_is_reported()
{
	"$tool" -o 0 -c "env /no/such/program" 60m >"$scratch/out" 2>&1 </dev/null
	expect "$scratch/out" "/no/such/program"
	expect "$scratch/out" "the command ended with status 127"
	expect "$scratch/out" "^pid [0-9]+ has exited\\.$"
}

command_runs_on_after_an_exec_that_cannot_be_traced()
{
	trace_until "the command runs on" -c "env $programs/noalloc"
	if [ "$status" = 0 ]; then
		echo "expected a nonzero exit status, found 0"
		cat "$scratch/out"
		return 1
	fi
	expect "$scratch/out" "cannot attach to pid [0-9]+: .*alloc"
	expect "$scratch/out" "runs noalloc now"
	end_command
}

# In busybox, a static program without symbols, the module finds no allocator.
exec_of_a_command_that_cannot_be_traced_is_followed()
{
	trace_until " size = 1001 " -c "/bin/busybox env $programs/named x"
	expect "$scratch/out" "cannot attach to pid [0-9]+: .*alloc"
	expect "$scratch/out" "^pid [0-9]+ runs named now \\(exec\\)\\.$"
	expect_last_program_only
	end_command
}

# expect_command_outlives SIGNAL: the command waits for its input, untraced, when this signal has
# ended the tool.
expect_command_outlives()
{
	local job command
	mkfifo "$scratch/input"
	"$tool" -a -o 0 -c "env $programs/named x" 60m <>"$scratch/input" >"$scratch/out" 2>&1 &
	job=$!
	eventually grep -q "runs named now" "$scratch/out"
	command=$(sed -n 's/^Attaching to pid \([0-9]*\), .*/\1/p' "$scratch/out")
	eventually is_traced "$command"
	kill "-$1" "$job"
	wait "$job" || true
	eventually nothing_is_traced
	kill -0 "$command"
	expect "/proc/$command/status" "^TracerPid:.0$"
	expect "/proc/$command/status" "^State:.S"
	kill -9 "$command"
}

command_outlives_sigint()
{
	expect_command_outlives INT
	expect "$scratch/out" " size = 1001 "
}

command_outlives_sigkill()
{
	expect_command_outlives KILL
}

run_tests \
	env_is_followed \
	exec_of_a_shell_is_followed \
	two_execs_are_followed \
	exec_of_a_static_program_is_followed \
	late_exec_is_followed \
	child_of_timeout_is_named \
	child_of_a_shell_is_named \
	failed_exec_is_reported \
	command_runs_on_after_an_exec_that_cannot_be_traced \
	exec_of_a_command_that_cannot_be_traced_is_followed \
	command_outlives_sigint \
	command_outlives_sigkill
