// SPDX-License-Identifier: GPL-2.0-only
/* Allocations that fail while the files of the module in debugfs are read: for fault_inject.c. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fault_inject.h"

#define TEXT_MAX (1 << 18)

static const char *const files[] = { "report", "allocations", "stats", "control" };

#define FILES (sizeof(files) / sizeof(files[0]))

static const struct inject_window anywhere = { 0, ~0ul }, nowhere;
static char *expected[FILES];
static char text[TEXT_MAX];

/**
 * fault_note_files() - read the files, which must not change any more, while nothing fails
 */
void fault_note_files(void)
{
	size_t i;

	for (i = 0; i < FILES; i++)
		expected[i] = mst_text("%s", files[i]);
	/* Touch all pages of the buffer: a page fault later would be an allocation. */
	memset(text, 1, sizeof(text));
}

/* Reads a file into @text; returns 0 or an errno. */
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
	mst_say("%s: expected ENOMEM or all of its %zu bytes, found: %s, %zu bytes", files[i],
		strlen(expected[i]), strerror(err), strlen(text));
	return false;
}

static bool is_whole(size_t i)
{
	return read_file(files[i]) == 0 && is_refused_or_whole(i, 0);
}

/**
 * fault_try_files() - read each file while a site fails
 * @f: the test; not used
 * @site: the site that fails
 *
 * Return: true if each read has failed with ENOMEM or was complete, and the next one is complete.
 */
bool fault_try_files(struct fault_test *f, struct fault_site *site)
{
	bool good = true;
	size_t i;
	int err;

	(void)f;
	for (i = 0; i < FILES; i++) {
		fault_arm(site);
		err = read_file(files[i]);
		if (inject_disable() > 0)
			site->failed = true;
		good = is_refused_or_whole(i, err) && is_whole(i) && good;
	}
	return good;
}

/* Reads a file with each allocation of the reader failing in turn, in the module or elsewhere. */
static bool fail_one_by_one(size_t i)
{
	bool came = true;
	int n, err;

	for (n = 1; came && n < 1000; n++) {
		inject_nth(n);
		err = read_file(files[i]);
		came = inject_nth_has_failed();
		if (!is_refused_or_whole(i, err))
			return false;
	}
	if (n > 5)
		return is_whole(i);
	mst_say("%s: expected at least 4 allocations by the reader, found %d", files[i], n - 2);
	return false;
}

/**
 * fault_try_files_one_by_one() - read each file with each allocation of the reader failing in turn
 *
 * Return: true if each read has failed with ENOMEM or was complete.
 */
bool fault_try_files_one_by_one(void)
{
	bool good = true;
	size_t i;

	inject_enable(anywhere, nowhere, 1, 0);
	for (i = 0; i < FILES; i++)
		good = fail_one_by_one(i) && good;
	return good;
}
