// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stress test of everything at once. The targets are programs of eight threads that stress the
 * allocator (programs/torture.c), some with exceptions that leave operator new, or that leave the
 * allocator by longjmp (programs/torture_jump.c). All call exec. They are attached and detached,
 * cleared, read, stopped, traced by debuggers and killed by other processes ("hands"), while the
 * module is loaded and unloaded. One more target is not disturbed, and its counts must be exact
 * each time.
 *
 * MLU_TORTURE_SECONDS sets the duration. MLU_TORTURE_SEED repeats the random choices of an earlier
 * run, but not its races.
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
#include "../lib/mst.h"
#include "../lib/mst_expect.h"
#include "torture.h"

#define BLOCKS 300
#define JEMALLOC "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"

static const char *const programs[TORTURE_TARGETS] = {
	"torture",
	"torture_jump",
	"torture",
	"torture_jump_apart",
};

FIXTURE(torture)
{
	struct torture *t;
	int map; /* file descriptor of the shared memory, inherited by the targets */
	struct mst_program l[TORTURE_TARGETS], steady;
	pid_t hand[TORTURE_HANDS]; /* 0: not installed, or ended */
	unsigned int seed;
	int seconds;
};

static long seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static int try_command(const char *word, pid_t pid)
{
	return pid ? mst_command("%s %d", word, pid) : mst_command("%s all", word);
}

static int seconds_by_default(void)
{
	struct utsname name;

	uname(&name);
	return mst_debug_kernel() || !strncmp(name.release, "6.12.", 5) ? 60 : 20;
}

/* Half of the targets without their own allocator use jemalloc, whose operator new throws. */
static bool has_to_throw(FIXTURE_DATA(torture) * self, int i)
{
	return !strcmp(programs[i], "torture") && !access(JEMALLOC, R_OK) &&
	       torture_next(&self->seed) % 2;
}

static void start_target(FIXTURE_DATA(torture) * self, int i)
{
	bool throws = has_to_throw(self, i);
	char seed[16], map[16], place[16];

	snprintf(seed, sizeof(seed), "%u", torture_next(&self->seed) % 100000);
	snprintf(map, sizeof(map), "%d", self->map);
	snprintf(place, sizeof(place), "%d", i);
	self->t->ending[i] = 0;
	self->t->jumps_of[i] = 0;
	mst_spawn(&self->l[i], throws ? "LD_PRELOAD=" JEMALLOC : "PRELOAD=none", programs[i], seed,
		  map, place, mst_here(throws ? "programs/libthrowing.so" : "programs/libone.so"),
		  NULL);
	self->t->target[i] = self->l[i].pid;
}

/* A memfd, because the targets call exec and map it again. */
static struct torture *map_shared_memory(int *fd)
{
	struct torture *t;

	*fd = memfd_create("torture", 0);
	if (*fd < 0 || ftruncate(*fd, sizeof(*t)))
		mst_die("memfd_create: %m");
	t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (t == MAP_FAILED)
		mst_die("mmap: %m");
	return t;
}

FIXTURE_SETUP(torture)
{
	const char *seconds = getenv("MLU_TORTURE_SECONDS"), *seed = getenv("MLU_TORTURE_SEED");
	char blocks[16];
	int i;

	self->seconds = seconds ? atoi(seconds) : seconds_by_default();
	self->seed = seed ? strtoul(seed, NULL, 0) : (unsigned int)time(NULL);
	mst_say("MLU_TORTURE_SEED=%u MLU_TORTURE_SECONDS=%d", self->seed, self->seconds);
	mst_fresh();
	/* Become the parent of the children of targets that were killed or have called exec. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	self->t = map_shared_memory(&self->map);
	/* On a debug kernel, 32 threads would leave too little CPU time for the hands. */
	self->t->targets = mst_debug_kernel() ? TORTURE_TARGETS / 2 : TORTURE_TARGETS;
	snprintf(blocks, sizeof(blocks), "%d", BLOCKS);
	mst_spawn(&self->steady, "torture_steady", blocks, mst_here("programs/libone.so"), NULL);
	for (i = 0; i < self->t->targets; i++)
		start_target(self, i);
	for (i = 0; i < TORTURE_HANDS; i++)
		self->hand[i] = torture_start_hand(self->t, i, torture_next(&self->seed));
}

FIXTURE_TEARDOWN(torture)
{
	mst_load("");
	mst_fresh();
}

