# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Functions of the scripts that run inside root file systems and virtual machines; sourced by them.
# Each of them prints TAP: calls of check, then finish.
set -u
number=0
failed=0
export LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive

# check NAME COMMAND...: a test that passes if COMMAND succeeds; shows the output of a failed one.
check()
{
	local name=$1 log
	shift
	number=$((number + 1))
	if log=$("$@" 2>&1); then
		echo "ok $number $name"
	else
		printf '%s\n' "$log" | tail -n 40 | sed 's/^/# /'
		echo "not ok $number $name"
		failed=1
	fi
}

finish()
{
	echo "1..$number"
	exit "$failed"
}

# says TEXT COMMAND...: COMMAND succeeds and prints TEXT; refuses TEXT COMMAND...: it fails and
# prints TEXT.
says()
{
	local said
	said=$("${@:2}" 2>&1) && echo "$said" && [[ $said == *$1* ]]
}

refuses()
{
	local said
	! said=$("${@:2}" 2>&1) && echo "$said" && [[ $said == *$1* ]]
}

# apt_get ARGUMENT...: downloaded packages are kept outside of the root, for the next run.
apt_get()
{
	apt-get -q -y -o Dir::Cache::archives=/mlu/archives -o APT::Keep-Downloaded-Packages=true \
		-o APT::Sandbox::User=root -o Dpkg::Options::=--force-unsafe-io "$@"
}

# The root's copy of these files is as old as the root. ccache, which selftests/vm/enter selects,
# shortens the builds of DKMS.
prepare_apt()
{
	mkdir -p /mlu/archives/partial
	cp /mlu/resolv.conf /etc/resolv.conf
	apt_get update && apt_get install --no-install-recommends ccache
}
