# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The first process of a virtual machine after init.sh. Runs /mlu/command in the copied tree, with
# its output on the port "output". Then unloads the module, searches the kernel's log for errors,
# and writes the verdict to the port "verdict": the first line is "begin", the last one "end",
# which is missing if the machine crashed.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LANG=C.UTF-8 KSELFTEST_DIR=/mlu/kselftest

port_path()
{
	local dir
	for dir in /sys/class/virtio-ports/*; do
		[ "$(<"$dir/name")" != "$1" ] || echo "/dev/${dir##*/}"
	done
}

mount_filesystems()
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

unload_module()
{
	[ -d /sys/module/memleak_user ] || return 0
	timeout 120 rmmod memleak_user
}

# Keeps kmemleak's file open, since it cannot be opened under lockdown. Turns periodic scans off:
# they take seconds under emulation, and those at the end suffice.
start_kmemleak()
{
	local file=/sys/kernel/debug/kmemleak
	[ -e $file ] || return 0
	exec 4<>$file
	echo scan=off >&4
}

# kmemleak needs two scans, and reports only blocks that are at least five seconds old.
scan_kmemleak()
{
	local began=$SECONDS
	[ -e /proc/self/fd/4 ] || return 0
	echo scan >&4 || return
	while [ $SECONDS -lt $((began + 7)) ]; do
		sleep 0.5
	done
	echo scan >&4 && cat <&4
}

# Prints the errors in the kernel's log; see the file "splats". Of KCSAN's reports only those
# count that name a function of a module, which is followed by the module's name in brackets.
find_splats()
{
	dmesg >/run/dmesg
	grep -a -n -E -f /mlu/splats /run/dmesg | grep -v 'BUG: KCSAN: [^[]*$'
}

write_verdict()
{
	local status=$1 found leaks
	unload_module || echo "problem the module could not be unloaded" >&3
	leaks=$(scan_kmemleak) || echo "problem the kmemleak scan failed" >&3
	[ -z "$leaks" ] || printf 'problem kernel memory leaked\n%s\n' "$leaks" >&3
	if found=$(find_splats); then
		printf 'problem the kernel reported errors\n%s\n' "$found" >&3
	fi
	printf 'status %s\nend\n' "$status" >&3
}

# A port can be opened only once, but programs may open /dev/stdout: the output goes through a FIFO.
# Processes that the command leaves behind may keep it open: wait for at most five seconds.
run_command()
{
	local status reader
	mkfifo /run/output
	cat /run/output >"$(port_path output)" 3>&- 4<&- &
	reader=$!
	setsid bash /mlu/command </dev/null >/run/output 2>&1 3>&- 4<&-
	status=$?
	timeout 5 tail --pid=$reader -f /dev/null
	return $status
}

mount_filesystems
start_kmemleak
exec 3>"$(port_path verdict)"
echo begin >&3
cd /mlu/memleak_user || exit
run_command
write_verdict $?
exec 3>&- 4<&-
echo o >/proc/sysrq-trigger
sleep 10
