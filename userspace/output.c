// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that other programs read: written aside in the same directory, and renamed when they are
 * complete, so that a reader sees the old contents or the new ones, and a full disk destroys
 * nothing. A file that is not regular (a FIFO, a device) is written itself.
 *
 * Depends on text.c, mem.c and msg.c.
 */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "msg.h"
#include "text.h"

#define NEW_FILE_MODE 0666

static void report_error(const struct mu_output *output, int error)
{
	char *name = mu_escape(output->path ? output->path : "stdout");

	mu_warn("%s could not be written: %s", name, strerror(error));
	free(name);
}

/* The mode that open() would give the file. */
static mode_t mode_of_new_files(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return NEW_FILE_MODE & ~mask;
}

/* A link stays a link: what it leads to is replaced. */
static bool open_aside(struct mu_output *output, const struct stat *old)
{
	char *target = old ? realpath(output->path, NULL) : NULL;
	int fd;

	output->temporary = mu_format("%s.XXXXXX", target ? target : output->path);
	free(target);
	fd = mkostemp(output->temporary, 0);
	if (fd < 0)
		return false;
	if (fchmod(fd, old ? old->st_mode & 07777 : mode_of_new_files())) {
		close(fd);
		return false;
	}
	output->file = fdopen(fd, "w");
	return output->file;
}

static bool open_file(struct mu_output *output)
{
	struct stat st;
	bool exists = !stat(output->path, &st);

	if (exists && S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return false;
	}
	if (!exists || S_ISREG(st.st_mode))
		return open_aside(output, exists ? &st : NULL);
	output->file = fopen(output->path, "we");
	return output->file;
}

static void forget_temporary(struct mu_output *output)
{
	free(output->temporary);
	output->temporary = NULL;
}

/**
 * mu_output_take_stdout() - keep messages out of what is written to stdout
 * @output: stdout; what is printed from now on goes to stderr
 *
 * Return: false, with a message, if that failed.
 */
bool mu_output_take_stdout(struct mu_output *output)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);

	output->standard = fd < 0 ? NULL : fdopen(fd, "w");
	if (output->standard && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
		return true;
	report_error(output, errno);
	return false;
}

/**
 * mu_output_begin() - begin to write
 * @output: the file
 *
 * Return: the stream, for mu_output_end(), or NULL, with a message.
 */
FILE *mu_output_begin(struct mu_output *output)
{
	int error;

	if (!output->path) {
		output->file = output->standard ? output->standard : stdout;
	} else if (!open_file(output)) {
		error = errno;
		forget_temporary(output);
		report_error(output, error);
	}
	return output->file;
}

static bool rename_temporary(struct mu_output *output)
{
	char *path = mu_strndup(output->temporary, strlen(output->temporary) - strlen(".XXXXXX"));
	bool renamed = !rename(output->temporary, path);

	free(path);
	return renamed;
}

static int close_file(struct mu_output *output)
{
	FILE *file = output->file;
	bool failed;

	output->file = NULL;
	errno = 0;
	failed = fflush(file) || ferror(file);
	if (failed && !errno)
		errno = EIO; /* an earlier write has failed */
	if (output->path && fclose(file))
		failed = true;
	return failed ? errno : 0;
}

/**
 * mu_output_end() - complete what was begun
 * @output: the file
 * @keep: the contents are complete; otherwise the old file stays as it is
 *
 * Return: false if there are no new contents, with a message if @keep is true.
 */
bool mu_output_end(struct mu_output *output, bool keep)
{
	int error = close_file(output);

	if (keep && !error && output->temporary && !rename_temporary(output))
		error = errno;
	if (output->temporary && (error || !keep))
		unlink(output->temporary);
	forget_temporary(output);
	if (keep && error)
		report_error(output, error);
	return keep && !error;
}
