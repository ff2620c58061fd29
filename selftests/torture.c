// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything at once, for a while: programs of eight threads that do what allocators have to
 * suffer (leakers/torture.c) are attached and detached, cleared, read, stopped, traced by a
 * debugger and killed, while the module comes and goes.  Beside them a target that nobody disturbs,
 * whose counts must be exact each time.
 *
 * MLU_TORTURE_SECONDS says how long, MLU_TORTURE_SEED repeats the choices of an earlier run (its
 * races, it cannot).
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "mlu.h"
#include "torture.h"

#define BLOCKS 300

static void (*const hands[])(struct torture *t, unsigned int seed) = {
	torture_command, torture_command, torture_read, torture_stop, torture_trace,
};

#define HANDS (sizeof(hands) / sizeof(hands[0]))

FIXTURE(torture)
{
	struct torture *t;
	struct mlu_leaker l[TORTURE_TARGETS], steady;
	pid_t hand[HANDS];
	unsigned int seed;
	int seconds;
};

static long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static int try_command(const char *word, pid_t pid)
{
	return pid ? mlu_command("%s %d", word, pid) : mlu_command("%s all", word);
}

static int seconds_by_default(void)
{
	struct utsname name;

	uname(&name);
	return mlu_debug_kernel() || !strncmp(name.release, "6.12.", 5) ? 60 : 20;
}

static void start_target(FIXTURE_DATA(torture) * self, int i)
{
	char seed[16];

	snprintf(seed, sizeof(seed), "%u", torture_next(&self->seed) % 100000);
	mlu_spawn(&self->l[i], "torture", seed, mlu_here("leakers/libone.so"), NULL);
	mlu_go(&self->l[i], "run");
	self->t->target[i] = self->l[i].pid;
}

static void start_hand(FIXTURE_DATA(torture) * self, unsigned int i)
{
	unsigned int seed = torture_next(&self->seed);

	fflush(stdout);
	self->hand[i] = fork();
	if (self->hand[i] < 0)
		mlu_die("fork: %m");
	if (self->hand[i])
		return;
	/* Not told to die with the test: a tracer has to let go first. */
	hands[i](self->t, seed);
	_exit(0);
}

