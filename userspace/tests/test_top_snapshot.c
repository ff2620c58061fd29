// SPDX-License-Identifier: GPL-2.0-only
/* Reading a made /proc and made cgroups. */
#include "tap.h"
#include "top_snapshot.h"
#include "top_tree.h"

#define MIB (1024ULL * 1024)
#define NO_MEMORY UINT64_MAX
#define KERNEL_THREAD 0x00200040
#define MOUNTINFO "30 26 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"

static struct mu_top_snapshot read_snapshot(void)
{
	struct mu_top_snapshot s;

	tap_ok(mu_top_snapshot_read(&s, tree_fd, 77), "the tree can be read");
	return s;
}

static const struct mu_top_process *find_process(const struct mu_top_snapshot *s, pid_t pid)
{
	for (size_t i = 0; i < s->nr; i++)
		if (s->processes[i].pid == pid)
			return &s->processes[i];
	return NULL;
}

static void test_no_proc(void)
{
	struct mu_top_snapshot s;

	tap_ok(!mu_top_snapshot_read(&s, tree_fd, 0), "without /proc nothing is read");
}

static void put_machine(void)
{
	put_file("proc/meminfo",
		 "MemTotal:       16000 kB\nMemFree:  1 kB\nMemAvailable:    9000 kB\n"
		 "SwapTotal:       4000 kB\nSwapFree:        3000 kB\n"
		 "Shmem:             50 kB\nSUnreclaim:        40 kB\n");
	put_file("proc/vmstat", "nr_free_pages 1\noom_kill_x 9\noom_kill 3\n");
	put_file("proc/pressure/memory", "some avg10=1.25 avg60=0.00 avg300=0.00 total=9\n"
					 "full avg10=10.07 avg60=0.00 avg300=0.00 total=9\n");
}

static void test_machine(void)
{
	struct mu_top_snapshot s;
	const struct mu_top_machine *m = &s.machine;

	put_machine();
	s = read_snapshot();
	is_number(s.ms, 77, "the snapshot has the time");
	tap_ok(m->total == 16000 * 1024 && m->available == 9000 * 1024, "memory is read");
	tap_ok(m->swap_total == 4000 * 1024 && m->swap_used == 1000 * 1024, "swap is read");
	tap_ok(m->slab == 40 * 1024 && m->shmem == 50 * 1024, "slab and tmpfs are read");
	tap_ok(m->has_oom_kills && m->oom_kills == 3, "OOM kills are read");
	tap_ok(m->has_psi && m->psi_some == 125 && m->psi_full == 1007, "pressure is read");
	mu_top_snapshot_free(&s);
	put_file("proc/pressure/memory", "");
	put_file("proc/vmstat", "");
	s = read_snapshot();
	tap_ok(!m->has_psi && !m->has_oom_kills, "pressure and OOM kills may be missing");
	mu_top_snapshot_free(&s);
	put_machine();
}

static void test_processes(void)
{
	const struct mu_top_process *p;
	struct mu_top_snapshot s;

	put_process(20, "app", "S3", 0x400000, 1000, 24, "0::/a\n");
	put_process(3, "a) R (b\n", "R1", 0, 7, 0, "1:name=x:/v1\n0::/a\n");
	put_process(4, "kworker", "I1", KERNEL_THREAD, NO_MEMORY, 0, "0::/\n");
	put_process(5, "zombie", "Z1", 0, NO_MEMORY, 0, "0::/\n");
	put_process(6, "leader", "Z2", 0, NO_MEMORY, 0, "0::/b/c\n");
	put_file("proc/6/task/6/status", "Name:\tx\n");
	put_file("proc/6/task/7/status", "Name:\tx\nRssAnon:\t5 kB\nVmSwap:\t1 kB\n");
	put_process(8, "v1", "S1", 0, 8, 0, "4:memory:/x\n");
	put_process(9, "itself", "S1", 0, 8, 0, "0::/\n");
	put_link("proc/self", "9");
	put_file("proc/10/stat", "10 (cut");
	put_file("proc/sys/kernel/pid_max", "99");
	s = read_snapshot();
	is_number(s.nr, 4, "processes with memory are read, and nothing else");
	is_number(s.unreadable, 0, "a process that vanishes is not unreadable");
	p = find_process(&s, 20);
	tap_ok(p && p->bytes == MIB && p->start == 2000, "memory and start time are read");
	p = find_process(&s, 3);
	is_text(p ? p->name : NULL, "a) R (b\n", "a name may contain parentheses and newlines");
	tap_ok(p && p->start == 300, "and does not hide the columns behind it");
	p = find_process(&s, 6);
	tap_ok(p && p->bytes == 6 * 1024, "memory is read if the first thread has exited");
	is_text(p ? s.cgroups[p->cgroup].path : NULL, "/b/c", "the cgroup is read");
	p = find_process(&s, 8);
	is_text(p ? s.cgroups[p->cgroup].path : NULL, "-", "cgroup v1 is shown as none");
	tap_ok(s.processes[0].pid == 3 && s.processes[3].pid == 20, "processes are sorted by PID");
	tap_ok(s.nr_cgroups == 3 && !strcmp(s.cgroups[1].path, "/a") && s.cgroups[1].nr == 2 &&
		       s.cgroups[1].bytes == 1031 * 1024,
	       "each cgroup has the sum of its processes");
	is_number(s.cgroups[1].left, MU_TOP_NO_LIMIT, "no limit is known without a mount");
	mu_top_snapshot_free(&s);
}

