#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# autopkgtest.sh VERSION: runs in a fresh root. Runs the source package's tests, which is Debian's
# own test of DKMS packages, with the packages of VERSION; prints TAP. This root is the testbed
# (runner "null"). It is thrown away, so that the test may break it.
# shellcheck disable=SC2317 # functions are called by name
. "$(dirname "$0")/lib.sh"
version=$1
kernels=$(ls /lib/modules)

install_runner()
{
	apt_get install --no-install-recommends autopkgtest autodep8 python3-distro-info
}

# Its exit status is 8, since a build proves little: "superficial".
run_tests()
{
	local status=0
	autopkgtest --ignore-restrictions=breaks-testbed --output-dir=/mlu/autopkgtest \
		"/mlu/$version"/*.deb "/mlu/$version"/*.dsc -- null || status=$?
	[ "$status" = 0 ] || [ "$status" = 8 ]
}

summary_is_pass()
{
	cat /mlu/autopkgtest/summary
	grep -E '^dkms-autopkgtest +PASS' /mlu/autopkgtest/summary
}

# Debian 13 prints the module before the kernel.
passes_for()
{
	tail -n 40 /mlu/autopkgtest/log
	grep -E "I: PASS (memleak_user/$version )?${1//+/\\+}$" /mlu/autopkgtest/log
}

echo "TAP version 13"
check "apt reaches the archive" prepare_apt
check "autopkgtest is installed" install_runner
rm -rf /mlu/autopkgtest
check "autopkgtest runs autopkgtest-pkg-dkms" run_tests
check "autopkgtest reports a pass" summary_is_pass
for kernel in $kernels; do
	check "autopkgtest has built and installed the module for $kernel" passes_for "$kernel"
done
finish
