#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# docs/usage.md: the commands of its guide (blocks with the language "sh") are run as they are
# there, for a program named myserver. Times are a tenth of those in the document. What the commands
# print has to name the function that leaks.

. "$(dirname "$0")/../lib/tool.sh"

guide=$here/../docs/usage.md

# commands_of CHAPTER NUMBER: prints a block of commands.
commands_of()
{
	awk -v chapter="## $1" -v wanted="$2" '
		/^## / { inside = $0 == chapter }
		/^```/ && block { block = 0; next }
		inside && /^```sh$/ { nr++; block = 1; next }
		block && nr == wanted' "$guide"
}

# run_guide CHAPTER NUMBER: runs a block in $scratch. Each command has to succeed; the output goes
# to $scratch/out. An emulated machine may stop a process for longer than "leaks" does by default.
run_guide()
{
	commands_of "$@" | sed -E 's/ 60( |$)/ 6\1/g; s/ 10( |$)/ 1\1/g; s/ leaks / leaks --max-stop 60000 /' \
		>"$scratch/commands"
	test -s "$scratch/commands"
	(cd "$scratch" && PATH=$scratch/bin:$PATH bash -e -x "$scratch/commands") >"$scratch/out" 2>&1 ||
		{ cat "$scratch/out"; return 1; }
}

# name_program PROGRAM: a copy of a program with the name that the guide has. Sets $myserver.
name_program()
{
	mkdir "$scratch/bin"
	ln -s "$tool" "$scratch/bin/memleak-user"
	myserver=$scratch/bin/myserver
	cp "$programs/$1" "$myserver"
}

# In a mount and a PID namespace of its own, at a path that does not exist outside.
start_in_container()
{
	mkdir "$scratch/root"
	# shellcheck disable=SC2016 # expanded inside
	unshare --mount --pid --fork --kill-child sh -c \
		'mount -t tmpfs none "$1" && mv "$2" "$1" && exec "$1/myserver"' \
		- "$scratch/root" "$myserver" >"$scratch/program" 2>&1 &
	eventually has_printed 2
}

a_container_grows()
{
	name_program case_study
	start_in_container
	run_guide "My container grows" 1
	expect "$scratch/out" "^ *[0-9]+ myserver .* libc$"
	expect "$scratch/out" "^next: memleak-user -p "
	expect "$scratch/out" "	fibonacci\\+0x[0-9a-f]+ \\[myserver\\]$"
	expect "$scratch/out" "	child\\+0x[0-9a-f]+ \\[myserver\\]$"
	expect "$scratch/out" "	start_thread\\+0x[0-9a-f]+ \\[libc"
	expect "$scratch/out" "^	definitely lost: [1-9][0-9]* bytes in [1-9][0-9]* blocks$"
	expect "$scratch/myserver.svg" "<title>fibonacci"
}

# Blocks in the cache are not lost.
a_server_in_cxx_uses_jemalloc()
{
	[ -e /usr/lib/x86_64-linux-gnu/libjemalloc.so.2 ]
	name_program sessions
	start_program env LD_PRELOAD=libjemalloc.so.2 "$myserver"
	echo go >&7
	run_guide "My C++ server uses jemalloc" 1
	expect "$scratch/out" "	open_session(\\(int\\))?\\+0x[0-9a-f]+ \\[myserver\\]$"
	expect "$scratch/out" "	lose_session(\\(int\\))?\\+0x[0-9a-f]+ .*sessions\\.cc:[0-9]+"
	expect "$scratch/out" "^	definitely lost: [1-9][0-9]* bytes in [1-9][0-9]* blocks$"
	expect "$scratch/out" " sample"
	awk '/ are definitely lost:$/ { lost = 1 } /definitely lost: / { lost = 0 } lost' \
		"$scratch/out" >"$scratch/lost"
	expect "$scratch/lost" "lose_session"
	expect_not "$scratch/lost" "cache_session"
}

# Its workers leak while the commands run.
a_server_forks_workers()
{
	name_program prefork
	start_program "$myserver" 3
	echo fork >&7
	eventually is_done 0
	while sleep 0.5; do
		echo leak >&7
	done &
	run_guide "A prefork server" 1
	expect "$scratch/out" "^4 processes \\(myserver\\):$"
	expect "$scratch/out" "^	  in 3 of 4 processes, "
	expect "$scratch/out" "	leak_block\\+0x[0-9a-f]+ \\[myserver\\]$"
	expect_equal 3 "$(grep -c "definitely lost: [1-9]" "$scratch/out")" "$scratch/out"
}

metrics_are_sent_to_grafana()
{
	local metrics=/var/lib/prometheus/node-exporter/memleak-myserver.prom
	mkdir -p "${metrics%/*}"
	name_program case_study
	"$myserver" >"$scratch/program" &
	eventually has_printed 2
	run_guide "Send it to Grafana" 1
	eventually matches "$metrics" 'outstanding_bytes\{.*function="fibonacci"\} [1-9]'
	kill "$(pgrep -x memleak-user)"
}

a_report_is_taken_home()
{
	unload
	name_program case_study
	cp "$module" "$scratch/memleak_user.ko"
	"$myserver" >"$scratch/program" &
	eventually has_printed 2
	run_guide "Take it home" 1
	expect_not /proc/modules "^memleak_user "
	mv /tmp/before.txt /tmp/after.txt "$scratch"
	run_guide "Take it home" 2
	expect "$scratch/out" "	fibonacci\\+0x[0-9a-f]+ \\[myserver\\]$"
	expect "$scratch/out" "^\\+[0-9]+ bytes|grown"
	expect "$scratch/myserver.html" "fibonacci"
}

# A chapter with commands that no test runs is missing here.
every_chapter_with_commands_is_run()
{
	local chapters
	chapters=$(awk '/^## / { chapter = substr($0, 4) } /^```sh$/ { print chapter }' "$guide" | uniq)
	while read -r chapter; do
		expect "$0" "run_guide \"${chapter//+/\\+}\" 1"
	done <<<"$chapters"
}

run_tests a_container_grows a_server_in_cxx_uses_jemalloc a_server_forks_workers \
	metrics_are_sent_to_grafana a_report_is_taken_home every_chapter_with_commands_is_run
