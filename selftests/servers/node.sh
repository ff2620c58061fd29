#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A leak in an addon of node, called from a script that node has compiled.

. "$(dirname "$0")/jit_lib.sh"

# start_node OPTION...
start_node()
{
	start_service node "$@" "$here/servers/planted.js" "$size" "$planted/planted_node.so"
}

# trace_calls: makes 100 calls while the tool traces the service.
trace_calls()
{
	trace_service
	call_leak 100
	end_tool
}

# expect_planted_below FRAME...: 100 calls, of which one stack has these frames of the script.
expect_planted_below()
{
	expect_planted node 100 'leak_per_call\+[^|]* \[planted_node.so\]' \
		'call_planted\+[^|]* \[planted_node.so\]' '.* \[libnode.so[^|]*\]' "$@" \
		'.* \[libnode.so[^|]*\]' '.*' '_start\+[^|]* \[node\]'
}

# node writes the map while it runs. The sign before a name: "*" optimized, "^" compiled.
compiled_scripts_have_the_names_of_the_map()
{
	start_node --perf-basic-prof --always-sparkplug
	trace_calls
	expect_planted_below \
		'[A-Za-z]+:[*^]leakFromScript [^|]*/planted.js:[^|]* \[jit\]' \
		'[A-Za-z]+:[*^]handleRequest [^|]*/planted.js:[^|]* \[jit\]'
}

# Each function has a copy of the interpreter's entry.
interpreted_scripts_have_the_names_of_the_map()
{
	start_node --perf-basic-prof --interpreted-frames-native-stack
	trace_calls
	expect_planted_below \
		'[A-Za-z]+:~leakFromScript [^|]*/planted.js:[^|]* \[jit\]' \
		'[A-Za-z]+:~handleRequest [^|]*/planted.js:[^|]* \[jit\]'
}

without_a_map_scripts_have_no_names()
{
	start_node --always-sparkplug
	trace_calls
	expect_planted_below '\[unknown\]\+0x[0-9a-f]+ \[anon\]' '\[unknown\]\+0x[0-9a-f]+ \[anon\]'
	expect_not "$scratch/out" "leakFromScript"
}

run_tests \
	compiled_scripts_have_the_names_of_the_map \
	interpreted_scripts_have_the_names_of_the_map \
	without_a_map_scripts_have_no_names
