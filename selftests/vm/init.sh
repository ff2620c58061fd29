#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The first process of a virtual machine, in its initramfs: mounts the root (an overlay of the first
# disk, which is read-only, and a tmpfs) and executes guest.sh.
# shellcheck shell=dash disable=SC2093
bb=/bin/busybox

fail()
{
	echo "init: $*" >/dev/console
	$bb reboot -f
}

mount_disk()
{
	$bb mount -t erofs -o ro "$1" "$2"
}

$bb mount -t proc proc /proc
$bb mount -t sysfs sysfs /sys
$bb mount -t devtmpfs devtmpfs /dev 2>/dev/null
for module in /lib/*.ko; do
	[ ! -e "$module" ] || $bb insmod "$module" || fail "insmod $module"
done
mount_disk /dev/vda /lower || fail "cannot mount the root disk"
$bb mount -t tmpfs -o size=75% tmpfs /upper
$bb mkdir -p /upper/root /upper/work /upper/mlu /upper/mlu-work /upper/mlu-lower
$bb mount -t overlay -o lowerdir=/lower,upperdir=/upper/root,workdir=/upper/work overlay /root ||
	fail "cannot mount the overlay of the root"
mount_disk /dev/vdb /upper/mlu-lower || fail "cannot mount the share"
$bb mount -t overlay -o lowerdir=/upper/mlu-lower,upperdir=/upper/mlu,workdir=/upper/mlu-work \
	overlay /root/mlu || fail "cannot mount the overlay of the share"
for dir in proc sys dev; do
	$bb mount --move /$dir /root/$dir
done
exec $bb switch_root /root /bin/bash /mlu/guest.sh
fail "switch_root"
