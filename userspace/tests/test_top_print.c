// SPDX-License-Identifier: GPL-2.0-only
/* Rows to lines. */
#include "tap.h"
#include "top_format.h"
#include "top_made.h"
#include "top_print.h"

#define ID "3fa1b2c3d4e5f60718293a4b5c6d7e8f3fa1b2c3d4e5f60718293a4b5c6d7e8f"

static struct mu_top_row make_row(pid_t pid, const char *name, const char *cgroup)
{
	return (struct mu_top_row){
		.pid = { pid },
		.nr_pids = 1,
		.name = name,
		.cgroup = cgroup,
		.processes = 1,
		.bytes = 812 * MIB,
		.trend = { .change = 61 * MIB,
			   .per_minute = 12.2 * MIB,
			   .grew = 12,
			   .intervals = 12,
			   .ms = 60000 },
		.full_ms = 250 * 60000,
		.allocator = "libc",
	};
}

static struct mu_top_table make_table(const struct mu_top_row *rows, size_t nr)
{
	return (struct mu_top_table){
		.time = "03:12:45",
		.machine = { .now = { .total = 16 * GIB,
				      .available = 3 * GIB,
				      .slab = 410 * MIB,
				      .shmem = 80 * MIB },
			     .available = { .per_minute = -42.0 * MIB, .ms = 115000 } },
		.rows = rows,
		.nr = nr,
		.shown = nr,
		.width = 80,
	};
}

/* Return: the table, to be freed. */
static char *print_table(const struct mu_top_table *t)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	mu_top_print(out, t);
	fclose(out);
	return text;
}

static size_t longest_line(const char *text)
{
	size_t longest = 0;

	for (; *text; text += strcspn(text, "\n") + 1)
		if (strcspn(text, "\n") > longest)
			longest = strcspn(text, "\n");
	return longest;
}

static size_t count_lines(const char *text)
{
	size_t nr = 0;

	for (; *text; text++)
		nr += *text == '\n';
	return nr;
}

static void shows_line(const struct mu_top_table *t, const char *line, const char *claim)
{
	char *text = print_table(t);
	char *wanted = mu_format("\n%s\n", line);

	if (!tap_ok(strstr(text, wanted), claim))
		printf("#  wanted: %s\n#     got: %s\n", line, text);
	free(wanted);
	free(text);
}

static void test_whole(void)
{
	const struct mu_top_row row = make_row(12512, "app", "/docker/" ID);
	struct mu_top_table t = make_table(&row, 1);
	char *text = print_table(&t);

	is_text(text,
		"[03:12:45] Top 1 of 1 processes by growth in 1m55s:\n"
		"available 3.0G/16.0G -42.0M/min, swap -, OOM kills -\n"
		"kernel slab 410M 0K/min, tmpfs 80.0M 0K/min, PSI -\n"
		"    PID NAME       CGROUP       MEMORY CHANGE MIB/MIN  GREW FULL IN ALLOCATOR\n"
		"  12512 app        3fa1b2c3d4e5   812M +61.0M    12.2 12/12   4h10m libc\n"
		"next: memleak-user -p 12512\n",
		"the whole table");
	free(text);
}

