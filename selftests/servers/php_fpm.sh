#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A leak in a function of an extension of php, called by a script in the children of a php-fpm pool.
# The requests come through apache.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apache_lib.sh"

version=$(basename /etc/php/*)
size=9000

# start_server EXTENSION: Sets $parent.
start_server()
{
	stop_server
	prepare_calls
	mkdir -p /run/php
	echo "extension=$planted/$1.so" >"/etc/php/$version/fpm/conf.d/90-planted.ini"
	cat >"/etc/php/$version/fpm/pool.d/www.conf" <<-END
		[www]
		user = www-data
		group = www-data
		listen = /run/php/php$version-fpm.sock
		listen.owner = www-data
		pm = static
		pm.max_children = 8
	END
	echo "<?php planted($size); echo 'planted';" >/var/www/html/planted.php
	"php-fpm$version" --nodaemonize --fpm-config "/etc/php/$version/fpm/php-fpm.conf" \
		>"$scratch/fpm" 2>&1 &
	parent=$!
	eventually has_children 8
	a2enmod -q proxy_fcgi setenvif >/dev/null
	a2enconf -q "php$version-fpm" >/dev/null
	configure_apache ""
	start_apache
}

stop_server()
{
	stop_apache
	kill -9 $(pgrep -x "php-fpm$version") 2>/dev/null || true
}

# expect_script_answers COUNT: requests of the script, all of them successful.
expect_script_answers()
{
	request "$1" 4 "$site/planted.php"
}

expect_server_runs()
{
	expect_script_answers 20
	unload
	expect_script_answers 20
	[ -d "/proc/$parent" ]
}

leak_in_all_children_is_the_top_row()
{
	start_server planted_php
	trace_children
	expect_script_answers 400
	end_tool
	expect_equal "$((400 * size)) 400" "$(planted_total)"
	expect_top_row leak_per_script
	expect_names leak_per_script zif_planted execute_ex php_execute_script _start
	expect_exact php 2
	expect_whole_stacks php 2
	expect_nothing_lost
	expect_server_runs
}

# php-fpm replaces a child that was killed.
counts_are_exact_when_a_child_is_killed()
{
	local victim
	start_server planted_php
	trace_children
	expect_script_answers 100
	victim=$(awk '{ print $1; exit }' "$calls")
	kill -9 "$victim"
	eventually test ! -e "/proc/$victim"
	eventually has_children 8
	expect_script_answers 100
	end_tool
	expect_exact_live php 2
	expect_nothing_lost
	expect_server_runs
}

# Traces all processes of the machine, php-fpm's children and apache's processes among them.
leak_is_counted_by_attach_all()
{
	local libc
	start_server planted_php
	libc=$(awk '/\/libc[-.0-9]*\.so(\.6)?$/ { print $6; exit }' "/proc/$parent/maps")
	echo "attach all object=$libc" >"$files/control"
	expect_script_answers 200
	save_report
	expect_exact php 2
	expect_whole_stacks php 2
	expect_nothing_lost
	echo "detach all" >"$files/control"
	expect_server_runs
}

repaired_extension_is_not_shown()
{
	start_server planted_php_repaired
	trace_children
	expect_script_answers 100
	end_tool
	expect_equal "$((100 * size)) 100" "$(planted_total)"
	expect_no_leak leak_per_script php
	expect_nothing_lost
}

run_tests \
	leak_in_all_children_is_the_top_row \
	counts_are_exact_when_a_child_is_killed \
	leak_is_counted_by_attach_all \
	repaired_extension_is_not_shown
