# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Starts apache as Debian does, with the processes of mpm_prefork. Sourced after lib.sh.

site=http://127.0.0.1

# configure_apache TEXT: enables mpm_prefork and a configuration file with TEXT.
configure_apache()
{
	a2dismod -q -f mpm_event mpm_worker >/dev/null 2>&1 || true
	a2enmod -q mpm_prefork >/dev/null
	echo "ServerName localhost
$1" >/etc/apache2/conf-available/planted.conf
	a2enconf -q planted >/dev/null
}

apache_pid()
{
	cat /run/apache2/apache2.pid
}

start_apache()
{
	apache2ctl start
	eventually test -s /run/apache2/apache2.pid
	eventually answers "$site/"
}

stop_apache()
{
	[ ! -e /run/apache2/apache2.pid ] || {
		apache2ctl stop
		eventually test ! -e /run/apache2/apache2.pid
	}
}

answers()
{
	ab -q -n 1 "$1" 2>/dev/null | grep -q '^Complete requests: *1$'
}

# request COUNT CLIENTS URL: all requests must be answered, with a status of success.
request()
{
	ab -q -n "$1" -c "$2" "$3" >"$scratch/ab" 2>&1
	expect "$scratch/ab" "^Complete requests: +$1$"
	expect "$scratch/ab" "^Failed requests: +0$"
	expect_not "$scratch/ab" "^Non-2xx"
}
