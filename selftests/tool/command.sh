#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memleak-user -c COMMAND: the command line is split into words as a shell does it, all allocations
# from the command's entry point on are recorded, and the command outlives the tool.

. "$(dirname "$0")/../lib/tool.sh"

# run_waiting COMMAND...: runs the command with its output in $scratch/out and with a standard input
# that never has data nor ends, which the traced program waits for.
run_waiting()
{
	[ -p "$scratch/input" ] || mkfifo "$scratch/input"
	"$@" <>"$scratch/input" >"$scratch/out" 2>&1
}

# Kills the command, which the tool must have left running.
end_command()
{
	local command
	command=$(sed -n 's/^Attaching to pid \([0-9]*\), .*/\1/p' "$scratch/out")
	kill -0 "$command"
	kill -9 "$command"
}

# Prints the sizes of all blocks of the tool's output, sorted.
print_sizes()
{
	sed -n 's/^\taddr = [0-9a-f]* size = \([0-9]*\) stack = [0-9]*$/\1/p' "$scratch/out" | sort -n | tr '\n' ' '
}

# expect_sizes SIZE...: the sizes of all blocks of the tool's output.
expect_sizes()
{
	expect_equal "$* " "$(print_sizes)" "$scratch/out"
}

# The program keeps a block for each argument, of 1000 bytes plus the length of the argument.
expect_all_blocks_of()
{
	run_waiting "$tool" -a -o 0 -c "$programs/$1 'a b' \"c  d's\" e\\ f '' \"\\\"\" g" 1 1
	expect "$scratch/out" "^Executing '.*' and tracing the resulting process\\.$"
	expect "$scratch/out" "^	5000 bytes in 1 allocations from stack [0-9]+ \\("
	expect "$scratch/out" "^	6014 bytes in 6 allocations from stack [0-9]+ \\("
	expect "$scratch/out" "	leak_by_name\\+0x[0-9a-f]+ \\[$1\\]"
	expect "$scratch/out" "	leak_before_main\\+0x[0-9a-f]+ \\[$1\\]"
	end_command
}

all_blocks_of_a_dynamic_program_are_listed()
{
	expect_all_blocks_of named
	expect_sizes 1000 1001 1001 1003 1003 1006 5000
}

# The libc of a static program allocates blocks of its own at the start, which are listed, too.
all_blocks_of_a_static_program_are_listed()
{
	expect_all_blocks_of named_static
}

command_runs_on_without_probes()
{
	run_waiting "$tool" -o 0 -c "$programs/named x" 1 1
	eventually nothing_is_traced
	end_command
}

missing_command_is_reported()
{
	local status=0
	"$tool" -c "/no/such/command" 1 1 >"$scratch/out" 2>&1 || status=$?
	expect_status 127 "$status"
	expect "$scratch/out" "/no/such/command"
	nothing_is_traced
}

file_that_cannot_be_executed_is_reported()
{
	local status=0
	echo "no program" >"$scratch/text"
	"$tool" -c "$scratch/text" 1 1 >"$scratch/out" 2>&1 || status=$?
	expect_status 126 "$status"
	nothing_is_traced
}

# A command without an allocator runs on, because it may execute another program.
command_without_an_allocator_is_reported_and_runs_on()
{
	local status=0
	run_waiting "$tool" -c "$programs/noalloc" 1 1 || status=$?
	expect_status 2 "$status"
	expect "$scratch/out" "cannot attach to pid [0-9]+: .*alloc"
	expect "$scratch/out" "the command runs on"
	nothing_is_traced
	end_command
}

unclosed_quote_is_refused()
{
	local status=0
	"$tool" -c "$programs/named 'x" 1 1 >"$scratch/out" 2>&1 || status=$?
	expect_status 64 "$status"
}

exit_of_the_command_is_reported()
{
	"$tool" -a -o 0 -c "$programs/named end" 60m </dev/null >"$scratch/out" 2>&1
	expect "$scratch/out" "^pid [0-9]+ has exited\\.$"
	expect_sizes 1003 5000
}

run_tests \
	all_blocks_of_a_dynamic_program_are_listed \
	all_blocks_of_a_static_program_are_listed \
	command_runs_on_without_probes \
	missing_command_is_reported \
	file_that_cannot_be_executed_is_reported \
	command_without_an_allocator_is_reported_and_runs_on \
	unclosed_quote_is_refused \
	exit_of_the_command_is_reported
