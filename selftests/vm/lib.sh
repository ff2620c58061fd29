# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Functions that the scripts of this directory share; sourced by all of them.
#
# Everything that takes long to build is kept in the cache, outside of the checkout, under a name
# with a hash of its inputs, and is moved into place when it is complete: an interrupted build is
# never used, and a changed input starts a new build. MLU_CACHE moves the cache.
# shellcheck disable=SC2034 # used by the scripts

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$vm/../.." && pwd)
cache=${MLU_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/memleak_user}
no_emulator="cannot get QEMU: check the network, or name an installed one with MLU_QEMU=COMMAND"

# kernel_rows [AWK CONDITION]: the lines of the file "kernels" that match the condition.
kernel_rows()
{
	awk "!/^#/ && NF && (${1:-1})" "$vm/kernels"
}

# kernel_field NAME NUMBER: a column of the kernel's line; nothing for an unknown kernel.
kernel_field()
{
	kernel_rows "\$1 == \"$1\"" | awk -v n="$2" '{ print $n }'
}

# kernel_names [AWK CONDITION]: the names of the matching kernels, on one line.
kernel_names()
{
	kernel_rows "${1:-1}" | awk '{ print $1 }' | paste -sd ' '
}

say()
{
	echo "${0##*/}: $*" >&2
}

die()
{
	say "$@"
	exit 1
}

# die_with_log LOG TEXT...: prints the end of LOG, and dies.
die_with_log()
{
	local log=$1
	shift
	tail -n 10 "$log" | sed 's/^/    /' >&2
	die "$*, see $log"
}

# hash_of FILE...: twelve digits that depend on the contents of the files.
hash_of()
{
	cat "$@" | sha256sum | cut -c1-12
}

is_installed()
{
	dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

apt()
{
	DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 "$@"
}

# The lock timeout does not cover the lock of the package lists: repeat the update.
apt_update()
{
	for _ in 1 2 3 4 5 6; do
		apt update && return
		sleep 10
	done
	return 1
}

# need_packages PACKAGE...: installs the packages that are missing on this machine.
need_packages()
{
	local package missing=()
	for package in "$@"; do
		is_installed "$package" || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] || die "must be run as root to install ${missing[*]}"
	say "installing ${missing[*]}"
	{ apt_update && apt install -y --no-install-recommends "${missing[@]}"; } \
		>"$cache/apt.log" 2>&1 ||
		die_with_log "$cache/apt.log" "cannot install ${missing[*]}: check the network and apt's sources"
}

prepare_host()
{
	[ "$(id -u)" = 0 ] || die "must be run as root: it makes and mounts root file systems"
	mkdir -p "$cache/logs"
	need_packages mmdebstrap erofs-utils cpio rsync xz-utils zstd git make perl ca-certificates \
		debian-archive-keyring
}

# copy_sources FROM TO [RSYNC OPTION...]: copies a checkout; ignored files are neither copied nor
# deleted.
copy_sources()
{
	local from=$1 to=$2
	shift 2
	mkdir -p "$to"
	rsync -a --delete --exclude=/.git --filter=':- .gitignore' "$@" "$from/" "$to/"
}

# make_disk DIR FILE LOG: makes a disk image of a directory. With a shared directory each open()
# would be a request to the emulator, and a program's start would take twice as long.
make_disk()
{
	mkfs.erofs "$2" "$1" >"$3" 2>&1 || die_with_log "$3" "mkfs.erofs failed"
}

# locked NAME COMMAND...: runs a function under a lock of this machine.
locked()
{
	local name=$1
	shift
	(
		flock -n 9 || { say "waiting for another process that makes $name"; flock 9; }
		"$@" 9>&-
	) 9>"$cache/$name.lock"
}
