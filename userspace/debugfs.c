// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way to the kernel side: finding debugfs, opening control, writing a
 * command, and saying in one sentence what is missing when that fails.
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

#define DEFAULT_DEBUGFS "/sys/kernel/debug"

struct mu_debugfs {
	int control; /* O_CLOEXEC: what it binds must end with the tool */
	char *dir;
};

/* The first debugfs that is mounted, else the usual place, where the failure will be told. */
static char *find_debugfs(void)
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

struct mu_debugfs *mu_debugfs_open_in(const char *dir)
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

/* True when the module's directory is there, whether or not we may look into it. */
static bool is_loaded(const char *dir)
{
	return access(dir, F_OK) == 0 || errno == EACCES;
}

static bool load_for(const char *dir, const char *module_file)
{
	if (is_loaded(dir))
		return true;
	if (!mu_module_load(module_file))
		return false;
	if (is_loaded(dir))
		return true;
	mu_warn("the module is loaded, but %s is not there: does this kernel have debugfs on?",
		dir);
	return false;
}

struct mu_debugfs *mu_debugfs_open(const char *module_file)
{
	char *mount_point = find_debugfs();
	struct mu_debugfs *debugfs = NULL;
	char *dir;

	if (!mount_point) {
		if (geteuid() != 0)
			mu_warn("you must be root, and debugfs is not mounted");
		else
			mu_warn("debugfs is not mounted: mount -t debugfs none %s",
				DEFAULT_DEBUGFS);
		return NULL;
	}
	dir = mu_format("%s/memleak_user", mount_point);
	if (load_for(dir, module_file))
		debugfs = mu_debugfs_open_in(dir);
	free(dir);
	free(mount_point);
	return debugfs;
}

void mu_debugfs_close(struct mu_debugfs *debugfs)
{
	if (!debugfs)
		return;
	if (debugfs->control >= 0)
		close(debugfs->control);
	free(debugfs->dir);
	free(debugfs);
}

int mu_debugfs_command(struct mu_debugfs *debugfs, const char *command, char **sentence)
{
	ssize_t written = write(debugfs->control, command, strlen(command));
	int error = written < 0 ? errno : 0;
	FILE *control;

	*sentence = NULL;
	if (!error)
		return 0;
	control = mu_debugfs_open_control(debugfs);
	if (control) {
		*sentence = mu_control_sentence(control, command);
		fclose(control);
	}
	if (!*sentence)
		*sentence = mu_format("%s", strerror(error));
	return error;
}

/* Only the open file that wrote shows its own refusal: the copy shares it, and its position. */
FILE *mu_debugfs_open_control(struct mu_debugfs *debugfs)
{
	int fd = fcntl(debugfs->control, F_DUPFD_CLOEXEC, 0);

	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return NULL;
	return fdopen(fd, "r");
}

static FILE *open_in_dir(struct mu_debugfs *debugfs, const char *name)
{
	char *path = mu_format("%s/%s", debugfs->dir, name);
	FILE *file = fopen(path, "re");
	int error = errno;

	free(path);
	errno = error;
	return file;
}

FILE *mu_debugfs_open_target(struct mu_debugfs *debugfs, uint64_t id, const char *name)
{
	char *path = mu_format("targets/%" PRIu64 "/%s", id, name);
	FILE *file = open_in_dir(debugfs, path);
	int error = errno;

	free(path);
	errno = error;
	return file;
}

FILE *mu_debugfs_open_stats(struct mu_debugfs *debugfs)
{
	return open_in_dir(debugfs, "stats");
}