static void test_machine(void)
{
	struct mu_top_table t = make_table(NULL, 0);

	t.machine.now.swap_total = 4 * GIB;
	t.machine.now.swap_used = GIB;
	t.machine.swap.per_minute = 8.0 * MIB;
	t.machine.now.has_oom_kills = true;
	t.machine.now.oom_kills = 3;
	t.machine.oom_kills.change = 1;
	t.machine.now.has_psi = true;
	t.machine.now.psi_some = 1234;
	t.machine.now.psi_full = 40;
	shows_line(&t,
		   "available 3.0G/16.0G -42.0M/min, swap 1.0G/4.0G +8.0M/min, OOM kills 3 (+1)",
		   "swap and OOM kills");
	shows_line(&t, "kernel slab 410M 0K/min, tmpfs 80.0M 0K/min, PSI some 12.3% full 0.4%",
		   "pressure");
	t.machine.oom_kills.change = -2;
	shows_line(&t, "available 3.0G/16.0G -42.0M/min, swap 1.0G/4.0G +8.0M/min, OOM kills 3",
		   "a counter that goes backwards is shown without a difference");
	shows_line(&t, "no process grows steadily", "without a process there is no next command");
	t.machine.slab.per_minute = 20.0 * MIB;
	shows_line(&t, "the kernel's slab grows most, by +20.0M/min: see slabtop",
		   "a leak in the kernel is not looked for in a process");
	t.machine.shmem.per_minute = 30.0 * MIB;
	shows_line(&t, "tmpfs and shared memory grow most, by +30.0M/min: see df -t tmpfs, ipcs -m",
		   "nor is one in tmpfs");
	t.unreadable = 1;
	shows_line(&t, "1 process could not be read: run as root",
		   "unreadable processes are counted");
}

/* The longest texts, and values at the limits of their columns. */
static void test_width(void)
{
	const char *name = "\033[2J\n\t\377\\xyzxyzx", *path = "/a.slice/b\n\033]0;title\a.service";
	struct mu_top_row rows[20];
	struct mu_top_table t = make_table(rows, 20);
	char *text;

	for (size_t i = 0; i < 20; i++) {
		rows[i] = make_row(4194304, name, path);
		rows[i].bytes = 1023 * MIB;
		rows[i].trend.change = -1023 * (int64_t)MIB;
		rows[i].trend.per_minute = 99999.9 * MIB;
		rows[i].trend.intervals = 23;
		rows[i].trend.grew = 23;
		rows[i].full_ms = 99 * 86400000ULL + 23 * 3600000;
		rows[i].allocator = "tcmalloc_minimal_debug,libc no:Go";
	}
	t.unreadable = 12345;
	t.machine.now.has_psi = true;
	t.machine.now.psi_some = 10000;
	t.machine.shmem.per_minute = 1e15;
	text = print_table(&t);
	is_number(longest_line(text), 80, "no line is longer than the terminal is wide");
	is_number(count_lines(text), 20 + MU_TOP_OTHER_LINES,
		  "the table has at most as many lines as are reserved");
	tap_ok(!strpbrk(text, "\033\377\a"), "names are safe to print");
	free(text);
	t.by_cgroup = true;
	text = print_table(&t);
	is_number(longest_line(text), 80, "nor are lines of cgroups");
	free(text);
	t.width = 30;
	text = print_table(&t);
	is_number(longest_line(text), 30, "a narrow terminal cuts lines");
	free(text);
}

static void test_names(void)
{
	struct mu_top_row row = make_row(7, "systemd-journal",
					 "/system.slice/nginx-backend.service");
	struct mu_top_table t = make_table(&row, 1);

	shows_line(&t, "      7 systemd-j+ nginx-backe+   812M +61.0M    12.2 12/12   4h10m libc",
		   "long names are cut at 80 columns");
	t.width = 100;
	shows_line(&t,
		   "      7 systemd-journal nginx-backend   812M +61.0M    12.2 12/12   4h10m libc",
		   "on a wide terminal they are not");
	t.width = SIZE_MAX;
	row.name = "a\nb";
	row.allocator = "jemalloc,libc no:Go";
	shows_line(&t,
		   "      7 a\\012b     nginx-backend   812M +61.0M    12.2 12/12   4h10m jemalloc,libc no:Go",
		   "nothing is cut in a pipe");
	row.cgroup = "/";
	row.name = "";
	row.allocator = "";
	shows_line(&t, "      7            /              812M +61.0M    12.2 12/12   4h10m",
		   "names may be empty");
}

static void is_cgroup(const char *path, const char *wanted)
{
	char *got = mu_top_cgroup_name(path);

	is_text(got, wanted, "a cgroup has a short name");
	free(got);
}

