# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernels that are tested: where each has its image (one that no machine has to unpack), its modules
# and what modules are built against; sourced after lib.sh.  They are the root's own; "debug" and
# "kcsan" are made by the script debug-kernel.
# shellcheck disable=SC2034,SC2154 # set here and used there, and the other way round

# kernel_select NAME: sets root, release, image, modules and kdir (as seen inside the root).
kernel_select()
{
	local suite
	suite=$(kernel_field "$1" 2)
	[ -n "$suite" ] || die "unknown kernel $1: one of $(kernel_names)"
	root=$("$vm/root" "$suite") || die "no root of $suite"
	case $1 in
	debug | kcsan) kernel_debug "$1" ;;
	*) kernel_stock "$(kernel_field "$1" 5)" ;;
	esac
}

kernel_stock()
{
	local dirs=("$root/lib/modules/$1"*)
	[ -e "$root/usr/src/linux-headers-${dirs[-1]##*/}" ] || die "the root has no kernel $1"
	release=${dirs[-1]##*/}
	image=$("$vm/vmlinux" "$root/boot/vmlinuz-$release") || die "no image of $release"
	modules=$root/lib/modules/$release
	kdir=/lib/modules/$release/build
	kernel_tree=
}

# Its tree is bound where the root is entered.
kernel_debug()
{
	kernel_tree=$("$vm/debug-kernel" "$1") || die "no $1 kernel"
	release=$(cat "$kernel_tree/include/config/kernel.release")
	image=$kernel_tree/vmlinux
	modules=
	kdir=/kernel
}
