// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that other programs read: written aside in the same directory, and renamed when they are
 * complete, so that a reader sees the old contents or the new ones, and a full disk destroys
 * nothing. A file that is not regular (a FIFO, a device) is written itself.
 *
 * A textfile is for a collector with another user, which may own the directory: everybody can read
 * it, whatever the umask is, and whatever has its name is replaced. A link there is not followed,
 * so that this user cannot choose another file. The name that it has while it is written does not
 * end in ".prom", so that node_exporter ignores it.
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
#define TEXTFILE_MODE 0644

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

static mode_t choose_mode(const struct mu_output *output, const struct stat *old)
{
	if (output->is_textfile)
		return TEXTFILE_MODE;
	return old ? old->st_mode & 07777 : mode_of_new_files();
}

/* A link stays a link: what it leads to is replaced. */
static bool open_aside(struct mu_output *output, const struct stat *old)
{
	char *target = old && !output->is_textfile ? realpath(output->path, NULL) : NULL;
	int fd;

	output->temporary = mu_format("%s.XXXXXX", target ? target : output->path);
	free(target);
	fd = mkostemp(output->temporary, 0);
	if (fd < 0)
		return false;
	if (fchmod(fd, choose_mode(output, old))) {
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
	if (!exists || S_ISREG(st.st_mode) || output->is_textfile)
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

/**
 * mu_output_remove() - remove a file that was written, as its contents are no longer true
 * @output: the file
 */
void mu_output_remove(const struct mu_output *output)
{
	if (unlink(output->path) && errno != ENOENT)
		report_error(output, errno);
}
