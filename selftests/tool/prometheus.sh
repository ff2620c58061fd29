#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memleak-user --prometheus: when the file is written, its mode, which processes are in it,
# and when it is removed. selftests/peers reads it with the programs that it is for. The program
# "sampled" allocates in each step 20 blocks of 1000 bytes from one function, 10 of 10000 from
# another.

. "$(dirname "$0")/../lib/tool.sh"

# watch ARGUMENT...: keeps $scratch/dir/m.prom fresh, and waits for the first one. Sets $job.
watch()
{
	mkdir "$scratch/dir"
	metrics=$scratch/dir/m.prom
	(umask 077; exec "$tool" -o 0 --prometheus "$metrics" "$@") >"$scratch/out" 2>&1 &
	job=$!
	eventually test -s "$metrics"
}

# is_bytes PID FUNCTION BYTES: succeeds if the file has this value.
is_bytes()
{
	matches "$metrics" "^memleak_user_outstanding_bytes\\{pid=\"$1\",.*function=\"$2\"\\} $3$"
}

is_removed()
{
	[ -z "$(ls "$scratch/dir")" ]
}

has_no_pid()
{
	! matches "$metrics" "pid=\"$1\""
}

has_pid()
{
	matches "$metrics" "^memleak_user_target_outstanding_bytes\\{pid=\"$1\","
}

# The first one is written long before the interval ends.
a_file_is_written_at_once()
{
	start sampled 10 1
	watch -p "$pid" 60m
	expect_equal 644 "$(stat -c %a "$metrics")"
	expect "$metrics" "^memleak_user_target_outstanding_bytes\\{pid=\"$pid\",comm=\"sampled\"\\} 0$"
	kill -INT "$job"
	wait "$job"
	is_removed
}

it_is_kept_fresh_until_the_tool_is_ended()
{
	start sampled 10 1
	watch -p "$pid" 200ms
	step_word make
	eventually is_bytes "$pid" make_10000 100000
	step_word make
	eventually is_bytes "$pid" make_10000 200000
	expect "$metrics" "^memleak_user_allocated_total\\{pid=\"$pid\",comm=\"sampled\"\\} [0-9]+$"
	kill -TERM "$job"
	wait "$job"
	is_removed
	eventually nothing_is_traced
}

it_is_removed_when_the_process_ends()
{
	local status=0
	start sampled 10 1
	watch -p "$pid" 60m
	kill -9 "$pid"
	wait "$job" || status=$?
	expect_status 0 "$status"
	is_removed
}

# The other one goes on being in the file.
a_process_that_has_ended_is_not_in_the_next_file()
{
	local other
	sleep 1000 &
	other=$!
	start sampled 10 1
	watch -p "$pid,$other" 200ms
	step_word make
	eventually has_pid "$other"
	eventually is_bytes "$pid" make_10000 100000
	kill -9 "$other"
	eventually has_no_pid "$other"
	is_bytes "$pid" make_10000 100000
	kill -0 "$job"
}

children_are_in_it()
{
	start prefork 2
	watch --children -p "$pid" 200ms
	step_word fork
	step_word leak
	for worker in $(cat "/proc/$pid/task/$pid/children"); do
		eventually is_bytes "$worker" leak_block 1000
	done
	has_pid "$pid"
}

processes_are_found_by_name()
{
	start sampled 10 1
	watch -n sampled 200ms
	step_word make
	eventually is_bytes "$pid" make_10000 100000
}

# Of the allocator in a library: libtoy.so, which nothing else maps.
all_processes_that_map_a_file_are_in_it()
{
	watch --all -O "$programs/libtoy.so" 200ms
	expect_not "$metrics" "^memleak_user"
	start prefork_apart 1
	step_word fork
	step_word leak
	worker=$(pgrep -P "$pid")
	eventually is_bytes "$worker" leak_block 1000
	kill -9 "$pid" "$worker"
	eventually has_no_pid "$worker"
	kill -0 "$job"
	kill -TERM "$job"
	wait "$job"
	is_removed
}

# A link must not lead to another file, as the directory may be another user's.
a_link_is_replaced()
{
	start sampled 10 1
	mkdir "$scratch/dir"
	echo precious >"$scratch/other"
	ln -s "$scratch/other" "$scratch/dir/m.prom"
	"$tool" -o 0 -p "$pid" --prometheus "$scratch/dir/m.prom" 60m >"$scratch/out" 2>&1 &
	job=$!
	eventually matches "$scratch/dir/m.prom" "^memleak_user_target_outstanding_bytes"
	[ ! -L "$scratch/dir/m.prom" ]
	expect_equal precious "$(cat "$scratch/other")"
}

# What cannot be written is reported, and tried again.
a_missing_directory_is_reported_each_time()
{
	local status=0
	start sampled 10 1
	mkdir "$scratch/dir"
	metrics=$scratch/dir/m.prom
	"$tool" -p "$pid" --prometheus "$scratch/later/m.prom" 200ms >"$scratch/out" 2>&1 &
	job=$!
	eventually matches "$scratch/out" "/later/m.prom could not be written: No such file"
	mkdir "$scratch/later"
	eventually test -s "$scratch/later/m.prom"
	kill -TERM "$job"
	wait "$job" || status=$?
	expect_status 1 "$status"
	[ ! -e "$scratch/later/m.prom" ]
}

run_tests a_file_is_written_at_once it_is_kept_fresh_until_the_tool_is_ended \
	it_is_removed_when_the_process_ends a_process_that_has_ended_is_not_in_the_next_file \
	children_are_in_it processes_are_found_by_name all_processes_that_map_a_file_are_in_it \
	a_link_is_replaced a_missing_directory_is_reported_each_time
