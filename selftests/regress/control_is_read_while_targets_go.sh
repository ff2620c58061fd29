#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Reading control showed probes of a target that was just being detached, after they had been
# freed.  A kernel with KASAN sees that at once, another one by chance.

# shellcheck source=../tool.sh
. "$(dirname "$0")/../lib/tool.sh"

read_control()
{
	while [ ! -e "$scratch/enough" ]; do
		cat "$files/control" >"$scratch/control"
	done
}

control_is_read_while_targets_go()
{
	local round reader
	start life leaderless
	read_control &
	reader=$!
	for round in $(seq 15); do
		echo "attach $pid" >"$files/control"
		echo "detach $pid" >"$files/control"
		echo "clear $pid" >"$files/control"
	done
	touch "$scratch/enough"
	wait "$reader"
	matches "$scratch/control" "memleak_user control 1"
	nothing_is_traced || return 1
	echo "$round rounds"
}

run_tests control_is_read_while_targets_go