static uint64_t left_of(const char *path)
{
	struct mu_top_snapshot s = read_snapshot();
	uint64_t left = 0;

	for (size_t i = 0; i < s.nr_cgroups; i++)
		if (!strcmp(s.cgroups[i].path, path))
			left = s.cgroups[i].left;
	mu_top_snapshot_free(&s);
	return left;
}

static void test_limits(void)
{
	put_file("proc/self/mountinfo", "");
	unlinkat(tree_fd, "proc/self", 0);
	put_file("proc/self/mountinfo", "22 26 0:21 / /sys rw - sysfs sys rw\n" MOUNTINFO);
	put_file("sys/fs/cgroup/b/c/memory.max", "max\n");
	is_number(left_of("/b/c"), MU_TOP_NO_LIMIT, "a cgroup may have no limit");
	put_file("sys/fs/cgroup/b/c/memory.max", "104857600\n");
	put_file("sys/fs/cgroup/b/c/memory.current", "83886080\n");
	is_number(left_of("/b/c"), 20 * MIB + 3000 * 1024, "memory and free swap are left");
	put_file("sys/fs/cgroup/b/c/memory.swap.max", "1048576\n");
	put_file("sys/fs/cgroup/b/c/memory.swap.current", "524288\n");
	is_number(left_of("/b/c"), 20 * MIB + 524288, "swap may have a limit, too");
	put_file("sys/fs/cgroup/b/c/memory.swap.max", "0\n");
	put_file("sys/fs/cgroup/b/c/memory.stat",
		 "anon 1\nfile 9999999\nactive_file 1048576\ninactive_file 2097152\n"
		 "slab_reclaimable 3145728\n");
	is_number(left_of("/b/c"), 26 * MIB, "memory that can be reclaimed is left");
	put_file("sys/fs/cgroup/b/memory.max", "100\n");
	put_file("sys/fs/cgroup/b/memory.current", "200\n");
	put_file("sys/fs/cgroup/b/memory.swap.max", "0\n");
	is_number(left_of("/b/c"), 0, "the limits of cgroups above it hold");
	is_number(left_of("-"), MU_TOP_NO_LIMIT, "a process in no cgroup has no limit");
}

/* In a container, the mounted cgroup may be that of the container. */
static void test_container(void)
{
	put_file("proc/self/mountinfo", "30 26 0:28 /b /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
	put_file("sys/fs/cgroup/memory.max", "1000\n");
	put_file("sys/fs/cgroup/memory.current", "900\n");
	put_file("sys/fs/cgroup/memory.swap.max", "0\n");
	is_number(left_of("/b/c"), 100, "paths are those below the mounted cgroup");
	is_number(left_of("/a"), MU_TOP_NO_LIMIT, "a cgroup outside of it is not read");
	put_file("proc/self/mountinfo", MOUNTINFO);
	put_process(20, "app", "S3", 0, 1000, 24, "0::/../other\n");
	is_number(left_of("/../other"), MU_TOP_NO_LIMIT, "nor is one above the namespace");
}

static void test_unreadable(void)
{
	struct mu_top_snapshot s;

	if (fchmodat(tree_fd, "proc/20/status", 0, 0) || (!geteuid() && seteuid(65534)))
		perror("proc/20/status");
	chmod(tree, 0755);
	s = read_snapshot();
	is_number(s.unreadable, 1, "a process that may not be read is counted");
	is_number(s.nr, 4, "all others are read");
	mu_top_snapshot_free(&s);
	if (!getuid() && seteuid(0))
		perror("seteuid");
}

int main(void)
{
	if (!make_tree())
		return 1;
	chmod(tree, 0755);
	test_no_proc();
	test_machine();
	test_processes();
	test_limits();
	test_container();
	test_unreadable();
	remove_tree();
	return done_testing();
}
