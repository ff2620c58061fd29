# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The archive that packages are downloaded from: the one that this machine's apt uses, whatever its
# suite, or MIRROR=URL. Sourced after lib.sh.

# archive_sources SUITE ARCHIVE...: prints lines for sources.list: the suite, its updates, its
# security archive, and further archives.
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
		die "this machine's apt has no Debian archive: set MIRROR=URL"
	fi
	echo "deb $mirror $suite main"
	echo "deb $mirror $suite-updates main"
	echo "deb $security $suite-security main"
	for archive in "$@"; do
		echo "deb $mirror $archive main"
	done
}

# uri_of PATTERN: prints the URI of the first Debian archive whose release matches.
uri_of()
{
	# shellcheck disable=SC2016 # expanded by apt-get
	apt-get indextargets --format '$(ORIGIN) $(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		awk -v release="$1" '
			$1 == "Debian" && $2 ~ release && !uri { uri = $3 }
			END { print uri }'
}
