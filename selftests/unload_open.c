// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unloading the module while its files are in use, in debugfs and in /proc: a read that waits for
 * its buffer, a command that waits for the worker, and threads that open, read, write and close all
 * the time. rmmod is refused or removes everything; a file that could be opened is whole.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

#define PAGE 4096ul
#define THREADS 4
#define MAX_SECONDS 60

static const char *const dirs[] = { MST_DIR, MST_PROC_DIR };

FIXTURE(files)
{
	struct mst_program prog, daemon;
};

FIXTURE_SETUP(files)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(files)
{
	mst_dir = MST_DIR;
	if (self->daemon.pid)
		mst_kill(&self->daemon);
	if (self->prog.pid)
		mst_kill(&self->prog);
	mst_load("");
	mst_fresh();
}

/* === A page that is missing until it is provided === */

static int missing_page(char **page)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0)
		return -1;
	*page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (uintptr_t)*page;
	range.range.len = PAGE;
	if (*page == MAP_FAILED || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &range))
		mst_die("userfaultfd: %m");
	return fd;
}

static bool is_waited_for(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, 20000) == 1;
}

static void provide_page(int fd, char *page)
{
	static char content[PAGE] __attribute__((aligned(PAGE)));
	struct uffdio_copy copy = { .dst = (uintptr_t)page,
				    .src = (uintptr_t)content,
				    .len = PAGE };

	strcpy(content, "nonsense");
	if (ioctl(fd, UFFDIO_COPY, &copy))
		mst_die("userfaultfd: %m");
}

/* A read or write of an open file, by a thread. */
struct access {
	int fd;
	char *buffer;
	bool is_write;
	ssize_t result;
	int error;
};

static void *run_access(void *arg)
{
	struct access *a = arg;

	a->result = a->is_write ? write(a->fd, a->buffer, strlen("nonsense")) :
				  read(a->fd, a->buffer, 64);
	a->error = a->result < 0 ? errno : 0;
	return NULL;
}

/* Return: false if there is no userfaultfd. */
static bool stays_during(struct access *a, int *unload_error)
{
	pthread_t thread;
	int fd = missing_page(&a->buffer);

	if (fd < 0)
		return false;
	pthread_create(&thread, NULL, run_access, a);
	if (!is_waited_for(fd))
		mst_die("the page is not touched");
	*unload_error = mst_unload();
	provide_page(fd, a->buffer);
	pthread_join(thread, NULL);
	close(a->fd);
	close(fd);
	munmap(a->buffer, PAGE);
	return true;
}

TEST_F(files, keep_the_module_while_a_read_waits_for_its_buffer)
{
	static const char *const names[] = { "report", "allocations", "blocks", "stats",
					     "control" };
	unsigned int d, i;
	int err = 0;

	mst_spawn(&self->prog, "chain", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "go");
	for (d = 0; d < 2; d++) {
		mst_dir = dirs[d];
		for (i = 0; i < 5; i++) {
			struct access a = { .fd = mst_open(O_RDONLY, "%s", names[i]) };

			ASSERT_LE(0, a.fd);
			if (!stays_during(&a, &err))
				SKIP(return, "no userfaultfd");
			EXPECT_EQ(EWOULDBLOCK, err);
			EXPECT_LT(0, a.result);
		}
	}
	EXPECT_EQ(0, mst_unload());
}

TEST_F(files, keep_the_module_while_a_write_waits_for_its_buffer)
{
	unsigned int d;
	int err = 0;

	for (d = 0; d < 2; d++) {
		struct access a = { .is_write = true };

		mst_dir = dirs[d];
		a.fd = mst_open(O_RDWR, "control");
		ASSERT_LE(0, a.fd);
		if (!stays_during(&a, &err))
			SKIP(return, "no userfaultfd");
		EXPECT_EQ(EWOULDBLOCK, err);
		EXPECT_EQ(EINVAL, a.error);
	}
	EXPECT_EQ(0, mst_unload());
}

/* === A command that waits === */

static void *attach_by_thread(void *arg)
{
	struct access *a = arg;

	a->result = write(a->fd, a->buffer, strlen(a->buffer));
	a->error = a->result < 0 ? errno : 0;
	return NULL;
}

