#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memleak-user -c COMMAND, where COMMAND executes other programs: each is traced from its entry
# point on, the one that runs now is shown, and a child is named that is not traced.

. "$(dirname "$0")/../lib/tool.sh"

# Runs the tool with a table each second until a line of its output matches the pattern, then ends it
# by Ctrl-C; the last table comes after that. The command's input neither comes nor ends.
trace_until()
{
	local pattern=$1 job
	shift
	[ -p "$scratch/silence" ] || mkfifo "$scratch/silence"
	"$tool" -a -o 0 "$@" 1 <>"$scratch/silence" >"$scratch/out" 2>&1 &
	job=$!
	eventually matches "$scratch/out" "$pattern" || { cat "$scratch/out"; return 1; }
	kill -INT "$job"
	status=0
	wait "$job" || status=$?
}

# Of the last table.
sizes()
{
	awk '/^\[.* Top / { sizes = "" }
		/^\taddr = / { sizes = sizes $6 "\n" }
		END { printf "%s", sizes }' "$scratch/out" | sort -n | tr '\n' ' '
}

# The program "named x" holds one block of 5000 bytes and one of 1001.
shows_the_last_program_only()
{
	[ "$status" = 0 ] && [ "$(sizes)" = "1001 5000 " ] || { cat "$scratch/out"; return 1; }
	expect "$scratch/out" "	leak_by_name\\+0x[0-9a-f]+ \\[named\\]"
	eventually nothing_is_traced
}

end_command()
{
	local command
	command=$(sed -n 's/^Attaching to pid \([0-9]*\), .*/\1/p' "$scratch/out")
	kill -0 "$command"
	kill -9 "$command"
}

follows_env()
{
	trace_until " size = 1001 " -c "env A=b $programs/named x"
	expect "$scratch/out" "^pid [0-9]+ runs named now \\(exec\\): what env held is dropped\\.$"
	shows_the_last_program_only
	end_command
}

follows_the_exec_of_a_shell()
{
	trace_until " size = 1001 " -c "sh -c 'exec $programs/named x'"
	shows_the_last_program_only
	end_command
}

follows_two_execs()
{
	trace_until " size = 1001 " -c "nice env $programs/named x"
	expect "$scratch/out" "^pid [0-9]+ runs env now \\(exec\\): what nice held is dropped\\.$"
	expect "$scratch/out" "^pid [0-9]+ runs named now \\(exec\\): what env held is dropped\\.$"
	shows_the_last_program_only
	end_command
}

# Whose libc has blocks of its own.
follows_to_a_static_program()
{
	trace_until " size = 1001 " -c "env $programs/named_static x"
	[ "$status" = 0 ]
	expect "$scratch/out" "	leak_by_name\\+0x[0-9a-f]+ \\[named_static\\]"
	expect "$scratch/out" "^	addr = [0-9a-f]+ size = 5000 "
	end_command
}

# The wrapper is shown until it executes the program.
follows_a_late_exec()
{
	trace_until " size = 1001 " -c "sh -c 'sleep 3; exec $programs/named x'"
	[ "$(grep -c '^\[.* Top 10 stacks' "$scratch/out")" -ge 2 ]
	shows_the_last_program_only
	end_command
}

# timeout executes the program in a child.
names_the_child_of_timeout()
{
	trace_until "its child [0-9]+ \\(named\\) is not traced: memleak-user -p [0-9]+$" \
		-c "timeout 3600 $programs/named x"
	[[ "$(sizes)" != *1001* ]]
	end_child
}

end_child()
{
	pkill -P "$(sed -n 's/^Attaching to pid \([0-9]*\), .*/\1/p' "$scratch/out")"
}

names_the_child_of_a_shell()
{
	trace_until "its child [0-9]+ \\(named\\) is not traced" -c "sh -c '$programs/named x; true'"
	[[ "$(sizes)" != *1001* ]]
	end_child
}

tells_an_exec_that_finds_nothing()
{
	"$tool" -o 0 -c "env /no/such/program" 60m >"$scratch/out" 2>&1 </dev/null
	expect "$scratch/out" "/no/such/program"
	expect "$scratch/out" "the command ended with status 127"
	expect "$scratch/out" "^pid [0-9]+ has exited\\.$"
}

goes_on_behind_a_program_that_is_refused()
{
	trace_until "the command runs on" -c "env $programs/noalloc"
	[ "$status" != 0 ]
	expect "$scratch/out" "cannot attach to pid [0-9]+: .*alloc"
	expect "$scratch/out" "runs noalloc now"
	end_command
}

# A static program without symbols has no allocator to be found.
follows_from_a_program_that_is_refused()
{
	trace_until " size = 1001 " -c "/bin/busybox env $programs/named x"
	expect "$scratch/out" "cannot attach to pid [0-9]+: .*alloc"
	expect "$scratch/out" "^pid [0-9]+ runs named now \\(exec\\)\\.$"
	shows_the_last_program_only
	end_command
}

# Ctrl-C ends the tool, and neither it nor SIGKILL the command.
outlives()
{
	local job command
	mkfifo "$scratch/silence"
	"$tool" -a -o 0 -c "env $programs/named x" 60m <>"$scratch/silence" >"$scratch/out" 2>&1 &
	job=$!
	eventually grep -q "runs named now" "$scratch/out"
	command=$(sed -n 's/^Attaching to pid \([0-9]*\), .*/\1/p' "$scratch/out")
	eventually is_traced "$command"
	kill "-$1" "$job"
	wait "$job" || true
	eventually nothing_is_traced
	kill -0 "$command"
	matches "/proc/$command/status" "^TracerPid:.0$"
	matches "/proc/$command/status" "^State:.S"
	kill -9 "$command"
}

the_command_outlives_ctrl_c()
{
	outlives INT
	expect "$scratch/out" " size = 1001 "
}

the_command_outlives_sigkill()
{
	outlives KILL
}

run_tests \
	follows_env \
	follows_the_exec_of_a_shell \
	follows_two_execs \
	follows_to_a_static_program \
	follows_a_late_exec \
	names_the_child_of_timeout \
	names_the_child_of_a_shell \
	tells_an_exec_that_finds_nothing \
	goes_on_behind_a_program_that_is_refused \
	follows_from_a_program_that_is_refused \
	the_command_outlives_ctrl_c \
	the_command_outlives_sigkill