FIXTURE_SETUP(torture)
{
	const char *seconds = getenv("MLU_TORTURE_SECONDS"), *seed = getenv("MLU_TORTURE_SEED");
	char blocks[16];
	int i;

	self->seconds = seconds ? atoi(seconds) : seconds_by_default();
	self->seed = seed ? strtoul(seed, NULL, 0) : (unsigned int)time(NULL);
	mlu_say("MLU_TORTURE_SEED=%u MLU_TORTURE_SECONDS=%d", self->seed, self->seconds);
	mlu_fresh();
	self->t = mmap(NULL, sizeof(*self->t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	snprintf(blocks, sizeof(blocks), "%d", BLOCKS);
	mlu_spawn(&self->steady, "torture_steady", blocks, mlu_here("leakers/libone.so"), NULL);
	for (i = 0; i < TORTURE_TARGETS; i++)
		start_target(self, i);
	for (i = 0; i < (int)HANDS; i++)
		start_hand(self, i);
}

FIXTURE_TEARDOWN(torture)
{
	mlu_load("");
	mlu_fresh();
}

static bool is_alive(pid_t pid)
{
	int status;

	if (!waitpid(pid, &status, WNOHANG))
		return true;
	mlu_say("process %d has ended with status 0x%x", pid, status);
	return false;
}

static bool all_are_alive(FIXTURE_DATA(torture) * self)
{
	unsigned int i;
	bool alive = is_alive(self->steady.pid);

	for (i = 0; i < TORTURE_TARGETS; i++)
		alive &= is_alive(self->l[i].pid);
	for (i = 0; i < HANDS; i++)
		alive &= is_alive(self->hand[i]);
	return alive;
}

/* Who has a file open keeps the module until he has heard that he is to close it. */
static int unload(struct torture *t)
{
	int tries, err = EWOULDBLOCK;

	t->hush = true;
	for (tries = 0; tries < 1000 && err == EWOULDBLOCK; tries++) {
		err = mlu_unload();
		t->busy += err == EWOULDBLOCK;
		usleep(err ? 10000 : 0);
	}
	t->unloads += !err;
	return err;
}

static bool come_and_go(FIXTURE_DATA(torture) * self)
{
	int err = unload(self->t);

	if (!err)
		err = mlu_load("");
	self->t->hush = false;
	if (err)
		mlu_say("the module comes or goes: %s", strerror(err));
	return !err;
}

static void kill_one(FIXTURE_DATA(torture) * self)
{
	int i = torture_next(&self->seed) % TORTURE_TARGETS;

	mlu_kill(&self->l[i]);
	self->t->kills++;
	start_target(self, i);
}

/* The worker may be busy with the others for longer than a writer waits. */
static int insist(const char *first, const char *then, pid_t pid)
{
	int tries, err = try_command(first, pid);

	for (tries = 0; tries < 300 && (err == EINPROGRESS || (tries && err == ENOENT)); tries++) {
		usleep(100000);
		err = try_command(then, pid);
	}
	return err;
}

/* All that the others do must not be felt by one that they leave alone. */
static bool is_exact_beside(FIXTURE_DATA(torture) * self)
{
	long long allocated, freed;
	bool exact;
	int id;

	if (insist("attach", "clear", self->steady.pid)) {
		mlu_say("%s", mlu_refusal);
		return false;
	}
	mlu_step(&self->steady, "count");
	id = mlu_id(self->steady.pid);
	allocated = mlu_stat(id, "allocated");
	freed = mlu_stat(id, "freed");
	exact = allocated == BLOCKS && allocated - freed == (long long)self->steady.count &&
		mlu_exact(&self->steady) && mlu_sound(id);
	if (!exact)
		mlu_say("%d made, %lld recorded, %lld freed", BLOCKS, allocated, freed);
	mlu_step(&self->steady, "forget");
	if (insist("detach", "detach", self->steady.pid))
		exact = false;
	try_command("clear", self->steady.pid);
	self->t->exact++;
	return exact;
}

static bool go_on(FIXTURE_DATA(torture) * self)
{
	unsigned int what = torture_next(&self->seed) % 8;

	usleep(torture_next(&self->seed) % 300000);
	self->t->events += mlu_stat(0, "allocated") + mlu_stat(0, "freed");
	if (what < 3)
		return come_and_go(self);
	if (what < 5)
		kill_one(self);
	else if (what < 7)
		return is_exact_beside(self);
	return true;
}

static bool hands_are_done(FIXTURE_DATA(torture) * self)
{
	unsigned int i, tries;
	bool good = true;
	int status;
	pid_t pid = 0;

	self->t->over = true;
	for (i = 0; i < HANDS; i++) {
		for (tries = 0; tries < 600; tries++) {
			pid = waitpid(self->hand[i], &status, WNOHANG);
			if (pid)
				break;
			usleep(100000);
		}
		if (pid != self->hand[i] || status) {
			mlu_say("hand %u did not come to its end", i);
			good = false;
		}
	}
	return good;
}

TEST_F_TIMEOUT(torture, all_at_once, 3600)
{
	long end = now() + self->seconds;
	const struct torture *t = self->t;
	bool good = true;
	int i;

	while (good && now() < end)
		good = all_are_alive(self) && go_on(self);
	EXPECT_TRUE(good);
	EXPECT_TRUE(hands_are_done(self));
	for (i = 0; i < TORTURE_TARGETS; i++) {
		kill(self->l[i].pid, SIGCONT);
		mlu_wait_done(&self->l[i]);
		mlu_step(&self->l[i], "turns");
		EXPECT_EQ(0, mlu_end(&self->l[i]));
	}
	EXPECT_TRUE(is_exact_beside(self));
	EXPECT_EQ(0, mlu_end(&self->steady));
	EXPECT_EQ(0, insist("detach", "detach", 0));
	EXPECT_EQ(0, insist("clear", "clear", 0));
	EXPECT_EQ(0, mlu_stat(0, "targets"));
	EXPECT_EQ(0, mlu_stat(0, "probes"));
	EXPECT_TRUE(mlu_wait_stat("bytes_records", 0));
	EXPECT_TRUE(mlu_wait_stat("bytes_inflight", 0));
	EXPECT_EQ(0, mlu_unload());
	mlu_say("%lu attaches, %lu refused, %lu detaches, %lu clears, %lu reads, %lu events seen",
		t->attaches, t->refused, t->detaches, t->clears, t->reads, t->events);
	mlu_say("%lu unloads (%lu times busy), %lu kills, %lu stops, %lu traced for %lu steps, %lu exact",
		t->unloads, t->busy, t->kills, t->stops, t->traced, t->steps, t->exact);
}

int main(int argc, char **argv)
{
	mlu_begin();
	return test_harness_run(argc, argv);
}
