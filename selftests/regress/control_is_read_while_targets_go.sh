#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Use after free: a reader of control used the probes of a target that was being detached at the
# same time. A kernel with KASAN reports that at once, other kernels by chance.

# shellcheck source=../lib/tool.sh
. "$(dirname "$0")/../lib/tool.sh"

# Reads control again and again until the test is over.
read_control()
{
	while [ ! -e "$scratch/over" ]; do
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
	touch "$scratch/over"
	wait "$reader"
	expect "$scratch/control" "memleak_user control 1"
	nothing_is_traced || return 1
	echo "$round rounds"
}

run_tests control_is_read_while_targets_go
