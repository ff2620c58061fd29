#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memleak-user traces functions of a program that are named by --pair and --symbols-prefix.

. "$(dirname "$0")/../lib/tool.sh"

# trace ARGUMENT...: traces $pid in the background until the end of the test.
trace()
{
	"$tool" -o 0 "$@" -p "$pid" 60 >"$scratch/out" 2>&1 &
	eventually is_traced "$pid"
}

# refused PATTERN ARGUMENT...: the tool ends with status 1 or 64 and prints a line like this.
refused()
{
	local pattern=$1
	shift
	! "$tool" "$@" -p "$pid" 1 1 >"$scratch/out" 2>&1
	expect "$scratch/out" "$pattern"
	eventually nothing_is_traced
}

start_python()
{
	command -v python3 >"$scratch/which" || {
		echo "python3 is not installed"
		exit 4
	}
	start_program python3 -u -c '
print("ready")
input()
kept = [float(i) for i in range(30000)]
print("done")
input()'
}

objects_of_python_are_traced_by_a_pair()
{
	start_python
	trace --pair PyObject_Malloc:1,PyObject_Free:1
	expect "$files/control" " pair=PyObject_Malloc:1,PyObject_Free:1: "
	expect "$files/control" " PyObject_Malloc (python3|libpython3)[^ ]*[+]0x"
	step
	expect "$files/report" "^target .*: [0-9]+ bytes in [2-9][0-9]{4} allocations"
}

objects_of_python_are_not_traced_without_it()
{
	start_python
	trace
	step
	expect "$files/report" "^target .*: [0-9]+ bytes in [0-9]{1,3} allocations"
}

several_pairs_and_a_prefix_are_traced()
{
	start pools
	trace --symbols-prefix my_ --pair pool_alloc:2,pool_free:2 --pair wrap_alloc:1,wrap_free:1
	expect "$files/control" \
		" prefix=my_ pair=pool_alloc:2,pool_free:2 pair=wrap_alloc:1,wrap_free:1: "
	expect "$files/control" " my_malloc pools[+]0x"
	expect "$files/control" " wrap_free pools[+]0x"
}

names_that_the_program_lacks_are_reported()
{
	start pools
	refused "pair=pool_alloc:2,no_free:1: no mapped object defines no_free" \
		--pair pool_alloc:2,no_free:1
	refused "no mapped object defines your_malloc and your_free" --symbols-prefix your_
	refused "is not of the form ALLOC:SIZEARG,FREE:PTRARG" --pair pool_alloc,pool_free
	refused "numbers from 1 to 4" --pair pool_alloc:9,pool_free:1
}

run_tests \
	objects_of_python_are_traced_by_a_pair \
	objects_of_python_are_not_traced_without_it \
	several_pairs_and_a_prefix_are_traced \
	names_that_the_program_lacks_are_reported
