// SPDX-License-Identifier: GPL-2.0-only
/*
 * Another tracer has probes with a reference counter on the same functions, as USDT probes have
 * and as bcc's tools pass by mistake. The kernel allows several probes on one instruction only if
 * their counters are equal. So we probe another instruction of the function if possible, and are
 * refused otherwise; a tracer that comes later is refused on our instruction.
 *
 * The tracer is perf_event_open(2), as used by bcc, bpftrace and perf. The counters are in the ELF
 * header, which no process maps writable: the kernel does not change them.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"

#define PMU "/sys/bus/event_source/devices/uprobe/type"

enum { NO_COUNTER = 0, COUNTER_OF_BCC = 6, COUNTER = 8 };

struct function {
	const char *name;
	bool returns; /* memleak of bcc probes its return, too */
};

static const struct function functions[] = {
	{ "malloc", true },	    { "calloc", true }, { "realloc", true },
	{ "posix_memalign", true }, { "mmap", true },	{ "free", false },
};

enum { MALLOC, CALLOC, REALLOC, POSIX_MEMALIGN, MMAP, FREE, FUNCTIONS };

static unsigned int pmu_type(void)
{
	FILE *file = fopen(PMU, "r");
	unsigned int type = 0;

	if (file && fscanf(file, "%u", &type) != 1)
		type = 0;
	if (file)
		fclose(file);
	return type;
}

/* Looks it up in libc: &function in this program may be an entry of its procedure linkage table. */
static const void *address_of(int function)
{
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	void *code = libc ? dlsym(libc, functions[function].name) : NULL;

	if (!code)
		mst_die("%s: %s", functions[function].name, dlerror());
	return code;
}

