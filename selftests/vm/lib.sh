# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the scripts of this room have in common; sourced by all of them.
#
# Everything that takes long to make is kept outside the checkout, in the cache, under a name that
# holds a hash of what it was made from, and moved into place when it is whole: what was
# interrupted never counts, what has changed is made anew.  MLU_CACHE moves the cache.
# shellcheck disable=SC2034 # used where this is sourced

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$vm/../.." && pwd)
cache=${MLU_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/memleak_user}

# kernel_rows [AWK CONDITION]: the lines of the table of kernels for which it holds.
kernel_rows()
{
	awk "!/^#/ && NF && (${1:-1})" "$vm/kernels"
}

# kernel_field NAME NUMBER: nothing for a kernel that is not in the table.
kernel_field()
{
	kernel_rows "\$1 == \"$1\"" | awk -v n="$2" '{ print $n }'
}

# kernel_names [AWK CONDITION]: on one line, for a loop or a usage text.
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

# hash_of FILE...: twelve digits that change when one of the files does.
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

# need_packages PACKAGE...: installs what this machine lacks of them.
need_packages()
{
	local package missing=()
	for package in "$@"; do
		is_installed "$package" || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] || die "not root, and these packages are missing: ${missing[*]}"
	say "installing ${missing[*]}"
	{ apt update && apt install -y --no-install-recommends "${missing[@]}"; } \
		>"$cache/apt.log" 2>&1 || die "apt-get failed, see $cache/apt.log"
}

prepare_host()
{
	[ "$(id -u)" = 0 ] || die "must be run as root: it makes a root file system and mounts it"
	mkdir -p "$cache/logs"
	need_packages mmdebstrap erofs-utils cpio rsync xz-utils zstd git make perl ca-certificates \
		debian-archive-keyring
}

# copy_sources FROM TO [OPTION...]: of a checkout; what is in .gitignore is neither copied nor deleted.
copy_sources()
{
	local from=$1 to=$2
	shift 2
	mkdir -p "$to"
	rsync -a --delete --exclude=/.git --filter=':- .gitignore' "$@" "$from/" "$to/"
}

# make_disk DIR FILE LOG: what a machine takes for a disk.  A shared directory would cost it a question to
# the emulator for each file that is opened, and a program's start twice the time.
make_disk()
{
	mkfs.erofs "$2" "$1" >"$3" 2>&1 || die "mkfs.erofs failed, see $3"
}

# locked NAME COMMAND...: one at a time on this machine, the others wait.
locked()
{
	local name=$1
	shift
	(
		flock -n 9 || { say "waiting for another one that makes $name"; flock 9; }
		"$@" 9>&-
	) 9>"$cache/$name.lock"
}
