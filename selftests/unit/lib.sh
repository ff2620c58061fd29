# SPDX-License-Identifier: GPL-2.0-only
#
# Functions that the scripts of this directory share; sourced by sh.
#
# shellcheck shell=sh

# shellcheck disable=SC2034	# used by the scripts
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
	{ apt_install "$@" || { apt_update && apt_install "$@"; }; } >&2
}

# -o DPkg::Lock::Timeout: wait for another apt-get that is running.
apt_install()
{
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
		-o DPkg::Lock::Timeout=600 "$@"
}

# The timeout does not cover the lock of the package lists: repeat the update.
apt_update()
{
	for _ in 1 2 3 4 5 6; do
		apt-get update -qq -o DPkg::Lock::Timeout=600 && return
		sleep 10
	done
	return 1
}