/* Opens a probe @skip bytes into the function. Return: a descriptor or a negative errno. */
static int other_probe(pid_t pid, int function, unsigned long skip, bool at_return,
		       unsigned long counter)
{
	struct perf_event_attr attr = { .size = sizeof(attr), .type = pmu_type() };
	char file[256];
	int fd;

	attr.config = at_return | (unsigned long long)counter << 32;
	attr.config2 = mst_place_in_file(address_of(function), file) + skip;
	attr.config1 = (unsigned long)file;
	fd = syscall(SYS_perf_event_open, &attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static long long probe_hits(int fd)
{
	long long count = -1;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : -1;
}

/* Return: the offset of our probe in a function of libc, -1 if we have none. */
static long our_offset(pid_t pid, int function)
{
	char line[4096] = "", what[128], file[256];
	unsigned long at = 0;
	const char *found;

	snprintf(what, sizeof(what), " %s %s+0x", functions[function].name, mst_libc());
	if (!mst_line(mst_id(pid), line, sizeof(line)))
		return -1;
	found = strstr(line, what);
	if (!found || sscanf(found + strlen(what), "%lx", &at) != 1)
		return -1;
	/* In libc a text address equals its file offset. */
	return at - mst_place_in_file(address_of(function), file);
}

FIXTURE(ref_counter)
{
	struct mst_program prog, second;
	int fd[2 * FUNCTIONS];
};

FIXTURE_SETUP(ref_counter)
{
	if (!pmu_type())
		SKIP(return, "no uprobes of perf");
	memset(self->fd, -1, sizeof(self->fd));
	mst_fresh();
}

FIXTURE_TEARDOWN(ref_counter)
{
	mst_fresh();
}

static void detach_and_clear(struct mst_program *prog)
{
	if (mst_command("detach %d", prog->pid) || mst_command("clear %d", prog->pid))
		mst_die("%s", mst_refusal);
}

/* The other tracer is first; a second target shares the probe that we have then. */
TEST_F(ref_counter, of_another_tracer_moves_our_probe)
{
	long preferred, taken;

	mst_spawn(&self->prog, "mix", "all", "4", NULL);
	mst_spawn(&self->second, "mix", "all", "2", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	preferred = our_offset(self->prog.pid, MMAP);
	/* We never prefer the first instruction, where other tracers put their probes. */
	EXPECT_GT(preferred, 0);
	EXPECT_LE(preferred, 16);
	detach_and_clear(&self->prog);
	self->fd[0] = other_probe(self->prog.pid, MMAP, preferred, false, COUNTER);
	ASSERT_GE(self->fd[0], 0);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	taken = our_offset(self->prog.pid, MMAP);
	EXPECT_GE(taken, 0);
	EXPECT_NE(preferred, taken);
	close(self->fd[0]);
	ASSERT_ACCEPTED(mst_command("attach %d", self->second.pid));
	EXPECT_EQ(taken, our_offset(self->second.pid, MMAP));
	mst_step(&self->prog, "go");
	mst_step(&self->second, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(mst_exact(&self->second));
	EXPECT_TRUE(mst_sound(mst_id(self->prog.pid)));
	EXPECT_EQ(0, mst_end(&self->prog));
	EXPECT_EQ(0, mst_end(&self->second));
}

/* calloc starts with a push in every glibc that is tested: there is no other instruction. */
TEST_F(ref_counter, of_another_tracer_prevents_the_attach)
{
	mst_spawn(&self->prog, "chain", NULL);
	self->fd[0] = other_probe(self->prog.pid, CALLOC, 0, false, COUNTER);
	ASSERT_GE(self->fd[0], 0);
	EXPECT_EQ(EADDRINUSE, mst_command("attach %d", self->prog.pid));
	EXPECT_CONTAINS(mst_refusal, "calloc of ");
	EXPECT_CONTAINS(mst_refusal, "another tracer's probe with a reference counter");
	EXPECT_EQ(0, mst_stat(0, "probes"));
	close(self->fd[0]);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* The other tracer is second: it is refused only on the instruction that we need. */
TEST_F(ref_counter, of_a_later_tracer_is_refused_on_our_probe)
{
	mst_spawn(&self->prog, "chain", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	EXPECT_EQ(-EINVAL, other_probe(self->prog.pid, CALLOC, 0, false, COUNTER));
	self->fd[0] = other_probe(self->prog.pid, CALLOC, 0, false, NO_COUNTER);
	EXPECT_GE(self->fd[0], 0);
	self->fd[1] = other_probe(self->prog.pid, MMAP, 0, false, COUNTER);
	EXPECT_GE(self->fd[1], 0);
	self->fd[2] = other_probe(self->prog.pid, MMAP, 0, true, COUNTER);
	EXPECT_GE(self->fd[2], 0);
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(1, probe_hits(self->fd[0]));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* Opens the probes of memleak of bcc. */
static bool probe_like_bcc(struct mst_program *prog, int *fd)
{
	bool good = true;
	int i;

	for (i = 0; i < FUNCTIONS; i++) {
		fd[i] = other_probe(prog->pid, i, 0, false, COUNTER_OF_BCC);
		good = good && fd[i] >= 0;
		if (!functions[i].returns)
			continue;
		fd[FUNCTIONS + i] = other_probe(prog->pid, i, 0, true, COUNTER_OF_BCC);
		good = good && fd[FUNCTIONS + i] >= 0;
	}
	for (i = 0; i < FUNCTIONS && !good; i++)
		mst_say("probes of %s: %d at entry, %d at return", functions[i].name, fd[i],
			fd[FUNCTIONS + i]);
	return good;
}

/* We use the counter of bcc in the process that bcc traces, and in no other process. */
TEST_F(ref_counter, of_bcc_is_shared_with_our_probes)
{
	int i;

	mst_spawn(&self->prog, "chain", NULL);
	mst_spawn(&self->second, "chain", NULL);
	ASSERT_TRUE(probe_like_bcc(&self->prog, self->fd));
	EXPECT_EQ(EADDRINUSE, mst_command("attach %d", self->second.pid));
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	EXPECT_EQ(EADDRINUSE, mst_command("attach %d", self->second.pid));
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(1, probe_hits(self->fd[CALLOC]));
	EXPECT_EQ(1, probe_hits(self->fd[FUNCTIONS + CALLOC]));
	for (i = 0; i < 2 * FUNCTIONS; i++)
		close(self->fd[i]);
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(mst_sound(mst_id(self->prog.pid)));
	/* bcc attaches again while we trace. */
	ASSERT_TRUE(probe_like_bcc(&self->prog, self->fd));
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(1, probe_hits(self->fd[CALLOC]));
	detach_and_clear(&self->prog);
	mst_step(&self->prog, "go");
	EXPECT_EQ(2, probe_hits(self->fd[CALLOC]));
	for (i = 0; i < 2 * FUNCTIONS; i++)
		close(self->fd[i]);
	ASSERT_ACCEPTED(mst_command("attach %d", self->second.pid));
	mst_step(&self->second, "go");
	EXPECT_TRUE(mst_exact(&self->second));
	EXPECT_EQ(0, mst_end(&self->prog));
	EXPECT_EQ(0, mst_end(&self->second));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
