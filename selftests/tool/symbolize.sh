#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memleak-user symbolize: adds names to a saved report when the process and the module are gone, and
# to a report of another machine.

. "$(dirname "$0")/../lib/tool.sh"

# Saves the report of a program, $scratch/program, as $scratch/report and kills the program.
save_report()
{
	mkdir "$scratch/copy"
	cp "$programs/toy" "$scratch/copy/program"
	start_program "$scratch/copy/program" longjmp_deeper
	echo "$pid" >"$files/control"
	step
	cat "$files/report" >"$scratch/report"
	kill -9 "$pid"
	echo "detach all" >"$files/control"
	echo "clear all" >"$files/control"
}

# expect_all_names FILE
expect_all_names()
{
	expect "$1" "	[0-9]+ bytes in 1 allocations from stack [0-9]+ "
	expect "$1" "	keep_at_depth\\+0x[0-9a-f]+ \\[program\\]"
	expect "$1" "	main\\+0x[0-9a-f]+ \\[program\\]"
	expect "$1" " \\[libc(\\.so\\.6|-2\\.[0-9]+\\.so)\\]"
}

saved_report_has_names_without_the_module()
{
	save_report
	unload
	"$tool" symbolize "$scratch/report" >"$scratch/out" 2>&1
	expect_all_names "$scratch/out"
	"$tool" symbolize <"$scratch/report" >"$scratch/again" 2>&1
	cmp "$scratch/out" "$scratch/again"
	[ ! -d /sys/module/memleak_user ]
}

# The files are not at the same path as on the machine of the report.
report_of_another_machine_has_names()
{
	save_report
	mkdir -p "$scratch/sysroot/$scratch/copy"
	mv "$scratch/copy/program" "$scratch/sysroot/$scratch/copy/program"
	"$tool" symbolize --sysroot "$scratch/sysroot" "$scratch/report" >"$scratch/out" 2>&1 || true
	expect "$scratch/out" "	keep_at_depth\\+0x[0-9a-f]+ \\[program\\]"
}

# The path refers to another program now.
replaced_file_is_not_used()
{
	save_report
	cp "$programs/edge" "$scratch/copy/program"
	"$tool" symbolize "$scratch/report" >"$scratch/out" 2>&1 || true
	expect_not "$scratch/out" "	[a-z_]+\\+0x[0-9a-f]+ \\[program\\]"
	expect "$scratch/out" " \\[program\\]"
}

unprivileged_user_may_symbolize()
{
	save_report
	cp "$tool" "$scratch/tool"
	chmod 0644 "$scratch/report"
	setpriv --reuid=65534 --regid=65534 --clear-groups "$scratch/tool" symbolize \
		"$scratch/report" >"$scratch/out" 2>&1
	expect_all_names "$scratch/out"
}

file_that_is_not_a_report_is_refused()
{
	local status=0
	head -c 4096 /dev/urandom >"$scratch/noise"
	"$tool" symbolize "$scratch/noise" >"$scratch/out" 2>&1 || status=$?
	expect_status 2 "$status"
	expect "$scratch/out" "."
}

run_tests \
	saved_report_has_names_without_the_module \
	report_of_another_machine_has_names \
	replaced_file_is_not_used \
	unprivileged_user_may_symbolize \
	file_that_is_not_a_report_is_refused
