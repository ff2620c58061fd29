# SPDX-License-Identifier: GPL-2.0-only
#
# What the scripts of this directory share; sourced, by sh.
#
# shellcheck shell=sh

# shellcheck disable=SC2034	# for those who source this
cache=${MLU_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/memleak_user}

say()
{
	echo "# $*" >&2
}

# need COMMAND PACKAGE...: install the packages if there is no such command or file.
need()
{
	if [ -e "$1" ] || command -v "$1" >/dev/null; then
		return 0
	fi
	shift
	say "installing $*"
	{ apt_install "$@" || { apt-get update -qq && apt_install "$@"; }; } >&2
}

apt_install()
{
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"
}
