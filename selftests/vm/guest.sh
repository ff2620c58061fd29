# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The first process of a machine once its root stands.  Runs /mlu/command in the copied tree, its
# output on the port "output".  Then takes the module out, looks for splats, and writes the verdict
# to the port "verdict": "begin" is its first word, "end" its last, which a machine that died lacks.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LANG=C.UTF-8 KSELFTEST_DIR=/mlu/kselftest

port()
{
	local dir
	for dir in /sys/class/virtio-ports/*; do
		[ "$(<"$dir/name")" != "$1" ] || echo "/dev/${dir##*/}"
	done
}

mounts()
{
	mkdir -p /dev/pts /dev/shm /run /tmp
	busybox mount -t devpts -o ptmxmode=666 devpts /dev/pts
	ln -sf /proc/self/fd /dev/fd
	ln -sf /proc/self/fd/0 /dev/stdin
	ln -sf /proc/self/fd/1 /dev/stdout
	ln -sf /proc/self/fd/2 /dev/stderr
	busybox mount -t tmpfs -o mode=1777 tmpfs /dev/shm
	busybox mount -t tmpfs -o mode=1777 tmpfs /tmp
	busybox mount -t tmpfs -o mode=755 tmpfs /run
	busybox mount -t debugfs debugfs /sys/kernel/debug
	busybox mount -t securityfs securityfs /sys/kernel/security 2>/dev/null
	busybox mount -t cgroup2 cgroup2 /sys/fs/cgroup
	hostname memleak
	busybox ip link set lo up 2>/dev/null
}

unload()
{
	[ -d /sys/module/memleak_user ] || return 0
	timeout 120 rmmod memleak_user
}

# The file of kmemleak stays open: behind lockdown it cannot be opened any more.  A scan takes seconds of
# an emulated processor: those at the end must do.
begin_scans()
{
	local file=/sys/kernel/debug/kmemleak
	[ -e $file ] || return 0
	exec 4<>$file
	echo scan=off >&4
}

# kmemleak wants two scans to be sure of what it says, the second when all blocks are five seconds old.
scan_memory()
{
	local began=$SECONDS
	[ -e /proc/self/fd/4 ] || return 0
	echo scan >&4 || return
	while [ $SECONDS -lt $((began + 7)) ]; do
		sleep 0.5
	done
	echo scan >&4 && cat <&4
}

# What the kernel said that it must not say; see splats.  Data races are many: those count that have a
# module's function on one side, which stands in brackets behind it.
splats()
{
	dmesg >/run/dmesg
	grep -a -n -E -f /mlu/splats /run/dmesg | grep -v 'BUG: KCSAN: [^[]*$'
}

finish()
{
	local status=$1 found leaks
	unload || echo "problem the module could not be unloaded" >&3
	leaks=$(scan_memory) || echo "problem the memory could not be searched" >&3
	[ -z "$leaks" ] || printf 'problem kernel memory leaked\n%s\n' "$leaks" >&3
	if found=$(splats); then
		printf 'problem the kernel complained\n%s\n' "$found" >&3
	fi
	printf 'status %s\nend\n' "$status" >&3
}

# A port can be opened once only, and a program may want to open its stdout: a fifo lies between.
# What the command leaves running may hold it open: that is not waited for.
run()
{
	local status reader
	mkfifo /run/output
	cat /run/output >"$(port output)" 3>&- 4<&- &
	reader=$!
	setsid bash /mlu/command </dev/null >/run/output 2>&1 3>&- 4<&-
	status=$?
	timeout 5 tail --pid=$reader -f /dev/null
	return $status
}

mounts
begin_scans
exec 3>"$(port verdict)"
echo begin >&3
cd /mlu/memleak_user || exit
run
finish $?
exec 3>&- 4<&-
echo o >/proc/sysrq-trigger
sleep 10
