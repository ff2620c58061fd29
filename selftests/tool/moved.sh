#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Names of code that a process has moved out of its file, to anonymous memory at the same addresses.

. "$(dirname "$0")/../lib/live.sh"

# Traces the program while it keeps one block, until the tool has printed its table.
keep_once()
{
	attach_tool 3600
	step_word keep
	end_tool
}

# expect_moved LIBRARY: the frames of the library have names and the mark, the others have none.
expect_moved()
{
	expect_status 0 "$status"
	expect "$scratch/out" "	moving_inner\\+0x[0-9a-f]+ \\[$1\\] \\(moved\\)$"
	expect "$scratch/out" "	moving_outer\\+0x[0-9a-f]+ \\[$1\\] \\(moved\\)$"
	expect "$scratch/out" "	keep_one\\+0x[0-9a-f]+ \\[moving\\]$"
	expect "$scratch/out" "	main\\+0x[0-9a-f]+ \\[moving\\]$"
}

code_moved_after_the_attach_has_names()
{
	start moving "$programs/libmoving.so"
	attach_tool 1
	step_word move
	step_word keep
	wait_for_table
	end_tool
	expect_moved libmoving.so
}

code_moved_before_the_attach_has_names()
{
	start moving "$programs/libmoving.so"
	step_word move
	keep_once
	expect_moved libmoving.so
}

# As node does: the code begins and ends in the file.
code_moved_in_part_has_names()
{
	start moving "$programs/libmoving.so"
	step_word part
	keep_once
	expect_moved libmoving.so
}

code_without_a_build_id_has_names()
{
	start moving "$programs/libmoving_no_id.so"
	step_word move
	keep_once
	expect_moved libmoving_no_id.so
}

# The tool has its last table only after the exit.
code_of_a_process_that_has_exited_has_names()
{
	start moving "$programs/libmoving.so"
	step_word move
	attach_tool 3600
	step_word keep
	kill -9 "$pid"
	status=0
	wait "$job" || status=$?
	expect_moved libmoving.so
}

# What is not the code of the file is not named by it.
changed_code_has_no_names()
{
	start moving "$programs/libmoving.so"
	step_word x
	keep_once
	expect_status 0 "$status"
	expect "$scratch/out" "	\\[unknown\\]\\+0x[0-9a-f]+ \\[anon\\]$"
	expect "$scratch/out" "	keep_one\\+0x[0-9a-f]+ \\[moving\\]$"
	expect_not "$scratch/out" "moved"
}

run_tests \
	code_moved_after_the_attach_has_names \
	code_moved_before_the_attach_has_names \
	code_moved_in_part_has_names \
	code_without_a_build_id_has_names \
	code_of_a_process_that_has_exited_has_names \
	changed_code_has_no_names
