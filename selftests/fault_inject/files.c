// SPDX-License-Identifier: GPL-2.0-only
/* Allocations that fail while the module's files are read: for fault_inject.c. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fault_inject.h"

#define TEXT_MAX (1 << 18)

static const char *const files[] = { "report", "allocations", "stats", "control" };

#define FILES (sizeof(files) / sizeof(files[0]))

static const struct failing_window anywhere = { 0, ~0ul }, nowhere;
static char *expected[FILES];
static char text[TEXT_MAX];

/* The texts as they are while nothing fails and nothing happens. */
void failing_note_files(void)
{
	size_t i;

	for (i = 0; i < FILES; i++)
		expected[i] = mst_text("%s", files[i]);
	/* Its pages are there from now on: a fault on one would be an allocation of its own. */
	memset(text, 1, sizeof(text));
}

/* All of a file in @text, or why not. */
static int read_file(const char *name)
{
	int fd = mst_open(O_RDONLY, "%s", name), err = 0;
	ssize_t n = 1;
	size_t len = 0;

	if (fd < 0)
		return errno;
	while (n > 0 && len < TEXT_MAX - 1) {
		n = read(fd, text + len, TEXT_MAX - 1 - len);
		if (n < 0)
			err = errno;
		else
			len += n;
	}
	close(fd);
	text[len] = 0;
	return err;
}

static bool is_refused_or_whole(size_t i, int err)
{
	if (err == ENOMEM || (!err && !strcmp(text, expected[i])))
		return true;
	mst_say("%s: %s, %zu bytes of %zu", files[i], strerror(err), strlen(text),
		strlen(expected[i]));
	return false;
}

static bool is_whole(size_t i)
{
	return read_file(files[i]) == 0 && is_refused_or_whole(i, 0);
}

bool failing_files(struct failing *f, struct failing_site *site)
{
	bool good = true;
	size_t i;
	int err;

	(void)f;
	for (i = 0; i < FILES; i++) {
		failing_arm(site);
		err = read_file(files[i]);
		if (failing_off() > 0)
			site->failed = true;
		good = is_refused_or_whole(i, err) && is_whole(i) && good;
	}
	return good;
}

/* All allocations of one reading, in the module or not, one after the other. */
static bool fail_one_by_one(size_t i)
{
	bool came = true;
	int n, err;

	for (n = 1; came && n < 1000; n++) {
		failing_nth(n);
		err = read_file(files[i]);
		came = failing_nth_came();
		if (!is_refused_or_whole(i, err))
			return false;
	}
	if (n > 5)
		return is_whole(i);
	mst_say("%s: only %d allocations", files[i], n - 2);
	return false;
}

bool failing_files_one_by_one(void)
{
	bool good = true;
	size_t i;

	failing_on(anywhere, nowhere, 1, 0);
	for (i = 0; i < FILES; i++)
		good = fail_one_by_one(i) && good;
	return good;
}
