#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A leak in a handler of a module of apache, called in the processes of mpm_prefork.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apache_lib.sh"

# start_server MODULE CONNECTIONS: with a module that leaks or the repaired one; each process ends
# after CONNECTIONS connections (0: never). Sets $parent.
start_server()
{
	stop_apache
	prepare_calls
	configure_apache "LoadModule planted_module $planted/$1.so
StartServers 10
MaxSpareServers 10
MaxRequestWorkers 10
MaxConnectionsPerChild $2
KeepAlive Off
<Location /planted>
	SetHandler planted
</Location>"
	start_apache
	parent=$(apache_pid)
}

expect_server_runs()
{
	request 20 4 "$site/planted"
	unload
	request 20 4 "$site/planted"
	expect_equal "$parent" "$(apache_pid)"
}

leak_in_all_processes_is_the_top_row()
{
	start_server planted_apache 0
	trace_children
	request 400 10 "$site/planted"
	end_tool
	expect_equal "2000000 400" "$(planted_total)"
	expect_top_row leak_per_request
	expect_names leak_per_request handle_request ap_run_handler ap_process_request main _start
	expect_exact apache 5
	expect_whole_stacks apache 5
	expect_nothing_lost
	expect_server_runs
}

counts_are_exact_while_processes_are_recycled()
{
	start_server planted_apache 25
	trace_children
	request 400 10 "$site/planted"
	end_tool
	expect_equal "2000000 400" "$(planted_total)"
	expect_exact_live apache 2
	expect_nothing_lost
	expect_server_runs
}

repaired_module_is_not_shown()
{
	start_server planted_apache_repaired 0
	trace_children
	request 200 10 "$site/planted"
	end_tool
	expect_equal "1000000 200" "$(planted_total)"
	expect_no_leak leak_per_request apache
	expect_nothing_lost
}

run_tests \
	leak_in_all_processes_is_the_top_row \
	counts_are_exact_while_processes_are_recycled \
	repaired_module_is_not_shown