static void test_cgroup_names(void)
{
	is_cgroup("/", "/");
	is_cgroup("-", "-");
	is_cgroup("/system.slice/ssh.service", "ssh");
	is_cgroup("/user.slice/user-0.slice/session-1.scope", "session-1");
	is_cgroup("/kubepods.slice/cri-containerd-" ID ".scope", "3fa1b2c3d4e5");
	is_cgroup("/docker/" ID, "3fa1b2c3d4e5");
	is_cgroup("/a/b\033c", "b\\033c");
	is_cgroup("/x/.scope", ".scope");
}

static void test_groups(void)
{
	struct mu_top_row row = make_row(5, "", "/kubepods.slice/kubepods-burstable.slice/web");
	struct mu_top_table t = make_table(&row, 1);

	row.pid[1] = 6;
	row.nr_pids = 2;
	row.processes = 42;
	t.by_cgroup = true;
	shows_line(&t,
		   "  PROCS CGROUP                               MEMORY CHANGE MIB/MIN  GREW FULL IN",
		   "the columns of cgroups");
	shows_line(&t,
		   "     42 +.slice/kubepods-burstable.slice/web   812M +61.0M    12.2 12/12   4h10m",
		   "the end of a long path is shown");
	row.allocator = NULL;
	shows_line(&t, "next: memleak-user -p 5,6", "the next command has the processes that grow");
}

static void test_next(void)
{
	struct mu_top_row rows[3] = { make_row(1, "go", "/"), make_row(2, "b", "/"),
				      make_row(3, "c", "/") };
	struct mu_top_table t = make_table(rows, 3);

	rows[0].allocator = "no:Go";
	shows_line(&t, "next: memleak-user -p 2",
		   "a process that cannot be traced is not suggested");
	rows[1].allocator = "?";
	shows_line(&t, "next: memleak-user -p 2", "one that could not be read is");
	rows[1].trend.per_minute = 1000;
	shows_line(&t, "next: memleak-user -p 3", "one that hardly grows is not");
	rows[2].allocator = "no:static";
	shows_line(&t, "no process that grows can be traced, see ALLOCATOR",
		   "then there is no command");
	rows[0].trend.per_minute = -1000;
	shows_line(&t, "      1 go         /              812M +61.0M     0.0 12/12   4h10m no:Go",
		   "a slope that is nearly zero has no sign");
}

static void is_size(double bytes, const char *wanted)
{
	char text[MU_TOP_TEXT_MAX];

	mu_top_format_size(text, bytes, true);
	is_text(text, wanted, "a size is printed in few columns");
}

static void is_time(uint64_t ms, const char *wanted)
{
	char text[MU_TOP_TEXT_MAX];

	mu_top_format_time(text, ms);
	is_text(text, wanted, "a time is printed in few columns");
}

static void test_quantities(void)
{
	is_size(0, "0K");
	is_size(-100, "0K");
	is_size(1024, "+1K");
	is_size(999 * 1024, "+999K");
	is_size(1000 * 1024, "+1.0M");
	is_size(-99.9 * MIB, "-99.9M");
	is_size(99.96 * MIB, "+100M");
	is_size(999.6 * MIB, "+1.0G");
	is_size(2.5 * GIB, "+2.5G");
	is_size(1e19, "+8882P");
	is_time(0, "0ms");
	is_time(59999, "59s");
	is_time(60000, "1m00s");
	is_time(3599999, "59m59s");
	is_time(3600000, "1h00m");
	is_time(86400000, "1d00h");
	is_time(100 * 86400000ULL, ">99d");
	is_time(MU_TOP_NEVER, "-");
}

int main(void)
{
	test_whole();
	test_machine();
	test_width();
	test_names();
	test_cgroup_names();
	test_groups();
	test_next();
	test_quantities();
	return done_testing();
}