static bool is_alive(pid_t pid)
{
	siginfo_t info = { 0 };

	if (!pid || (!waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) && !info.si_pid))
		return true;
	/* A target that has exited from within malloc is replaced by replace_exited_targets(). */
	if (info.si_code == CLD_EXITED && info.si_status == TORTURE_EXIT)
		return true;
	mst_say("expected process %d to run, it has ended (si_code %d, status %d)", pid,
		info.si_code, info.si_status);
	return false;
}

/* Returns true if the target has exited from within malloc, as torture_jump does at last. */
static bool has_exited(pid_t pid)
{
	siginfo_t info = { 0 };

	return !waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid &&
	       info.si_code == CLD_EXITED && info.si_status == TORTURE_EXIT;
}

static void replace_exited_targets(FIXTURE_DATA(torture) * self)
{
	int i;

	for (i = 0; i < self->t->targets; i++) {
		if (!has_exited(self->l[i].pid))
			continue;
		mst_kill(&self->l[i]);
		self->t->exits++;
		start_target(self, i);
	}
}

static bool all_are_alive(FIXTURE_DATA(torture) * self)
{
	int i;
	bool alive = is_alive(self->steady.pid);

	replace_exited_targets(self);
	for (i = 0; i < self->t->targets; i++)
		alive &= is_alive(self->l[i].pid);
	for (i = 0; i < TORTURE_HANDS; i++)
		alive &= is_alive(self->hand[i]);
	return alive;
}

/* Hands that have a file open keep the module in use until they see that they must close it. */
static int unload_module(struct torture *t)
{
	int tries, err = EWOULDBLOCK;

	t->no_open = true;
	for (tries = 0; tries < 1000 && err == EWOULDBLOCK; tries++) {
		err = mst_unload();
		t->busy += err == EWOULDBLOCK;
		usleep(err ? 10000 : 0);
	}
	t->unloads += !err;
	return err;
}

static bool reload_module(FIXTURE_DATA(torture) * self)
{
	int err = unload_module(self->t);

	if (!err)
		err = mst_load("");
	self->t->no_open = false;
	if (err)
		mst_say("cannot unload or load the module: %s", strerror(err));
	return !err;
}

static void kill_one(FIXTURE_DATA(torture) * self)
{
	int i = torture_next(&self->seed) % self->t->targets;

	if (!torture_may_end(self->t, i))
		return;
	mst_kill(&self->l[i]);
	self->t->kills++;
	start_target(self, i);
}

/*
 * Repeats a command while the module's worker is busy with the other targets for longer than a
 * writer waits (EINPROGRESS), or for so long that a file is not read in time (ETIMEDOUT). Returns 0
 * or an errno.
 */
static int command_until_done(const char *first, const char *then, pid_t pid)
{
	int tries, err = try_command(first, pid);

	for (tries = 0; tries < 300; tries++) {
		if (err != EINPROGRESS && err != ETIMEDOUT && !(tries && err == ENOENT))
			break;
		usleep(100000);
		err = try_command(err == ETIMEDOUT ? first : then, pid);
	}
	return err;
}

/* Attaches to the undisturbed target, lets it allocate and checks its counts and its report. */
static bool steady_target_is_exact(FIXTURE_DATA(torture) * self)
{
	long long allocated, freed;
	bool exact;
	int id;

	if (command_until_done("attach", "clear", self->steady.pid)) {
		mst_say("%s", mst_refusal);
		return false;
	}
	mst_step(&self->steady, "count");
	id = mst_id(self->steady.pid);
	allocated = mst_stat(id, "allocated");
	freed = mst_stat(id, "freed");
	exact = allocated == BLOCKS && allocated - freed == (long long)self->steady.count &&
		mst_exact(&self->steady) && mst_sound(id);
	if (!exact)
		mst_say("expected %d allocated and %zu not freed, found %lld allocated and %lld freed",
			BLOCKS, self->steady.count, allocated, freed);
	mst_step(&self->steady, "forget");
	if (command_until_done("detach", "detach", self->steady.pid))
		exact = false;
	try_command("clear", self->steady.pid);
	self->t->exact++;
	return exact;
}

static bool do_something(FIXTURE_DATA(torture) * self)
{
	unsigned int what = torture_next(&self->seed) % 8;

	usleep(torture_next(&self->seed) % 300000);
	self->t->events += mst_stat(0, "allocated") + mst_stat(0, "freed");
	if (what < 3)
		return reload_module(self);
	if (what < 5)
		kill_one(self);
	else if (what < 7)
		return steady_target_is_exact(self);
	return true;
}

