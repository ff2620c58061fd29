// SPDX-License-Identifier: GPL-2.0-only
/*
 * Another tracer has probes on the same functions, and return probes on their
 * callers: uprobe events of tracefs.  Whether they come before ours, after them,
 * or go while we trace: counts stay exact, stacks right, and either goes on
 * without the other.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "mlu.h"

#define TRACEFS "/sys/kernel/debug/tracing/"
#define FRAMES 4

static const char *const chain[FRAMES] = { "chain_inner", "chain_middle", "chain_outer", "main" };

FIXTURE(tracer)
{
	struct mlu_leaker l;
	int id;
};

static bool write_to(const char *file, int flags, const char *text)
{
	char path[256];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), TRACEFS "%s", file);
	fd = open(path, O_WRONLY | flags);
	n = fd < 0 ? -1 : write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text);
}

static bool turn(const char *on)
{
	return write_to("events/mlu_test/enable", 0, on);
}

static void take_all_away(void)
{
	turn("0");
	close(open(TRACEFS "uprobe_events", O_WRONLY | O_TRUNC));
}

/* Where code that this process has mapped lies in its file. */
static unsigned long place_in_file(void *code, char *file)
{
	unsigned long start, end, offset, addr = (unsigned long)code, found = 0;
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];

	while (!found && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %*s %lx %*s %*s %255s", &start, &end, &offset, file) ==
			    4 &&
		    addr >= start && addr < end)
			found = addr - start + offset;
	fclose(maps);
	return found;
}

static struct {
	unsigned long start, size;
} place[FRAMES];

/* Of the leaker's functions, whose text lies in the file where it says: nm tells both. */
static void find_chain(void)
{
	char command[700];
	FILE *nm;
	int i;

	for (i = 0; i < FRAMES; i++) {
		snprintf(command, sizeof(command), "nm -S %s | grep ' %s$'",
			 mlu_here("leakers/chain"), chain[i]);
		nm = popen(command, "r");
		if (!nm || fscanf(nm, "%lx %lx", &place[i].start, &place[i].size) != 2)
			mlu_die("%s", command);
		pclose(nm);
	}
}

static void define(const char *event, const char *file, unsigned long offset)
{
	char text[700];

	snprintf(text, sizeof(text), "%s %s:0x%lx\n", event, file, offset);
	if (!write_to("uprobe_events", O_APPEND, text))
		mlu_die("%s", text);
}

/* All return probes are one event: each event that is turned off waits for handlers anew. */
static void define_all(void)
{
	void *const code[] = { malloc, calloc, realloc, free, posix_memalign };
	unsigned long offset;
	char file[256] = "";
	size_t i;

	offset = place_in_file(malloc, file);
	define("p:mlu_test/malloc_in", file, offset);
	for (i = 0; i < sizeof(code) / sizeof(code[0]); i++) {
		offset = place_in_file(code[i], file);
		define("r:mlu_test/out", file, offset);
	}
	for (i = 0; i < FRAMES - 1; i++)
		define("r:mlu_test/out", mlu_here("leakers/chain"), place[i].start);
}

/* What the other tracer has counted at the entry of malloc. */
static long hits_of_malloc(void)
{
	FILE *profile = fopen(TRACEFS "uprobe_profile", "r");
	char line[512], name[128];
	long hits, found = -1;

	while (profile && fgets(line, sizeof(line), profile))
		if (sscanf(line, "%*s %127s %ld", name, &hits) == 2 && !strcmp(name, "malloc_in"))
			found = hits;
	if (profile)
		fclose(profile);
	return found;
}

FIXTURE_SETUP(tracer)
{
	if (access(TRACEFS "uprobe_events", W_OK))
		SKIP(return, "no uprobe_events");
	if (access("/usr/bin/nm", X_OK))
		SKIP(return, "no nm");
	turn("0");
	mlu_fresh();
}

FIXTURE_TEARDOWN(tracer)
{
	turn("0");
	mlu_fresh();
}

