#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine.sh installed|upgraded|enforced VERSION [OLD]: runs in a virtual machine whose root has the
# installed packages of VERSION; prints TAP.
#
#	installed	the tool loads the module and finds a leak
#	upgraded	so it does while the module OLD is loaded, and says what to do
#	enforced	the kernel accepts only modules that are signed with a key it has: the tool
#			names the command that gives it the key of DKMS
# shellcheck disable=SC2317 # functions are called by name
. "$(dirname "$0")/lib.sh"
what=$1
version=$2
out=/tmp/out

# trace: traces a program that leaks, which the tool starts, and ends it.
trace()
{
	local status=0 command
	[ -p /tmp/input ] || mkfifo /tmp/input
	memleak-user -a -o 0 -c "/mlu/named x" 1 1 <>/tmp/input >$out 2>&1 || status=$?
	cat $out
	command=$(sed -n 's/^Attaching to pid \([0-9]*\), .*/\1/p' $out)
	[ -z "$command" ] || kill -9 "$command"
	return "$status"
}

finds_the_leak()
{
	trace && grep -q '	5000 bytes in 1 allocations from stack' $out &&
		grep -q 'leak_before_main+0x[0-9a-f]* \[named\]' $out &&
		grep -q '	1001 bytes in 1 allocations from stack' $out
}

finds_the_leak_without_a_message()
{
	finds_the_leak && ! grep -q rmmod $out
}

finds_the_leak_and_says_what_to_do()
{
	finds_the_leak && grep "loaded in version $1, and this is version $version: .*rmmod memleak_user" $out
}

loaded_is()
{
	cat /sys/module/memleak_user/version
	[ "$(cat /sys/module/memleak_user/version)" = "$1" ]
}

is_not_loaded()
{
	[ ! -d /sys/module/memleak_user ]
}

names_the_key_of_dkms()
{
	! trace && grep "accepts signed modules only" $out &&
		grep "the key that memleak_user is signed with is not trusted: .*mokutil --import /var/lib/dkms/mok.pub" $out &&
		[ -s /var/lib/dkms/mok.pub ]
}

echo "TAP version 13"
check "$what: the module is not loaded at first" is_not_loaded
case $what in
installed)
	check "$what: memleak-user -c loads the module and finds the leak" \
		finds_the_leak_without_a_message
	check "$what: the module is of this version" loaded_is "$version"
	check "$what: a second run uses the loaded module" finds_the_leak_without_a_message
	check "$what: the module is unloaded" rmmod memleak_user
	;;
upgraded)
	check "$what: the old module is loaded" insmod /mlu/old/memleak_user.ko*
	check "$what: the old module goes on tracing, and the tool says what to do" \
		finds_the_leak_and_says_what_to_do "$3"
	check "$what: the old module is still loaded" loaded_is "$3"
	check "$what: the old module is unloaded" rmmod memleak_user
	check "$what: the tool loads the new module" finds_the_leak_without_a_message
	check "$what: the new module is loaded" loaded_is "$version"
	;;
enforced)
	check "$what: the tool names the command that makes the key trusted" names_the_key_of_dkms
	check "$what: the module is not loaded" is_not_loaded
	;;
esac
finish
