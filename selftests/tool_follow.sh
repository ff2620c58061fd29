#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memleak-user -c COMMAND, where COMMAND executes other programs: each is traced from its entry
# point on, the one that runs now is shown, and a child is named that is not traced.

. "$(dirname "$0")/tool.sh"

# traced COMMAND INTERVAL COUNT: the command has input that neither comes nor ends.
traced()
{
	[ -p "$scratch/silence" ] || mkfifo "$scratch/silence"
	"$tool" -a -o 0 -c "$@" <>"$scratch/silence" >"$scratch/out" 2>&1
}

sizes()
{
	sed -n 's/^\taddr = [0-9a-f]* size = \([0-9]*\) stack = [0-9]*$/\1/p' "$scratch/out" |
		sort -n | tr '\n' ' '
}

# The program "named x" holds one block of 5000 bytes and one of 1001.
shows_the_last_program_only()
{
	[ "$(sizes)" = "1001 5000 " ] || { cat "$scratch/out"; return 1; }
	expect "$scratch/out" "	leak_by_name\\+0x[0-9a-f]+ \\[$1\\]"
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
	traced "env A=b $leakers/named x" 2 1
	expect "$scratch/out" "^pid [0-9]+ runs named now \\(exec\\): what env held is dropped\\.$"
	shows_the_last_program_only named
	end_command
}

follows_the_exec_of_a_shell()
{
	traced "sh -c 'exec $leakers/named x'" 2 1
	shows_the_last_program_only named
	end_command
}

follows_two_execs()
{
	traced "nice env $leakers/named x" 3 1
	expect "$scratch/out" "^pid [0-9]+ runs env now \\(exec\\): what nice held is dropped\\.$"
	expect "$scratch/out" "^pid [0-9]+ runs named now \\(exec\\): what env held is dropped\\.$"
	shows_the_last_program_only named
	end_command
}

# Whose libc has blocks of its own.
follows_to_a_static_program()
{
	traced "env $leakers/named_static x" 2 1
	expect "$scratch/out" "	leak_by_name\\+0x[0-9a-f]+ \\[named_static\\]"
	expect "$scratch/out" "^	addr = [0-9a-f]+ size = 1001 "
	expect "$scratch/out" "^	addr = [0-9a-f]+ size = 5000 "
	end_command
}

# The wrapper runs for two tables before it executes the program.
follows_a_late_exec()
{
	traced "sh -c 'sleep 3; exec $leakers/named x'" 2 4
	expect "$scratch/out" "runs named now \\(exec\\)"
	[ "$(grep -c '^	addr = [0-9a-f]* size = 1001 ' "$scratch/out")" -ge 1 ]
	end_command
}

# timeout executes the program in a child.
names_the_child_of_timeout()
{
	traced "timeout 3600 $leakers/named x" 2 1
	expect "$scratch/out" "its child [0-9]+ \\(named\\) is not traced: memleak-user -p [0-9]+$"
	[[ "$(sizes)" != *1001* ]]
	pkill -P "$(sed -n 's/^Attaching to pid \([0-9]*\), .*/\1/p' "$scratch/out")"
}

names_the_child_of_a_shell()
{
	traced "sh -c '$leakers/named x; true'" 2 2
	[ "$(grep -c 'its child [0-9]* (named) is not traced' "$scratch/out")" = 1 ]
	pkill -P "$(sed -n 's/^Attaching to pid \([0-9]*\), .*/\1/p' "$scratch/out")"
}

tells_an_exec_that_finds_nothing()
{
	local status=0
	traced "env /no/such/program" 60m || status=$?
	[ "$status" = 0 ]
	expect "$scratch/out" "/no/such/program"
	expect "$scratch/out" "the command ended with status 127"
	expect "$scratch/out" "^pid [0-9]+ has exited\\.$"
}

goes_on_behind_a_program_that_is_refused()
{
	local status=0
	traced "env $leakers/noalloc" 2 2 || status=$?
	[ "$status" != 0 ]
	expect "$scratch/out" "cannot attach to pid [0-9]+: .*alloc"
	expect "$scratch/out" "runs noalloc now"
	end_command
}

# A static program without symbols has no allocator to be found.
follows_from_a_program_that_is_refused()
{
	strip -o "$scratch/busybox" /bin/busybox
	traced "$scratch/busybox env $leakers/named x" 2 1 || { cat "$scratch/out"; return 1; }
	expect "$scratch/out" "cannot attach to pid [0-9]+: .*alloc"
	expect "$scratch/out" "^pid [0-9]+ runs named now \\(exec\\)\\.$"
	[ "$(sizes)" = "1001 5000 " ] || { cat "$scratch/out"; return 1; }
	end_command
}

# Ctrl-C ends the tool, and neither it nor SIGKILL the command.
outlives()
{
	local job command
	traced "env $leakers/named x" 60m &
	job=$!
	eventually grep -q "runs named now" "$scratch/out"
	command=$(sed -n 's/^Attaching to pid \([0-9]*\), .*/\1/p' "$scratch/out")
	eventually is_traced "$command"
	kill "-$1" "$(pgrep -P "$job" memleak-user)"
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
