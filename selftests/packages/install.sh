#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# install.sh VERSION NEXT: runs in a fresh root with several kernels and their headers. Installs the
# packages of VERSION with apt, as a user does; upgrades them to NEXT; purges them. Leaves copies of
# the root in between, /mlu/root-installed and /mlu/root-upgraded, for virtual machines. Prints TAP.
# shellcheck disable=SC2317 # functions are called by name
. "$(dirname "$0")/lib.sh"
version=$1
next=$2
kernels=$(ls /lib/modules)
newest=$(ls /lib/modules | sort -V | tail -n 1)

all_files()
{
	find / -xdev \( -path /mlu -o -path /proc -o -path /dev -o -path /sys -o -path /tmp \) -prune \
		-o -type d -printf '%p/\n' -o -print | sort
}

install_packages()
{
	apt_get install "/mlu/$1"/*.deb
}

# find_modules KERNEL: the module's files for this kernel, compressed or not.
find_modules()
{
	find "/lib/modules/$1/" -name 'memleak_user.ko*'
}

# module_is VERSION KERNEL: modprobe takes this version for this kernel, and there is no other one.
module_is()
{
	local file
	file=$(modinfo -k "$2" -n memleak_user) || return
	echo "modprobe takes $file, version $(modinfo -k "$2" -F version memleak_user)"
	[ "$file" = "$(find_modules "$2")" ] &&
		[ "$(modinfo -k "$2" -F version memleak_user)" = "$1" ] &&
		[[ $(modinfo -k "$2" -F vermagic memleak_user) == "$2 "* ]]
}

dkms_has()
{
	dkms status
	[ "$(dkms status -m memleak_user | wc -l)" = "$2" ] &&
		! dkms status -m memleak_user | grep -v "^memleak_user/$1, .*: installed$"
}

# DKMS made a key and signed the module with it.
module_is_signed()
{
	ls -l /var/lib/dkms/mok.pub && modinfo -k "$1" -F signer memleak_user | grep . &&
		[ -n "$(modinfo -k "$1" -F sig_key memleak_user)" ]
}

tool_is()
{
	says "memleak-user $1" memleak-user --version &&
		[ -s /usr/share/bash-completion/completions/memleak-user ] &&
		[ -s /usr/share/man/man8/memleak-user.8.gz ] &&
		[ -s /usr/share/doc/memleak-user/copyright ]
}

# What the packages recommend is installed, too.
recommended_is_installed()
{
	dpkg-query -W -f '${Package} ${db:Status-Status}\n' openssl 'libdebuginfod1*' \
		'linux-headers-amd64'
	[ "$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' openssl 'libdebuginfod1*' \
		'linux-headers-amd64' | grep -c ' installed$')" = 3 ]
}

# refused_beside_package COMMAND...: of install-module, which make calls.
refused_beside_package()
{
	refuses "apt purge memleak-user-dkms" /mlu/memleak_user/install-module "$@"
}

copy_root()
{
	rm -rf "/mlu/root-$1"
	cp -ax / "/mlu/root-$1"
}

# For the machine in which the module stays loaded during the upgrade.
keep_module()
{
	mkdir -p /mlu/old && cp "$(find_modules "$newest")" /mlu/old/
}

# pretend_loaded VERSION: there is no sysfs here. The maintainers' scripts look at this file only.
pretend_loaded()
{
	mkdir -p /sys/module/memleak_user && echo "$1" >/sys/module/memleak_user/version
}

# Kernels but the running and the newest one are left to dkms.service at the next boot: it calls
# this. Here, none of them runs.
autoinstall_for_all()
{
	local kernel
	for kernel in $kernels; do
		dkms autoinstall -k "$kernel" || return
	done
}

no_module_is()
{
	local kernel
	for kernel in $kernels; do
		[ -z "$(find_modules "$kernel")" ] ||
			[ "$(modinfo -k "$kernel" -F version memleak_user)" != "$1" ] || return
	done
}

nothing_of_ours_is_left()
{
	local left
	left=$(find / -xdev \( -path /mlu -o -path /proc -o -path /sys -o -path /tmp \) -prune -o \
		-name '*memleak[-_]user*' -print)
	echo "$left"
	[ -z "$left" ] && ! grep -l memleak_user /lib/modules/*/modules.dep &&
		! dpkg-query -W 'memleak*'
}

# purge_since LIST: purges the packages that are not in LIST. "apt autoremove" keeps some of them,
# since packages that were there before recommend them. sudo, which DKMS of Debian 12 depends on, is
# not removed from a machine without a password of root, unless it is forced.
list_packages()
{
	dpkg-query -W -f '${binary:Package}\n' | sort
}

purge_since()
{
	local added
	mapfile -t added < <(list_packages | comm -13 "$1" -)
	echo "${#added[@]} packages came with them: ${added[*]}"
	[ ${#added[@]} -gt 0 ] && SUDO_FORCE_REMOVE=yes apt_get purge "${added[@]}"
}

# What the other packages leave behind themselves does not count: records of apt and dpkg, logs,
# caches, the key that DKMS has made, and the hosts file that netbase makes.
nothing_is_left()
{
	local changed
	changed=$(diff "/mlu/before" <(all_files) | grep '^[<>]' | grep -vE \
		-e '^[<>] /(usr/)?lib/modules/[^/]*/modules\.' \
		-e '^[<>] /var/(lib/(apt|dpkg)|log|cache)/' \
		-e '^[<>] /var/lib/dkms/(mok\.(key|pub))?$' \
		-e '^> /etc/hosts$')
	echo "$changed"
	[ -z "$changed" ]
}

echo "TAP version 13"
check "apt reaches the archive" prepare_apt
all_files >/mlu/before
list_packages >/mlu/packages
check "apt install ./*.deb in a fresh root" install_packages "$version"
for kernel in $kernels; do
	check "DKMS has built the module for $kernel" module_is "$version" "$kernel"
	check "DKMS has signed the module for $kernel" module_is_signed "$kernel"
done
check "DKMS has one version, for each kernel" dkms_has "$version" "$(echo "$kernels" | wc -l)"
check "the tool is of this version" tool_is "$version"
check "recommended packages are installed" recommended_is_installed
check "make install is refused beside the package" refused_beside_package prepare "$newest"
check "make dkms-install is refused, too" refused_beside_package dkms-install "$newest"
check "make dkms-uninstall is refused, too" refused_beside_package dkms-remove
check "the module is kept" module_is "$version" "$newest"
check "the root is copied" copy_root installed
check "the old module is saved" keep_module

pretend_loaded "$version"
check "an upgrade says that the old module is still loaded, and what to do" \
	says "memleak_user $version is still loaded" install_packages "$next"
check "the new module is installed for the newest kernel" module_is "$next" "$newest"
check "the old module is not installed for any kernel" no_module_is "$version"
check "DKMS builds the new module for the others" autoinstall_for_all
for kernel in $kernels; do
	check "the new module is installed for $kernel" module_is "$next" "$kernel"
done
check "the tool is of the new version" tool_is "$next"
check "the root is copied" copy_root upgraded

check "a removal says that the module is still loaded" \
	says "memleak_user is still loaded until" apt_get purge memleak-user memleak-user-dkms
rm -rf /sys/module
check "apt purge leaves nothing of the packages" nothing_of_ours_is_left
check "packages that came with them are removed" purge_since /mlu/packages
check "the files are the same as before the installation" nothing_is_left
finish
