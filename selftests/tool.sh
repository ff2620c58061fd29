# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the tests of the tool have in common; sourced by tool_*.sh, which define
# one function for each behaviour and hand their names to run_tests.
#
# A test runs in a shell of its own under set -e: the first command that fails
# fails it.  What it leaves behind (processes, targets, files) is cleaned here.

here=${here:-$(cd "$(dirname "$0")" && pwd)}
tool=${MLU_TOOL:-$here/../userspace/memleak-user}
module=${MLU_MODULE:-$here/../module/memleak_user.ko}
leakers=$here/leakers
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

# A value of stats.
stat_of()
{
	sed -n "s/^$1 //p" "$files/stats"
}

# Waits until the command succeeds, at most 20 s.
eventually()
{
	local tries
	for tries in $(seq 200); do
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
	grep -q " pid $1 [^ ]* tracing" "$files/control"
}

nothing_is_traced()
{
	[ "$(stat_of targets)" = 0 ] && [ "$(stat_of probes)" = 0 ]
}

# start LEAKER ARGUMENT...: its PID is in $pid; it waits for its first step.
start()
{
	local leaker=$1
	shift
	mkfifo "$scratch/steps"
	"$leakers/$leaker" "$@" <>"$scratch/steps" >"$scratch/leaker" 2>&1 &
	pid=$!
	exec 7<>"$scratch/steps"
	eventually grep -q '^ready' "$scratch/leaker"
}

# The next step of the leaker, to its end.
step()
{
	local before
	before=$(grep -c '^done' "$scratch/leaker" || true)
	echo go >&7
	eventually is_done "$before"
}

is_done()
{
	[ "$(grep -c '^done' "$scratch/leaker")" -gt "$1" ]
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
	scratch=$(mktemp -d /tmp/mlu-tool-XXXXXX)
	chmod 0755 "$scratch"
	trap 'clean; rm -rf "$scratch"' EXIT
	set -eu
	"$1"
}

run_tests()
{
	local name number=0 failed=0 log status
	check_machine
	echo "TAP version 13"
	echo "1..$#"
	for name in "$@"; do
		number=$((number + 1))
		log=$(mktemp)
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
		rm -f "$log"
	done
	exit "$failed"
}

# expect FILE PATTERN: a line of it matches; the file is shown if none does.
expect()
{
	if ! grep -Eq -- "$2" "$1"; then
		echo "expected: $2"
		echo "found:"
		cat "$1"
		return 1
	fi
}

expect_not()
{
	if grep -Eq -- "$2" "$1"; then
		echo "not expected: $2"
		echo "found:"
		cat "$1"
		return 1
	fi
}
