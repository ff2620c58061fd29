# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Library of the tests written in shell, tool/*.sh and regress/*.sh. Each of them sources this file,
# defines one function for each behaviour, and passes the names of these functions to run_tests.
#
# Each test runs in a subshell under set -e: the first command that fails, fails the test. Its
# variable $scratch is a directory of its own. Processes, targets and files that a test leaves
# behind are removed here.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tool=${MLU_TOOL:-$here/../userspace/memleak-user}
module=${MLU_MODULE:-$here/../module/memleak_user.ko}
programs=$here/programs
files=/sys/kernel/debug/memleak_user
unset LD_PRELOAD

# skip_all REASON: ends the whole program as skipped.
skip_all()
{
	echo "1..0 # SKIP $*"
	exit 4
}

check_machine()
{
	[ "$(id -u)" = 0 ] || skip_all "the tests need root"
	[ -x "$tool" ] || skip_all "the tool is not built"
	[ -e "$module" ] || skip_all "the module is not built"
	mountpoint -q /sys/kernel/debug || mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
	load || skip_all "the module cannot be loaded"
	drop_targets
}

load()
{
	[ -d /sys/module/memleak_user ] || insmod "$module"
}

unload()
{
	[ ! -d /sys/module/memleak_user ] || rmmod memleak_user
}

# matches FILE PATTERN: succeeds if a line of the file matches the extended regular expression.
# No process is started here nor in the other functions that are polled: on a debug kernel, that
# takes a tenth of a second.
matches()
{
	local line lines
	mapfile -t lines <"$1"
	for line in "${lines[@]}"; do
		if [[ $line =~ $2 ]]; then
			return 0
		fi
	done
	return 1
}

# eventually COMMAND...: runs the command ten times a second until it succeeds, for about a minute.
# Prints the command if it never does.
eventually()
{
	local tries start=$SECONDS
	for ((tries = 0; tries < 600; tries++)); do
		if "$@"; then
			return 0
		fi
		sleep 0.1
	done
	echo "timed out after $((SECONDS - start)) s waiting for: $*"
	return 1
}

is_traced()
{
	matches "$files/control" " pid $1 [^ ]* tracing"
}

nothing_is_traced()
{
	matches "$files/stats" "^targets 0$" && matches "$files/stats" "^probes 0$"
}

# start PROGRAM ARGUMENT...: starts a program of programs/ and waits until it is ready for its first
# step. Sets $pid; the program reads from file descriptor 7, its output goes to $scratch/program.
start()
{
	local program=$1
	shift
	start_program "$programs/$program" "$@"
}

# start_program COMMAND...: the same for any command.
start_program()
{
	mkfifo "$scratch/steps"
	"$@" <>"$scratch/steps" >"$scratch/program" 2>&1 &
	pid=$!
	exec 7<>"$scratch/steps"
	eventually matches "$scratch/program" "^ready"
}

# step: lets the program do its next step and waits for the end of the step.
step()
{
	step_word go
}

# step_word WORD: lets the program do this step and waits for the end of the step.
step_word()
{
	count_done
	echo "$1" >&7
	eventually is_done "$steps_done"
}

# has_printed LINES: succeeds if the program has printed so many lines.
has_printed()
{
	[ "$(wc -l <"$scratch/program")" -ge "$1" ]
}

# count_done: sets $steps_done to the number of steps that the program has finished.
count_done()
{
	local line lines
	mapfile -t lines <"$scratch/program"
	steps_done=0
	for line in "${lines[@]}"; do
		[[ $line != done* ]] || steps_done=$((steps_done + 1))
	done
}

# is_done COUNT: succeeds if the program has finished more than COUNT steps.
is_done()
{
	count_done
	[ "$steps_done" -gt "$1" ]
}

# A test program that was killed, or that has failed, may have left targets behind.
drop_targets()
{
	echo "detach all" >"$files/control"
	echo "clear all" >"$files/control"
}

# Kills all jobs of a test and drops all targets.
clean_up()
{
	local job
	for job in $(jobs -p); do
		kill -9 "$job" 2>/dev/null || true
	done
	load
	drop_targets
}

# run_one TEST: called in a subshell.
run_one()
{
	scratch=$work/$1
	mkdir -m 755 "$scratch"
	trap clean_up EXIT
	set -eu
	"$1"
}

# run_tests TEST...: runs each test, prints TAP, and exits, with status 1 if a test has failed. A
# test that exits with status 4 is skipped, and its last line of output is the reason.
run_tests()
{
	local name number=0 failed=0 log status
	check_machine
	work=$(mktemp -d /tmp/mlu-tool-XXXXXX)
	chmod 0755 "$work"
	trap 'rm -rf "$work"' EXIT
	log=$work/log
	echo "TAP version 13"
	echo "1..$#"
	for name in "$@"; do
		number=$((number + 1))
		# Not as a part of "||" or "if", which would disable set -e in the test.
		(run_one "$name") >"$log" 2>&1 </dev/null
		status=$?
		if [ "$status" = 0 ]; then
			echo "ok $number $name"
		elif [ "$status" = 4 ]; then
			echo "ok $number $name # SKIP $(tail -n 1 "$log")"
		else
			sed 's/^/# /' "$log"
			echo "not ok $number $name"
			failed=1
		fi
	done
	exit "$failed"
}

# expect FILE PATTERN: fails, and shows the file, if no line of it matches.
expect()
{
	if ! matches "$1" "$2"; then
		echo "expected a line that matches: $2"
		echo "found in ${1##*/}:"
		cat "$1"
		return 1
	fi
}

# expect_not FILE PATTERN: fails, and shows the file, if a line of it matches.
expect_not()
{
	if matches "$1" "$2"; then
		echo "expected no line that matches: $2"
		echo "found in ${1##*/}:"
		cat "$1"
		return 1
	fi
}

# expect_equal EXPECTED FOUND [FILE]: fails, and prints both and the file, if they differ.
expect_equal()
{
	if [ "$1" != "$2" ]; then
		echo "expected: $1"
		echo "found:    $2"
		[ $# -lt 3 ] || cat "$3"
		return 1
	fi
}

# expect_status EXPECTED FOUND: the exit status of a command; shows $scratch/out if they differ.
expect_status()
{
	if [ "$1" != "$2" ]; then
		echo "expected exit status: $1"
		echo "found exit status:    $2"
		cat "$scratch/out"
		return 1
	fi
}