/* The attach waits for a file that a daemon does not let anyone open. */
TEST_F(files, keep_the_module_while_an_attach_waits)
{
	char path[512], command[32], *text;
	pthread_t thread;
	unsigned int d;
	FILE *copy;

	for (d = 0; d < 2; d++) {
		struct access a = { .buffer = command };

		mst_dir = dirs[d];
		snprintf(path, sizeof(path), "%s/library%u.so", mst_scratch(), d);
		copy = fopen(path, "w");
		fputs("not an ELF file, but it has to be read", copy);
		fclose(copy);
		mst_spawn(&self->prog, "daemon", "mapper", path, NULL);
		mst_spawn(&self->daemon, "daemon", "fanotify", path, NULL);
		mst_step(&self->daemon, "hang");
		snprintf(command, sizeof(command), "attach %d", self->prog.pid);
		a.fd = mst_open(O_RDWR, "control");
		ASSERT_LE(0, a.fd);
		pthread_create(&thread, NULL, attach_by_thread, &a);
		usleep(500000);
		EXPECT_EQ(EWOULDBLOCK, mst_unload());
		pthread_join(thread, NULL);
		EXPECT_EQ(ETIMEDOUT, a.error);
		text = mst_text("control");
		EXPECT_CONTAINS(text, "timed out reading library");
		free(text);
		EXPECT_EQ(EWOULDBLOCK, mst_unload());
		close(a.fd);
		mst_step(&self->daemon, "answer");
		mst_kill(&self->daemon);
		mst_kill(&self->prog);
		self->daemon.pid = 0;
		self->prog.pid = 0;
	}
	EXPECT_TRUE(MST_WAIT_UNTIL(!mst_unload()));
}

/* === Files in use all the time === */

static atomic_bool stop;
static atomic_uint opened, missing, bad;

static bool is_absent(int error)
{
	return error == ENOENT || error == ENODEV || error == ENXIO;
}

/* An open file pins the module, so that all that is done with it must succeed. */
static void use_file(int fd, bool is_control)
{
	char text[4096];
	ssize_t n, all = 0;

	if (is_control && (write(fd, "nonsense", 8) != -1 || errno != EINVAL))
		atomic_fetch_add(&bad, 1);
	while ((n = read(fd, text, sizeof(text))) > 0)
		all += n;
	if (n < 0 || !all || lseek(fd, 0, SEEK_SET) || read(fd, text, 1) != 1)
		atomic_fetch_add(&bad, 1);
	close(fd);
}

static void *use_files(void *arg)
{
	static const char *const names[] = { "control", "report", "allocations", "blocks",
					     "stats" };
	unsigned int seed = (uintptr_t)arg, i;
	char path[64];
	int fd;

	while (!atomic_load(&stop)) {
		i = rand_r(&seed) % 10;
		snprintf(path, sizeof(path), "%s/%s", dirs[i / 5], names[i % 5]);
		fd = open(path, i % 5 ? O_RDONLY : O_RDWR);
		if (fd >= 0) {
			atomic_fetch_add(&opened, 1);
			use_file(fd, i % 5 == 0);
		} else if (is_absent(errno)) {
			atomic_fetch_add(&missing, 1);
		} else {
			atomic_fetch_add(&bad, 1);
		}
		usleep(rand_r(&seed) % 2000);
	}
	return NULL;
}

TEST_F(files, are_whole_or_absent_while_the_module_comes_and_goes)
{
	/* On a busy host, most of the time passes while the module is loaded. */
	long wanted = mst_scaled(100, 20), least = 5, gone = 0, refused = 0;
	long long end = mst_now_ms() + MAX_SECONDS * 1000;
	pthread_t thread[THREADS];
	uintptr_t i;
	int err;

	mst_spawn(&self->prog, "balance", "2", NULL);
	mst_step(&self->prog, "run");
	for (i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, use_files, (void *)i);
	while (gone < wanted && mst_now_ms() < end) {
		err = mst_unload();
		if (err) {
			ASSERT_EQ(EWOULDBLOCK, err);
			refused++;
			usleep(100);
			continue;
		}
		gone++;
		ASSERT_EQ(0, mst_load(""));
	}
	atomic_store(&stop, true);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	TH_LOG("removed %ld times, refused %ld times; opens: %u, of absent files: %u", gone,
	       refused, opened, missing);
	EXPECT_EQ(0, bad);
	EXPECT_LE(least, gone);
	EXPECT_LT(0, refused);
	EXPECT_LT(0, opened);
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
