# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the tests of the tool have in common; sourced by tool_*.sh, which define
# one function for each behaviour and hand their names to run_tests.
#
# A test runs in a shell of its own under set -e: the first command that fails
# fails it.  What it leaves behind (processes, targets, files) is cleaned here.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tool=${MLU_TOOL:-$here/../userspace/memleak-user}
module=${MLU_MODULE:-$here/../module/memleak_user.ko}
programs=$here/programs
files=/sys/kernel/debug/memleak_user
unset LD_PRELOAD

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
	mountpoint -q /sys/kernel/debug || mount -t debugfs debugfs /sys/kernel/debug
	load || skip_all "the module cannot be loaded"
}

load()
{
	[ -d /sys/module/memleak_user ] || insmod "$module"
}

unload()
{
	[ ! -d /sys/module/memleak_user ] || rmmod memleak_user
}

# matches FILE PATTERN: does a line of it?  As for all that is asked again and again no process is
# started: where everything is checked, that takes a tenth of a second.
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

# Waits until the command succeeds, at most 20 s.
eventually()
{
	local tries
	for ((tries = 0; tries < 200; tries++)); do
		if "$@"; then
			return 0
		fi
		sleep 0.1
	done
	echo "in vain ($tries times): $*"
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

# start PROGRAM ARGUMENT...: its PID is in $pid; it waits for its first step.
start()
{
	local program=$1
	shift
	start_program "$programs/$program" "$@"
}

# The same of one that lies somewhere else.
start_program()
{
	mkfifo "$scratch/steps"
	"$@" <>"$scratch/steps" >"$scratch/program" 2>&1 &
	pid=$!
	exec 7<>"$scratch/steps"
	eventually matches "$scratch/program" "^ready"
}

# The next step of the program, to its end.
step()
{
	count_done
	echo go >&7
	eventually is_done "$steps_done"
}

# How many steps have come to their end, in $steps_done.
count_done()
{
	local line lines
	mapfile -t lines <"$scratch/program"
	steps_done=0
	for line in "${lines[@]}"; do
		[[ $line != done* ]] || steps_done=$((steps_done + 1))
	done
}

is_done()
{
	count_done
	[ "$steps_done" -gt "$1" ]
}

# Ends whatever a test has started, and forgets what it traced.
clean()
{
	local job
	for job in $(jobs -p); do
		kill -9 "$job" 2>/dev/null || true
	done
	load
	echo "detach all" >"$files/control"
	echo "clear all" >"$files/control"
}

run_one()
{
	scratch=$work/$1
	mkdir -m 755 "$scratch"
	trap clean EXIT
	set -eu
	"$1"
}

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
		# Not behind "||" or "if": that would switch off the test's set -e.
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

# expect FILE PATTERN: a line of it matches; the file is shown if none does.
expect()
{
	if ! matches "$1" "$2"; then
		echo "expected: $2"
		echo "found:"
		cat "$1"
		return 1
	fi
}

expect_not()
{
	if matches "$1" "$2"; then
		echo "not expected: $2"
		echo "found:"
		cat "$1"
		return 1
	fi
}
