#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build.sh NEXT: runs in a root that only has what the packages are built with. Builds the packages
# of the tree /mlu/memleak_user, as another user than root, and those of the higher version NEXT,
# to /mlu/VERSION; and the program that is traced later. Checks the versions; prints TAP.
# shellcheck disable=SC2317 # functions are called by name
. "$(dirname "$0")/lib.sh"
next=$1
tree=/mlu/memleak_user
cd $tree || exit
version=$(cat VERSION)

# build_version VERSION: only the file VERSION is changed, if at all.
build_version()
{
	rm -rf "/mlu/build-$1" "/mlu/$1"
	cp -a $tree "/mlu/build-$1"
	[ "$1" = "$version" ] || echo "$1" >"/mlu/build-$1/VERSION"
	chown -R nobody "/mlu/build-$1"
	setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME=/nonexistent \
		make -s -C "/mlu/build-$1" deb || return
	mv "/mlu/build-$1/build" "/mlu/$1"
}

# The same tree gives the same files.
is_reproducible()
{
	local file
	mv "/mlu/$version" /mlu/first
	build_version "$version" || return
	for file in /mlu/first/*.deb; do
		cmp "$file" "/mlu/$version/${file##*/}" || return
	done
	rm -rf /mlu/first
}

field()
{
	dpkg-deb -f "$1" "$2"
}

has_packages()
{
	ls "/mlu/$1"
	[ "$(cd "/mlu/$1" && echo *.deb)" = \
		"memleak-user-dkms_$1_all.deb memleak-user_$1_amd64.deb" ] &&
		[ "$(field "/mlu/$1/memleak-user_$1_amd64.deb" Version)" = "$1" ]
}

# unpack VERSION: into /mlu/files, without installing.
unpack()
{
	rm -rf /mlu/files
	for file in "/mlu/$1"/*.deb; do
		dpkg-deb -x "$file" /mlu/files
	done
}

# The tool, the module's sources and the list of DKMS are of this version.
is_of_version()
{
	local sources=/mlu/files/usr/src/memleak_user-$1
	unpack "$1"
	find /mlu/files
	says "memleak-user $1" /mlu/files/usr/sbin/memleak-user --version &&
		[ "$(cat "$sources/VERSION")" = "$1" ] &&
		[ "$(bash -c '. "$1" && echo "$PACKAGE_VERSION"' bash "$sources/dkms.conf")" = "$1" ]
}

# The changelog is made from VERSION: there is no second place for the version.
tree_has_no_changelog()
{
	! [ -e "/mlu/build-$version/debian/changelog" ]
}

# Like "make dkms-install": sources, and nothing else.
sources_are_complete()
{
	local dir=/mlu/files/usr/src/memleak_user-$version
	diff <(cd $tree && ls module/*.[ch] module/lib/*.[ch] module/Kbuild VERSION dkms.conf | sort) \
		<(cd "$dir" && find . -type f -printf '%P\n' | sort)
}

# debian/copyright names one licence. (GPL-2.0 is the older identifier of GPL-2.0-only.)
all_files_have_this_licence()
{
	local others
	others=$(grep -rhoE 'SPDX-License-Identifier: [A-Z][^ *]*' $tree | sort | uniq -c |
		grep -vE ' GPL-2\.0(-only)?$')
	echo "$others"
	[ -z "$others" ] && grep -q '^License: GPL-2.0-only$' debian/copyright
}

# Without debhelper, as on a machine that was not prepared.
says_what_is_missing()
{
	mv /usr/bin/dh_dkms /usr/bin/dh_dkms.away
	dpkg --force-depends --remove dh-dkms
	refuses "Run: apt-get build-dep $tree" make -s deb
}

build_dep_installs_it()
{
	apt_get build-dep $tree && dpkg-checkbuilddeps
}

lintian_is_content()
{
	lintian --allow-root --fail-on error,warning --info "/mlu/$version"/*.changes
}

build_traced_program()
{
	gcc -O1 -g -fno-builtin -o /mlu/named selftests/programs/named.c
}

echo "TAP version 13"
check "make deb builds the packages without root" build_version "$version"
check "there are two packages of the version in VERSION" has_packages "$version"
check "tool, module and DKMS have the version in VERSION" is_of_version "$version"
check "the tree has no changelog" tree_has_no_changelog
check "the package has the module's sources and no other files" sources_are_complete
check "the licence in debian/copyright is that of all files" all_files_have_this_licence
check "the packages can be reproduced" is_reproducible
check "a higher version in VERSION is built" build_version "$next"
check "there are two packages of the higher version" has_packages "$next"
check "tool, module and DKMS have the higher version" is_of_version "$next"
check "the program to be traced is built" build_traced_program
check "apt reaches the archive" prepare_apt
check "lintian is installed" apt_get install --no-install-recommends lintian
check "lintian finds neither errors nor warnings" lintian_is_content
check "without a needed package, make deb says what to run" says_what_is_missing
check "apt-get build-dep installs it" build_dep_installs_it
finish
