# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Where packages come from; sourced after lib.sh.  That is where this machine's own apt takes its own,
# whatever suite that is; MIRROR=URL names another archive.

# archive_sources SUITE ARCHIVE...: lines for sources.list: Debian's archive, its security archive,
# and others.
archive_sources()
{
	local suite=$1 mirror=${MIRROR:-} security archive
	shift
	if [ -n "$mirror" ]; then
		security=${mirror%/}-security
	else
		mirror=$(uri_of '^[^-]+$')
		security=$(uri_of '-security$')
	fi
	if [ -z "$mirror" ] || [ -z "$security" ]; then
		die "this machine's apt knows no archive of Debian: name one with MIRROR=URL"
	fi
	echo "deb $mirror $suite main"
	echo "deb $mirror $suite-updates main"
	echo "deb $security $suite-security main"
	for archive in "$@"; do
		echo "deb $mirror $archive main"
	done
}

uri_of()
{
	# shellcheck disable=SC2016 # apt's own words
	apt-get indextargets --format '$(ORIGIN) $(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		awk -v release="$1" '
			$1 == "Debian" && $2 ~ release && !uri { uri = $3 }
			END { print uri }'
}
