#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memleak-user says clearly what is missing, and loads the module itself if it
# may and must.

. "$(dirname "$0")/../lib/tool.sh"

# fails_with STATUS COMMAND...: what it says is in $scratch/out.
fails_with()
{
	local status=0 want=$1
	shift
	"$@" >"$scratch/out" 2>&1 || status=$?
	[ "$status" = "$want" ] || { echo "status $status"; cat "$scratch/out"; return 1; }
}

says_that_one_must_be_root()
{
	cp "$tool" "$scratch/tool"
	fails_with 2 setpriv --reuid=65534 --regid=65534 --clear-groups "$scratch/tool" -p1 1 1
	expect "$scratch/out" "root"
	unload
	fails_with 2 setpriv --reuid=65534 --regid=65534 --clear-groups "$scratch/tool" -p1 1 1
	expect "$scratch/out" "root"
}

loads_the_module_itself()
{
	unload
	start life idle
	"$tool" --module "$module" -o 0 -p "$pid" 1 1 >"$scratch/out" 2>&1
	[ -d /sys/module/memleak_user ]
	expect "$scratch/out" " Top 10 stacks"
}

says_that_the_module_is_missing()
{
	unload
	start life idle
	fails_with 2 "$tool" --module "$scratch/none.ko" -p "$pid" 1 1
	expect "$scratch/out" "none\\.ko.*No such file"
	[ ! -d /sys/module/memleak_user ]
}

says_that_a_file_is_no_module()
{
	unload
	start life idle
	head -c 5000 /dev/urandom >"$scratch/noise.ko"
	fails_with 2 "$tool" --module "$scratch/noise.ko" -p "$pid" 1 1
	expect "$scratch/out" "noise\\.ko"
}

says_that_there_is_no_such_process()
{
	fails_with 2 "$tool" -p 2147483647 1 1
	expect "$scratch/out" "2147483647"
}

says_that_a_kernel_thread_is_none()
{
	fails_with 2 "$tool" -p 2 1 1
	expect "$scratch/out" "kernel thread .did pgrep find nothing"
}

refuses_options_that_make_no_sense()
{
	fails_with 64 "$tool"
	fails_with 64 "$tool" -p abc
	fails_with 64 "$tool" -p -1
	fails_with 64 "$tool" -p1 -c true
	fails_with 64 "$tool" -p1 -z 10 -Z 5
	fails_with 64 "$tool" -p1 -s 10
	fails_with 64 "$tool" -p1 0
	fails_with 64 "$tool" -p1 1 1 1
	fails_with 64 "$tool" --nonsense
	fails_with 64 "$tool" -p1 --sort colour
	fails_with 0 "$tool" --help
	fails_with 0 "$tool" --version
	nothing_is_traced
}

# What becomes of an unquoted "-p $(pgrep ...) INTERVAL" with no PID and with two.
refuses_what_pgrep_makes_of_the_command_line()
{
	local one
	start life idle
	one=$pid
	fails_with 64 "$tool" -p 1
	expect "$scratch/out" "did pgrep find nothing"
	fails_with 64 "$tool" -p "" 1
	expect "$scratch/out" "there is no PID"
	"$programs/life" idle <>"$scratch/steps" >"$scratch/other" 2>&1 &
	eventually matches "$scratch/other" "^ready"
	fails_with 64 "$tool" -p "$one" "$!"
	expect "$scratch/out" "did you mean -p $one,$!\\?"
	fails_with 64 "$tool" -p "$one" "$!" 5 1
	expect "$scratch/out" "-p takes one word"
	fails_with 64 "$tool" -p "$one" 86401
	nothing_is_traced
}

run_tests \
	says_that_one_must_be_root \
	loads_the_module_itself \
	says_that_the_module_is_missing \
	says_that_a_file_is_no_module \
	says_that_there_is_no_such_process \
	says_that_a_kernel_thread_is_none \
	refuses_options_that_make_no_sense \
	refuses_what_pgrep_makes_of_the_command_line
