#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What other tools need and give, for the table in README.md: each is asked for the leak of the case
# study's program, built as distributions do: optimized, without frame pointers. Its stack is
# fibonacci, child, start_thread.

. "$(dirname "$0")/lib.sh"

export HOME=/tmp

# start_case_study [COMMAND...]: starts the program, under a command if there is one. Sets $pid.
start_case_study()
{
	: >"$scratch/program"
	"$@" "$built/case_study" >"$scratch/program" 2>"$scratch/messages" &
	pid=$!
	eventually matches "$scratch/program" "^3th "
}

# expect_names FILE: all three functions, one after the other.
expect_names()
{
	tr '\n' ' ' <"$1" >"$scratch/line"
	expect "$scratch/line" "fibonacci.*child.*start_thread"
}

memleak_user_names_the_callers_in_a_running_program()
{
	start_case_study
	"$tool" -o 0 -p "$pid" 3 1 >"$scratch/out"
	expect_names "$scratch/out"
	kill -0 "$pid"
	show "memleak_user: $(grep -o '[a-z_0-9]*+0x[^ ]*' "$scratch/out" | paste -sd ' ')"
}

memleak_user_finds_what_is_lost()
{
	start_case_study
	"$tool" leaks --max-stop 60000 -p "$pid" 5 >"$scratch/out"
	expect "$scratch/out" "definitely lost: [1-9]"
	expect_names "$scratch/out"
	show "memleak_user: $(grep 'definitely lost: ' "$scratch/out")"
}

# It walks by frame pointers.
bcc_memleak_names_no_caller()
{
	local begin=$SECONDS
	start_case_study
	memleak-bpfcc -o 0 -p "$pid" 3 1 >"$scratch/out" 2>"$scratch/messages"
	expect "$scratch/out" "fibonacci\\+0x"
	expect_not "$scratch/out" "child\\+0x"
	expect_not "$scratch/out" "start_thread\\+0x"
	show "bcc memleak: $(grep -o '[a-z_0-9]*+0x[^ ]*' "$scratch/out" | paste -sd ' '), in $((SECONDS - begin)) s"
}

# It loads a library into the process, which stays there when heaptrack has ended.
heaptrack_is_injected_into_a_running_program()
{
	start_case_study
	expect_not "/proc/$pid/maps" heaptrack
	: >"$scratch/out"
	env --default-signal=INT heaptrack -o "$scratch/log" -p "$pid" >"$scratch/out" 2>&1 &
	local job=$!
	eventually matches "$scratch/out" "^injection finished"
	expect "$scratch/out" "injecting heaptrack into application via GDB"
	expect "/proc/$pid/maps" libheaptrack
	eventually has_printed $(($(wc -l <"$scratch/program") + 3))
	kill -INT "$job"
	wait "$job" || true
	expect "/proc/$pid/maps" libheaptrack
	kill "$pid"
	eventually print_heaptrack || { cat "$scratch/out" "$scratch/printed"; return 1; }
	expect_names "$scratch/printed"
	show "heaptrack: $(grep 'total memory leaked' "$scratch/printed")"
}

# Its log is complete some time after the program has ended.
print_heaptrack()
{
	heaptrack_print -a 0 -T 0 -p 0 -l 1 "$scratch"/log.* >"$scratch/printed" 2>&1 &&
		matches "$scratch/printed" "^fibonacci"
}

valgrind_runs_the_program_itself()
{
	start_case_study valgrind --leak-check=full
	kill "$pid"
	wait "$pid" || true
	expect "$scratch/messages" "definitely lost: [1-9]"
	expect_names "$scratch/messages"
	show "valgrind: $(grep -o 'definitely lost: .*' "$scratch/messages")"
}

# By default it walks by frame pointers, too: the caller, lose_all(), is missing.
leaksanitizer_names_no_caller_and_reports_at_the_exit()
{
	start_program "$built/leaky_lsan"
	step
	expect_not "$scratch/program" LeakSanitizer
	echo end >&7
	wait "$pid" || true
	expect "$scratch/program" "ERROR: LeakSanitizer: detected memory leaks"
	awk '/^Direct leak/ { leak = "" } /^ *#/ { leak = leak " " $4 }
		/^$/ && leak ~ /fibonacci/ { print leak; leak = "" }' "$scratch/program" >"$scratch/leak"
	expect "$scratch/leak" "calloc fibonacci"
	expect_not "$scratch/leak" lose_all
	show "LeakSanitizer:$(cat "$scratch/leak")"
}

leaksanitizer_says_nothing_of_a_killed_program()
{
	start_program "$built/leaky_lsan"
	step
	kill "$pid"
	wait "$pid" || true
	expect_not "$scratch/program" LeakSanitizer
}

run_tests memleak_user_names_the_callers_in_a_running_program memleak_user_finds_what_is_lost \
	bcc_memleak_names_no_caller heaptrack_is_injected_into_a_running_program \
	valgrind_runs_the_program_itself leaksanitizer_names_no_caller_and_reports_at_the_exit \
	leaksanitizer_says_nothing_of_a_killed_program