/* Waits for the end of a hand, which may be waiting for a stopped target: continue all of them. */
static bool has_hand_ended(FIXTURE_DATA(torture) * self, pid_t hand)
{
	int status, tries, i;

	for (tries = 0; tries < 1200; tries++) {
		if (waitpid(hand, &status, WNOHANG))
			return status == 0;
		for (i = 0; i < self->t->targets; i++)
			kill(self->l[i].pid, SIGCONT);
		usleep(100000);
	}
	return false;
}

static bool end_hands(FIXTURE_DATA(torture) * self)
{
	unsigned int i;
	bool good = true;

	self->t->over = true;
	for (i = 0; i < TORTURE_HANDS; i++) {
		if (self->hand[i] && !has_hand_ended(self, self->hand[i])) {
			mst_say("hand %u has failed, or has not ended within 120 s", i);
			good = false;
		}
		self->hand[i] = 0;
	}
	return good;
}

/* At the end, the target is traced by this process only, works as before, and exits. */
static bool end_target(struct mst_program *l)
{
	bool good;
	int err, status;

	kill(l->pid, SIGCONT);
	err = command_until_done("attach", "clear", l->pid);
	if (err)
		mst_say("expected attach to succeed, got %s: %s", strerror(err), mst_refusal);
	mst_step(l, "count");
	good = !err && torture_lists_kept(l);
	mst_step(l, "forget");
	mst_step(l, "turns");
	status = mst_end(l);
	if (status)
		mst_say("expected the target to exit with 0, got wait status %#x", status);
	return !status && good;
}

/* Returns true if each disturbance has happened, which a run of less than 60 s need not reach. */
static bool has_done_everything(FIXTURE_DATA(torture) * self)
{
	const struct torture *t = self->t;

	return self->seconds < 60 || (t->attaches && t->detaches && t->reads && t->stops &&
				      t->unloads && t->kills && t->exact);
}

static void print_counts(const struct torture *t)
{
	mst_say("%lu attaches, %lu refused, %lu detaches, %lu clears, %lu reads, %lu events seen",
		t->attaches, t->refused, t->detaches, t->clears, t->reads, t->events);
	mst_say("%lu unloads (%lu times busy), %lu kills, %lu stops, %lu exact", t->unloads,
		t->busy, t->kills, t->stops, t->exact);
	mst_say("%lu jumps out of malloc, %lu of realloc, %lu of free, %lu exits in there, %lu execs",
		t->jumps[TORTURE_MALLOC], t->jumps[TORTURE_REALLOC], t->jumps[TORTURE_FREE],
		t->exits, t->exec_calls);
	mst_say("%lu traced for %lu steps, %lu by strace for %lu lines, %lu by gdb for %lu frames",
		t->traced, t->steps, t->straces, t->strace_lines, t->gdbs, t->gdb_frames);
}

TEST_F_TIMEOUT(torture, all_at_once, 3600)
{
	long end = seconds_now() + self->seconds, at_last = end + 5 * self->seconds;
	bool good = true;
	int i;

	/* On a slow machine it may take longer until everything has been done once. */
	while (good &&
	       (seconds_now() < end || (!has_done_everything(self) && seconds_now() < at_last)))
		good = all_are_alive(self) && do_something(self);
	EXPECT_TRUE(good);
	EXPECT_TRUE(end_hands(self));
	EXPECT_TRUE(all_are_alive(self));
	EXPECT_EQ(0, command_until_done("detach", "detach", 0));
	for (i = 0; i < self->t->targets; i++)
		EXPECT_TRUE(end_target(&self->l[i]));
	EXPECT_TRUE(steady_target_is_exact(self));
	EXPECT_EQ(0, mst_end(&self->steady));
	EXPECT_TRUE(torture_no_child_left());
	EXPECT_EQ(0, command_until_done("detach", "detach", 0));
	EXPECT_EQ(0, command_until_done("clear", "clear", 0));
	EXPECT_EQ(0, mst_stat(0, "targets"));
	EXPECT_EQ(0, mst_stat(0, "probes"));
	EXPECT_TRUE(mst_wait_stat("bytes_records", 0));
	EXPECT_TRUE(mst_wait_stat("bytes_inflight", 0));
	EXPECT_EQ(0, mst_unload());
	EXPECT_TRUE(has_done_everything(self));
	print_counts(self->t);
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
