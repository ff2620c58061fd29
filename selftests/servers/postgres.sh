#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A leak in a function of an extension of PostgreSQL, called in 20 backends.

. "$(dirname "$0")/lib.sh"

version=$(pg_lsclusters -h | awk '{ print $1; exit }')
# In 25 calls more than the megabyte of shared statistics that each backend maps.
size=64000

# as_postgres COMMAND...
as_postgres()
{
	setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
}

sql()
{
	as_postgres psql -XAtq -v ON_ERROR_STOP=1 -c "$1"
}

# start_server [_repaired]: starts the cluster that the package has made, with the function of the
# extension that leaks, or of the repaired one. Sets $parent.
start_server()
{
	stop_server
	prepare_calls
	pg_ctlcluster "$version" main start -- -o "-c fsync=off -c max_connections=60"
	eventually sql "SELECT 1"
	parent=$(head -n 1 "/var/lib/postgresql/$version/main/postmaster.pid")
	sql "CREATE OR REPLACE FUNCTION planted(integer) RETURNS void
		AS '$planted/planted_postgres${1:-}' LANGUAGE C"
}

stop_server()
{
	pg_ctlcluster "$version" main stop -m immediate >/dev/null 2>&1 || true
}

# write_script CALLS: each client calls the leak CALLS times, after queries that allocate and free
# much, and then stays connected. After the last call no query is running.
write_script()
{
	local n
	for n in $(seq "$1"); do
		echo "SELECT relkind, max(relname) FROM pg_class GROUP BY 1 ORDER BY 2 LIMIT $n;"
		echo "SELECT planted($size);"
	done
	echo '\sleep 1800 s'
}

# start_clients CLIENTS CALLS: starts pgbench with this script, and waits for all calls.
start_clients()
{
	local made
	made=$(wc -l <"$calls")
	write_script "$2" >"$scratch/script"
	chmod 644 "$scratch/script"
	as_postgres pgbench -n -c "$1" -j 2 -t 1 -f "$scratch/script" postgres \
		>"$scratch/pgbench" 2>&1 &
	wait_for_calls $((made + $1 * $2)) || { cat "$scratch/pgbench"; return 1; }
}

# The server answers while it is traced no more, and after the module was removed.
expect_server_runs()
{
	expect_equal 2 "$(sql 'SELECT 1 + 1')"
	unload
	expect_equal 3 "$(sql 'SELECT 1 + 2')"
	expect_equal "$parent" "$(head -n 1 "/var/lib/postgresql/$version/main/postmaster.pid")"
}

leak_in_20_backends_is_the_top_row()
{
	start_server
	trace_children
	start_clients 20 25
	end_tool
	expect_equal "$((20 * 25 * size)) 500" "$(planted_total)"
	expect_top_row leak_per_query
	expect_names leak_per_query planted standard_ExecutorRun PortalRun PostgresMain \
		PostmasterMain main _start
	expect_exact postgres 20
	expect_whole_stacks postgres 20
	expect_nothing_lost
	expect_server_runs
}

# Meanwhile other clients connect, call the leak and leave.
counts_are_exact_while_backends_exit()
{
	start_server
	trace_children
	echo "SELECT planted($size);" >"$scratch/short"
	chmod 644 "$scratch/short"
	as_postgres pgbench -n -C -c 4 -j 2 -t 8 -f "$scratch/short" postgres >"$scratch/pgbench-C" &
	local leaving=$!
	start_clients 5 10
	wait "$leaving"
	wait_for_calls 82
	eventually ended_are_noted
	end_tool
	expect_exact_live postgres 5
	expect_nothing_lost
	expect_server_runs
}

repaired_extension_is_not_shown()
{
	start_server _repaired
	trace_children
	start_clients 20 5
	end_tool
	expect_no_leak leak_per_query postgres
	expect_nothing_lost
}

run_tests \
	leak_in_20_backends_is_the_top_row \
	counts_are_exact_while_backends_exit \
	repaired_extension_is_not_shown
