#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memleak-user symbolize: names for a report that was saved while the process
# lived, when process and module are gone, and for one of another machine.

. "$(dirname "$0")/../lib/tool.sh"

# A report in $scratch/report of a program of its own, which then ends.
save_report()
{
	cp "$programs/toy" "$scratch/program"
	start_program "$scratch/program" longjmp_deeper
	echo "$pid" >"$files/control"
	step
	cat "$files/report" >"$scratch/report"
	kill -9 "$pid"
	echo "detach all" >"$files/control"
	echo "clear all" >"$files/control"
}

has_names()
{
	expect "$1" "	[0-9]+ bytes in 1 allocations from stack [0-9]+ "
	expect "$1" "	keep_at_depth\\+0x[0-9a-f]+ \\[program\\]"
	expect "$1" "	main\\+0x[0-9a-f]+ \\[program\\]"
	expect "$1" " \\[libc(\\.so\\.6|-2\\.[0-9]+\\.so)\\]"
}

names_a_saved_report_without_the_module()
{
	save_report
	unload
	"$tool" symbolize "$scratch/report" >"$scratch/out" 2>&1
	has_names "$scratch/out"
	"$tool" symbolize <"$scratch/report" >"$scratch/again" 2>&1
	cmp "$scratch/out" "$scratch/again"
	[ ! -d /sys/module/memleak_user ]
}

# The files lie somewhere else than they did on the machine of the report.
names_the_report_of_another_machine()
{
	save_report
	mkdir -p "$scratch/sysroot/$scratch"
	mv "$scratch/program" "$scratch/sysroot/$scratch/program"
	"$tool" symbolize --sysroot "$scratch/sysroot" "$scratch/report" >"$scratch/out" 2>&1 || true
	expect "$scratch/out" "	keep_at_depth\\+0x[0-9a-f]+ \\[program\\]"
}

# A file of the same path that is another one must not give its names.
gives_no_names_of_another_file()
{
	save_report
	cp "$programs/edge" "$scratch/program"
	"$tool" symbolize "$scratch/report" >"$scratch/out" 2>&1 || true
	expect_not "$scratch/out" "	[a-z_]+\\+0x[0-9a-f]+ \\[program\\]"
	expect "$scratch/out" " \\[program\\]"
}

needs_no_privilege()
{
	save_report
	cp "$tool" "$scratch/tool"
	chmod 0644 "$scratch/report"
	setpriv --reuid=65534 --regid=65534 --clear-groups "$scratch/tool" symbolize \
		"$scratch/report" >"$scratch/out" 2>&1
	has_names "$scratch/out"
}

refuses_what_is_no_report()
{
	local status=0
	head -c 4096 /dev/urandom >"$scratch/noise"
	"$tool" symbolize "$scratch/noise" >"$scratch/out" 2>&1 || status=$?
	[ "$status" = 2 ]
	[ -s "$scratch/out" ]
}

run_tests \
	names_a_saved_report_without_the_module \
	names_the_report_of_another_machine \
	gives_no_names_of_another_file \
	needs_no_privilege \
	refuses_what_is_no_report
