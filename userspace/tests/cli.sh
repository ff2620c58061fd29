# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Functions of the tests of the command line: running the tool, its first argument; and programs to
# be symbolized, with reports in the format of the module.

tool=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
nr=0
failed=0
unset DEBUGINFOD_URLS MEMLEAK_USER_KO

ok() { # claim, output to print if it fails; checks the status of the last command
	# shellcheck disable=SC2319 # of the command before the call
	local status=$?
	nr=$((nr + 1))
	if [ "$status" = 0 ]; then
		echo "ok $nr - $1"
	else
		failed=1
		echo "not ok $nr - $1"
		printf '%s\n' "${2-}" | sed 's/^/#   /' | cat -v
	fi
}

# Run the tool and set $out to its output, $err to its messages, $status to its exit status.
run() {
	status=0
	timeout 60 "$tool" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
	out=$(cat "$work/out")
	err=$(cat "$work/err")
}

gives() { # status, pattern of its first message, arguments...
	local wanted=$1 pattern=$2
	shift 2
	run "$@"
	[ "$status" = "$wanted" ] && [[ "$(head -n 1 "$work/err")" == memleak-user:\ $pattern ]] &&
		[ -z "$out" ]
	ok "\"$*\" exits with $wanted and a message" "status $status: $err $out"
}

address() { # symbol [file]
	nm "${2:-$work/app}" | awk -v name="$1" '$3 == name { print $1; exit }'
}

build_id() { # file
	readelf -n "$1" | awk '/Build ID:/ { print $3 }'
}

build_fixture() {
	"${CC:-cc}" -g -O1 -fPIE -pie -Wl,--build-id -o "$work/plain" "$here/fixture.c"
	objcopy --redefine-sym "hostile=evil"$'\033'"[2Jname" "$work/plain" "$work/app"
	id=$(build_id "$work/app")
	[ -n "$id" ]
	ok "a program with symbols of three languages is built"
}

frame() { # symbol offset [notes]
	local at
	at=$((16#$(address "$1" "$work/plain") + $2))
	printf '\t0x%016x app+0x%x%s\n' $((0x560000000000 + at)) "$at" "${3-}"
}

report() { # path build-id: print a report in the format of the module
	echo "memleak_user report 1"
	echo "target 3 pid 12512 app exited 10021 ms: 300 bytes in 3 allocations from 2 stacks, lost ${lost:-0}"
	echo "200 bytes in 2 allocations from stack 1 (age 1003..10001 ms, 10 made, 8 freed)"
	frame fibonacci 5
	frame _ZN3app5Cache3putEiPKc 6
	frame _ZN4core3fmt9Formatter3pad17h0123456789abcdefE 7
	frame _RNvCs1234_7mycrate3foo 8
	frame hostile 9
	printf '\t0x00007ffd00001000 [anon]+0x20\n'
	frame main 4 " (end)"
	echo "100 bytes in 1 allocations from stack 2 (mmap, age 1003..10001 ms, 1 made, 0 freed)"
	frame main 4 " (bad frame pointer)"
	echo "mapping 7 0x560000000000-0x560000010000 0x0 $2 $1"
}

shows() { # claim, text that must be in the output
	[[ "$out" == *"$2"* ]]
	ok "$1" "$out
$err"
}

one_frame() {
	echo "memleak_user report 1"
	echo "target 1 pid 1 $2 exited 1 ms: 1 bytes in 1 allocations from 1 stack, lost 0"
	echo "1 bytes in 1 allocations from stack 1 (age 0..0 ms, 1 made, 0 freed)"
	printf '\t0x%016x %s+0x%x%s\n' $((0x560000000000 + $3)) "$2" "$3" "$4"
	echo "mapping 7 0x560000000000-0x560000010000 0x0 $(build_id "$1") $1"
}

# after_call FILE CALLER CALLEE: the address that the call returns to.
after_call() {
	objdump -d --no-show-raw-insn "$1" | awk -v caller="<$2>:" -v callee="<$3>" '
		$2 == caller { inside = 1 }
		inside && found { sub(/:/, "", $1); print $1; exit }
		inside && /call/ && $NF == callee { found = 1 }'
}