static bool lies_in(const char *frame, int i)
{
	unsigned long pc, address;

	if (sscanf(frame, "0x%lx chain+0x%lx", &pc, &address) == 2 && address > place[i].start &&
	    address <= place[i].start + place[i].size)
		return true;
	mlu_say("not in %s: %.*s", chain[i], (int)strcspn(frame, "\n"), frame);
	return false;
}

/* The stack of so many bytes begins with the chain. */
static bool has_the_chain(const char *report, int bytes)
{
	char head[32];
	const char *at;
	bool good = true;
	int i;

	snprintf(head, sizeof(head), "\n%d bytes", bytes);
	at = strstr(report, head);
	for (i = 0; at && i < FRAMES; i++) {
		at = strchr(at + 1, '\t');
		good = at && lies_in(at + 1, i) && good;
	}
	return at && good;
}

static bool stacks_are_right(int id, int steps)
{
	char *report = mlu_text("targets/%d/report", id);
	bool good = true;
	int size;

	for (size = 4001; size <= 4004; size++)
		good = has_the_chain(report, size * steps) && good;
	if (!good)
		mlu_say("%s", report);
	free(report);
	return good;
}

static int attach(struct mlu_leaker *l)
{
	if (mlu_command("attach %d", l->pid))
		mlu_die("%s", mlu_refusal);
	return mlu_id(l->pid);
}

TEST_F_TIMEOUT(tracer, was_there_before, 60)
{
	mlu_spawn(&self->l, "chain", NULL);
	ASSERT_TRUE(turn("1"));
	self->id = attach(&self->l);
	mlu_step(&self->l, "go");
	EXPECT_TRUE(mlu_exact(&self->l));
	EXPECT_TRUE(stacks_are_right(self->id, 1));
	EXPECT_EQ(0, mlu_stat(self->id, "uncertain"));
	EXPECT_EQ(0, mlu_end(&self->l));
}

TEST_F_TIMEOUT(tracer, comes_later, 60)
{
	mlu_spawn(&self->l, "chain", NULL);
	self->id = attach(&self->l);
	mlu_step(&self->l, "go");
	ASSERT_TRUE(turn("1"));
	mlu_step(&self->l, "go");
	EXPECT_TRUE(mlu_exact(&self->l));
	EXPECT_TRUE(stacks_are_right(self->id, 2));
	EXPECT_EQ(0, mlu_end(&self->l));
}

TEST_F_TIMEOUT(tracer, goes_first, 60)
{
	mlu_spawn(&self->l, "chain", NULL);
	ASSERT_TRUE(turn("1"));
	self->id = attach(&self->l);
	mlu_step(&self->l, "go");
	ASSERT_TRUE(turn("0"));
	mlu_step(&self->l, "go");
	EXPECT_TRUE(mlu_exact(&self->l));
	EXPECT_TRUE(stacks_are_right(self->id, 2));
	EXPECT_EQ(0, mlu_end(&self->l));
}

/* What we take out is ours alone. */
TEST_F_TIMEOUT(tracer, goes_on_when_we_have_gone, 60)
{
	long before;

	mlu_spawn(&self->l, "chain", NULL);
	ASSERT_TRUE(turn("1"));
	self->id = attach(&self->l);
	mlu_step(&self->l, "go");
	ASSERT_EQ(0, mlu_command("detach %d", self->l.pid));
	before = hits_of_malloc();
	EXPECT_GT(before, 0);
	mlu_step(&self->l, "go");
	EXPECT_GE(hits_of_malloc(), before + 3);
	EXPECT_EQ(0, mlu_end(&self->l));
}

/* All functions that there are, all of them probed twice. */
TEST_F_TIMEOUT(tracer, is_on_every_function, 60)
{
	mlu_spawn(&self->l, "mix", "all", "4", NULL);
	ASSERT_TRUE(turn("1"));
	self->id = attach(&self->l);
	mlu_step(&self->l, "go");
	EXPECT_TRUE(mlu_exact(&self->l));
	EXPECT_TRUE(mlu_sound(self->id));
	EXPECT_EQ(0, mlu_end(&self->l));
}

