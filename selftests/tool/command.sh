#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memleak-user -c: the command's words are what a shell would make of them, none
# of its allocations is missed from its entry point on, and it outlives the tool.

. "$(dirname "$0")/../lib/tool.sh"

# Input that neither comes nor ends, for a command that waits for it.
silence()
{
	[ -p "$scratch/silence" ] || mkfifo "$scratch/silence"
	"$@" <>"$scratch/silence" >"$scratch/out" 2>&1
}

# Ends the command, which the tool has left running.
end_command()
{
	local command
	command=$(sed -n 's/^Attaching to pid \([0-9]*\), .*/\1/p' "$scratch/out")
	kill -0 "$command"
	kill -9 "$command"
}

sizes()
{
	sed -n 's/^\taddr = [0-9a-f]* size = \([0-9]*\) stack = [0-9]*$/\1/p' "$scratch/out" | sort -n | tr '\n' ' '
}

# Each argument of the program is a block of 1000 bytes and its length.
misses_nothing_of()
{
	silence "$tool" -a -o 0 -c "$programs/$1 'a b' \"c  d's\" e\\ f '' \"\\\"\" g" 1 1
	expect "$scratch/out" "^Executing '.*' and tracing the resulting process\\.$"
	expect "$scratch/out" "^	5000 bytes in 1 allocations from stack [0-9]+ \\("
	expect "$scratch/out" "^	6014 bytes in 6 allocations from stack [0-9]+ \\("
	expect "$scratch/out" "	leak_by_name\\+0x[0-9a-f]+ \\[$1\\]"
	expect "$scratch/out" "	leak_before_main\\+0x[0-9a-f]+ \\[$1\\]"
	end_command
}

misses_nothing_of_a_dynamic_program()
{
	misses_nothing_of named
	[ "$(sizes)" = "1000 1001 1001 1003 1003 1006 5000 " ] || { cat "$scratch/out"; return 1; }
}

# Whose libc has some of its own, as it begins.
misses_nothing_of_a_static_program()
{
	misses_nothing_of named_static
}

leaves_the_command_running_without_probes()
{
	silence "$tool" -o 0 -c "$programs/named x" 1 1
	eventually nothing_is_traced
	end_command
}

tells_a_command_that_is_not_found()
{
	local status=0
	"$tool" -c "/no/such/command" 1 1 >"$scratch/out" 2>&1 || status=$?
	[ "$status" = 127 ]
	expect "$scratch/out" "/no/such/command"
	nothing_is_traced
}

tells_a_command_that_cannot_be_run()
{
	local status=0
	echo "no program" >"$scratch/text"
	"$tool" -c "$scratch/text" 1 1 >"$scratch/out" 2>&1 || status=$?
	[ "$status" = 126 ]
	nothing_is_traced
}

# A program without an allocator is refused by name, and runs on: it may execute another one.
tells_a_command_without_an_allocator()
{
	local status=0
	silence "$tool" -c "$programs/noalloc" 1 1 || status=$?
	[ "$status" = 2 ]
	expect "$scratch/out" "cannot attach to pid [0-9]+: .*alloc"
	expect "$scratch/out" "the command runs on"
	nothing_is_traced
	end_command
}

refuses_a_quote_without_an_end()
{
	local status=0
	"$tool" -c "$programs/named 'x" 1 1 >"$scratch/out" 2>&1 || status=$?
	[ "$status" = 64 ]
}

tells_that_the_command_has_ended()
{
	"$tool" -a -o 0 -c "$programs/named end" 60m </dev/null >"$scratch/out" 2>&1
	expect "$scratch/out" "^pid [0-9]+ has exited\\.$"
	[ "$(sizes)" = "1003 5000 " ]
}

run_tests \
	misses_nothing_of_a_dynamic_program \
	misses_nothing_of_a_static_program \
	leaves_the_command_running_without_probes \
	tells_a_command_that_is_not_found \
	tells_a_command_that_cannot_be_run \
	tells_a_command_without_an_allocator \
	refuses_a_quote_without_an_end \
	tells_that_the_command_has_ended
