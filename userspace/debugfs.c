// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access to the module's files in debugfs, whose paths are used in this file only.
 *
 * The control file stays open for as long as the tool runs: a target that is attached with
 * bound=1 lives until it is closed. It is O_CLOEXEC, so that no command inherits it. Errors are
 * explained on stderr. Depends on load.c to load the module and on control.c and rows.c to parse
 * its files.
 */
#include "debugfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mntent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "load.h"
#include "mem.h"
#include "msg.h"
#include "rows.h"
#include "control.h"

#define DEFAULT_DEBUGFS "/sys/kernel/debug"

struct mu_debugfs {
	int control;
	char *dir;
};

/* Return: the first mount point of debugfs, to be freed, or NULL. */
static char *find_mount_point(void)
{
	FILE *mounts = setmntent("/proc/mounts", "re");
	struct mntent *entry;
	char *dir = NULL;

	while (mounts && !dir && (entry = getmntent(mounts)))
		if (!strcmp(entry->mnt_type, "debugfs"))
			dir = mu_format("%s", entry->mnt_dir);
	if (mounts)
		endmntent(mounts);
	return dir;
}

static void explain_open(int error, const char *path)
{
	bool refused = error == EPERM || error == EACCES;

	if (refused && geteuid() != 0)
		mu_warn("you must be root: %s: %s", path, strerror(error));
	else if (refused && mu_is_locked_down())
		mu_warn("the kernel is locked down (%s, Secure Boot): it refuses to open %s",
			MU_LOCKDOWN_FILE, path);
	else if (refused)
		mu_warn("%s: %s: this needs CAP_SYS_ADMIN in the initial user namespace", path,
			strerror(error));
	else
		mu_warn("%s: %s", path, strerror(error));
}

static struct mu_debugfs *open_directory(const char *dir)
{
	struct mu_debugfs *debugfs = mu_zalloc(sizeof(*debugfs));
	char *path = mu_format("%s/control", dir);

	debugfs->dir = mu_format("%s", dir);
	debugfs->control = open(path, O_RDWR | O_CLOEXEC);
	if (debugfs->control < 0) {
		explain_open(errno, path);
		mu_debugfs_close(debugfs);
		debugfs = NULL;
	}
	free(path);
	return debugfs;
}

/* Return: true if the module's directory exists, even if it is not accessible. */
static bool is_loaded(const char *dir)
{
	return access(dir, F_OK) == 0 || errno == EACCES;
}

static bool load_module(const char *dir, const char *module_file)
{
	if (is_loaded(dir))
		return true;
	if (!mu_module_load(module_file))
		return false;
	if (is_loaded(dir))
		return true;
	mu_warn("the module is loaded, but %s does not exist: is debugfs enabled in this kernel?",
		dir);
	return false;
}

/**
 * mu_debugfs_open() - open the module's directory, loading the module if necessary
 * @module_file: load the module from this file, NULL: load the installed module
 *
 * Return: the handle, or NULL, with a message.
 */
struct mu_debugfs *mu_debugfs_open(const char *module_file)
{
	char *mount_point = find_mount_point();
	struct mu_debugfs *debugfs = NULL;
	char *dir;

	if (!mount_point) {
		if (geteuid() != 0)
			mu_warn("debugfs is not mounted, and you must be root to mount it");
		else
			mu_warn("debugfs is not mounted: mount -t debugfs none %s",
				DEFAULT_DEBUGFS);
		return NULL;
	}
	dir = mu_format("%s/memleak_user", mount_point);
	if (load_module(dir, module_file))
		debugfs = open_directory(dir);
	free(dir);
	free(mount_point);
	return debugfs;
}

/**
 * mu_debugfs_close() - close the module's directory, which ends all targets that are bound to it
 * @debugfs: the handle; may be NULL
 */
void mu_debugfs_close(struct mu_debugfs *debugfs)
{
	if (!debugfs)
		return;
	if (debugfs->control >= 0)
		close(debugfs->control);
	free(debugfs->dir);
	free(debugfs);
}

/**
 * mu_debugfs_command() - write a command to control
 * @debugfs: the handle
 * @command: the command
 * @reason: set to the reason of a refusal, to be freed, or to NULL
 *
 * Return: 0, or an errno.
 */
int mu_debugfs_command(struct mu_debugfs *debugfs, const char *command, char **reason)
{
	ssize_t written = write(debugfs->control, command, strlen(command));
	int error = written < 0 ? errno : 0;
	FILE *control;

	*reason = NULL;
	if (!error)
		return 0;
	control = mu_debugfs_open_control(debugfs);
	if (control) {
		*reason = mu_control_reason(control, command);
		fclose(control);
	}
	if (!*reason)
		*reason = mu_format("%s", strerror(error));
	return error;
}

/**
 * mu_debugfs_open_control() - open control to read it
 * @debugfs: the handle
 *
 * The descriptor is a duplicate: only the open file that wrote a command shows why that was
 * refused.
 *
 * Return: the file, or NULL with errno.
 */
FILE *mu_debugfs_open_control(struct mu_debugfs *debugfs)
{
	int fd = fcntl(debugfs->control, F_DUPFD_CLOEXEC, 0);

	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return NULL;
	return fdopen(fd, "r");
}

static FILE *open_file(struct mu_debugfs *debugfs, const char *name)
{
	char *path = mu_format("%s/%s", debugfs->dir, name);
	FILE *file = fopen(path, "re");
	int error = errno;

	free(path);
	errno = error;
	return file;
}

/**
 * mu_debugfs_open_target() - open a file of a target
 * @debugfs: the handle
 * @id: id of the target
 * @name: "report", "allocations", "blocks" or "stats"
 *
 * Return: the file, or NULL with errno.
 */
FILE *mu_debugfs_open_target(struct mu_debugfs *debugfs, uint64_t id, const char *name)
{
	char *path = mu_format("targets/%" PRIu64 "/%s", id, name);
	FILE *file = open_file(debugfs, path);
	int error = errno;

	free(path);
	errno = error;
	return file;
}

/**
 * mu_debugfs_memory_limit() - read the memory limit of the module
 * @debugfs: the handle
 *
 * Return: the limit in bytes, or 0 if it is not known.
 */
uint64_t mu_debugfs_memory_limit(struct mu_debugfs *debugfs)
{
	FILE *stats = open_file(debugfs, "stats");
	uint64_t limit = stats ? mu_stats_value(stats, "bytes_limit") : 0;

	if (stats)
		fclose(stats);
	return limit;
}
