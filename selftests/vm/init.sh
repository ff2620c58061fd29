#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The first process of a machine, in its initramfs: puts the root together (the first disk,
# read-only, below a tmpfs that takes what is written) and hands over to guest.sh.
# shellcheck shell=dash disable=SC2093
bb=/bin/busybox

fail()
{
	echo "init: $*" >/dev/console
	$bb reboot -f
}

disk()
{
	$bb mount -t erofs -o ro "$1" "$2"
}

$bb mount -t proc proc /proc
$bb mount -t sysfs sysfs /sys
$bb mount -t devtmpfs devtmpfs /dev 2>/dev/null
for module in /lib/*.ko; do
	[ ! -e "$module" ] || $bb insmod "$module" || fail "insmod $module"
done
disk /dev/vda /lower || fail "no root"
$bb mount -t tmpfs -o size=75% tmpfs /upper
$bb mkdir -p /upper/root /upper/work /upper/mlu /upper/mlu-work /upper/mlu-lower
$bb mount -t overlay -o lowerdir=/lower,upperdir=/upper/root,workdir=/upper/work overlay /root ||
	fail "no overlay"
disk /dev/vdb /upper/mlu-lower || fail "no share"
$bb mount -t overlay -o lowerdir=/upper/mlu-lower,upperdir=/upper/mlu,workdir=/upper/mlu-work \
	overlay /root/mlu || fail "no overlay on the share"
for dir in proc sys dev; do
	$bb mount --move /$dir /root/$dir
done
exec $bb switch_root /root /bin/bash /mlu/guest.sh
fail "switch_root"
