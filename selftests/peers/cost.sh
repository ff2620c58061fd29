#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a malloc and its free cost with this and with other tools, in instructions, for the table in
# README.md. Runs in a machine that counts instructions (MLU_ICOUNT=1).

. "$(dirname "$0")/lib.sh"

# instructions TOOL
instructions()
{
	sed -n "s|^bench instructions/pair/$1 \([0-9]*\) .*|\1|p" "$scratch/../counts"
}

# The first test counts for all.
a_pair_is_counted_with_each_tool()
{
	unload
	(cd "$here/.." && bench/count_tools) | tee "$scratch/../counts"
	for name in untraced memleak_user bcc heaptrack valgrind lsan; do
		show "$name: $(instructions $name) instructions"
		[ "$(instructions $name)" -gt 0 ]
	done
}

memleak_user_takes_at_most_half_of_bcc_memleak()
{
	[ $((2 * $(instructions memleak_user))) -le "$(instructions bcc)" ]
}

run_tests a_pair_is_counted_with_each_tool memleak_user_takes_at_most_half_of_bcc_memleak