/* A thread's first free maps an arena, which is no allocation of the program's. */
TEST_F_TIMEOUT(tracer, is_on_a_free_that_maps, 60)
{
	mlu_spawn(&self->l, "edge", "first_free", NULL);
	ASSERT_TRUE(turn("1"));
	self->id = attach(&self->l);
	mlu_step(&self->l, "go");
	EXPECT_TRUE(mlu_exact(&self->l));
	EXPECT_EQ(0, mlu_end(&self->l));
}

/* Calls are under way whenever it comes or goes. */
TEST_F_TIMEOUT(tracer, comes_and_goes_under_way, 120)
{
	int i;

	mlu_spawn(&self->l, "balance", "2", NULL);
	self->id = attach(&self->l);
	mlu_step(&self->l, "run");
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(turn("1"));
		mlu_step(&self->l, "turns");
		ASSERT_TRUE(turn("0"));
		mlu_step(&self->l, "turns");
	}
	mlu_step(&self->l, "quiet");
	EXPECT_TRUE(mlu_exact(&self->l));
	EXPECT_TRUE(mlu_sound(self->id));
	mlu_kill(&self->l);
}

/* === bcc's memleak, which does the same as we do === */

#define BCC "/usr/sbin/memleak-bpfcc"

static pid_t start_bcc(pid_t target, int *from)
{
	char number[16];
	int out[2];
	pid_t pid;

	if (pipe(out))
		mlu_die("pipe: %m");
	sprintf(number, "%d", target);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		execl("/usr/bin/python3", "python3", "-u", BCC, "-p", number, "1", NULL);
		_exit(127);
	}
	close(out[1]);
	*from = out[0];
	return pid;
}

/* Reads on until bcc says that; all that it has said is told if it does not. */
static bool hears(int from, const char *what)
{
	static char text[65536];
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < sizeof(text) - 1) {
		n = read(from, text + len, sizeof(text) - 1 - len);
		len += n > 0 ? n : 0;
		text[len] = 0;
		if (strstr(text, what))
			return true;
	}
	mlu_say("no \"%s\" in: %s", what, text);
	return false;
}

/*
 * Both tell the same four blocks; then it goes, and we go on.  Some builds of bcc name a reference
 * counter that is none; the kernel lets nobody else onto such an instruction, and we say so.
 */
TEST_F_TIMEOUT(tracer, may_be_memleak_of_bcc, 200)
{
	int from, err;
	pid_t bcc;

	if (access(BCC, X_OK) || access("/sys/fs/bpf", F_OK))
		SKIP(return, "no memleak of bcc, or no BPF");
	mlu_spawn(&self->l, "chain", NULL);
	bcc = start_bcc(self->l.pid, &from);
	ASSERT_TRUE(hears(from, "Top 10 stacks"));
	err = mlu_command("attach %d", self->l.pid);
	ASSERT_TRUE(err == 0 || (err == EINVAL && strstr(mlu_refusal, "cannot be probed")));
	mlu_step(&self->l, "go");
	if (!err)
		EXPECT_TRUE(mlu_exact(&self->l));
	EXPECT_TRUE(hears(from, "4001 bytes in 1 allocations from stack"));
	kill(bcc, SIGINT);
	ASSERT_EQ(bcc, waitpid(bcc, NULL, 0));
	if (err)
		ASSERT_EQ(0, mlu_command("attach %d", self->l.pid));
	mlu_step(&self->l, "go");
	self->id = mlu_id(self->l.pid);
	EXPECT_TRUE(stacks_are_right(self->id, err ? 1 : 2));
	EXPECT_EQ(0, mlu_stat(self->id, "uncertain"));
	EXPECT_EQ(0, mlu_end(&self->l));
}

/*
 * The events are made once, which takes a debug kernel seconds, and names are looked up before all
 * that allocates on this machine becomes slow.  A test that was stopped leaves them turned on.
 */
int main(int argc, char **argv)
{
	bool can = access(TRACEFS "uprobe_events", W_OK) == 0 && access("/usr/bin/nm", X_OK) == 0;
	int status;

	mlu_begin();
	if (can) {
		take_all_away();
		find_chain();
		define_all();
	}
	status = test_harness_run(argc, argv);
	if (can)
		take_all_away();
	return status;
}
