# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The tested kernels: the paths of the image (uncompressed), of the modules, and of the headers
# that modules are built against. Sourced after lib.sh. Stock kernels are in the root file
# systems; "debug" and "kcsan" are built by the script debug-kernel.
# shellcheck disable=SC2034,SC2154 # variables of the scripts that source this

# kernel_select NAME: sets root, release, image, modules, kernel_tree and kdir (inside the root).
# MLU_ROOT in the environment is another root file system with this kernel, with its disk image.
kernel_select()
{
	local suite
	suite=$(kernel_field "$1" 2)
	[ -n "$suite" ] || die "unknown kernel $1: one of $(kernel_names)"
	root=${MLU_ROOT:-$("$vm/root" "$suite")} ||
		die "cannot make the root file system of $suite"
	case $1 in
	debug | kcsan) kernel_debug "$1" ;;
	*) kernel_stock "$(kernel_field "$1" 5)" ;;
	esac
}

kernel_stock()
{
	local dirs=("$root/lib/modules/$1"*)
	[ -e "$root/usr/src/linux-headers-${dirs[-1]##*/}" ] || die "kernel $1 is missing in $root"
	release=${dirs[-1]##*/}
	image=$("$vm/vmlinux" "$root/boot/vmlinuz-$release") || die "cannot unpack the image of $release"
	modules=$root/lib/modules/$release
	kdir=/lib/modules/$release/build
	kernel_tree=
}

# "enter" mounts its build tree at /kernel.
kernel_debug()
{
	kernel_tree=$("$vm/debug-kernel" "$1") || die "cannot build the $1 kernel"
	release=$(cat "$kernel_tree/include/config/kernel.release")
	image=$kernel_tree/vmlinux
	modules=
	kdir=/kernel
}
