// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access to the module's files in debugfs or in /proc, whose paths are used in this file only.
 *
 * Those in debugfs are tried first. If they cannot be used (lockdown, debugfs=off, not mounted),
 * those in /proc are. A target has files of its own in debugfs only, which a locked-down kernel
 * still lets one read; without debugfs, what they have is taken from the files of all targets.
 *
 * The control file stays open for as long as the tool runs: a target that is attached with
 * bound=1 lives until it is closed. It is O_CLOEXEC, so that no command inherits it. Errors are
 * explained on stderr, and so is the use of /proc. Depends on load.c to load the module, on
 * control.c and rows.c to parse its files, and on target_file.c.
 */
#include "module_files.h"

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
#include "target_file.h"

#define DEFAULT_DEBUGFS "/sys/kernel/debug"
#define PROC_DIR "/proc/memleak_user"

struct mu_files {
	int control;
	char *dir;     /* of the files of all targets */
	char *targets; /* of the directories of targets, or NULL */
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

/* Return: the module's directory in debugfs, to be freed, or NULL if debugfs is not mounted. */
static char *find_debugfs_directory(void)
{
	char *mount_point = find_mount_point();
	char *dir = mount_point ? mu_format("%s/memleak_user", mount_point) : NULL;

	free(mount_point);
	return dir;
}

/* Return: true if a directory of the module exists, even if it is not accessible. */
static bool has_directory(const char *dir)
{
	return dir && (access(dir, F_OK) == 0 || errno == EACCES);
}

static bool load_module(const char *debugfs_dir, const char *module_file)
{
	return has_directory(debugfs_dir) || has_directory(PROC_DIR) || mu_module_load(module_file);
}

/* Open control in a directory. Return: false with errno. */
static bool open_in(struct mu_files *files, const char *dir)
{
	char *path = mu_format("%s/control", dir);
	int error;

	files->control = open(path, O_RDWR | O_CLOEXEC);
	error = errno;
	if (files->control >= 0)
		files->dir = mu_format("%s", dir);
	free(path);
	errno = error;
	return files->control >= 0;
}

static void explain_missing(const char *debugfs_dir)
{
	mu_warn("the module is loaded, but there is neither " PROC_DIR " nor %s",
		debugfs_dir ? debugfs_dir : DEFAULT_DEBUGFS "/memleak_user");
	if (!debugfs_dir)
		mu_warn("debugfs is not mounted: mount -t debugfs none " DEFAULT_DEBUGFS);
}

/* A locked-down kernel refuses that of debugfs, whose error is therefore the less important one. */
static void explain_open(const char *debugfs_dir, int debugfs_error, int proc_error)
{
	bool is_proc = proc_error != ENOENT;
	const char *dir = is_proc ? PROC_DIR : debugfs_dir;
	int error = is_proc ? proc_error : debugfs_error;
	bool refused = error == EPERM || error == EACCES;

	if (!is_proc && (!debugfs_dir || debugfs_error == ENOENT))
		explain_missing(debugfs_dir);
	else if (refused && geteuid() != 0)
		mu_warn("you must be root: %s/control: %s", dir, strerror(error));
	else if (refused && !is_proc && mu_is_locked_down())
		mu_warn("the kernel is locked down (%s, Secure Boot): it refuses to open %s/control, and the loaded module has no files in /proc: load that of version %s",
			MU_LOCKDOWN_FILE, dir, MU_VERSION);
	else if (refused)
		mu_warn("%s/control: %s: this needs CAP_SYS_ADMIN in the initial user namespace",
			dir, strerror(error));
	else
		mu_warn("%s/control: %s", dir, strerror(error));
	if (is_proc && debugfs_dir && debugfs_error != error)
		mu_warn("%s/control: %s", debugfs_dir, strerror(debugfs_error));
}

/* That debugfs is used needs no message. */
static void explain_choice(const char *debugfs_dir, int debugfs_error)
{
	if (!debugfs_dir)
		mu_warn("using " PROC_DIR ", as debugfs is not mounted");
	else if (debugfs_error == EPERM && mu_is_locked_down())
		mu_warn("using " PROC_DIR ", as the kernel is locked down (%s)", MU_LOCKDOWN_FILE);
	else
		mu_warn("using " PROC_DIR ": %s/control: %s", debugfs_dir, strerror(debugfs_error));
}

/* Open control in debugfs or else in /proc, and find the files of single targets. */
static struct mu_files *open_directory(const char *debugfs_dir)
{
	struct mu_files *files = mu_zalloc(sizeof(*files));
	int debugfs_error = ENOENT;
	char *targets;

	if (debugfs_dir && !open_in(files, debugfs_dir))
		debugfs_error = errno;
	if (!files->dir) {
		if (!open_in(files, PROC_DIR)) {
			explain_open(debugfs_dir, debugfs_error, errno);
			free(files);
			return NULL;
		}
		explain_choice(debugfs_dir, debugfs_error);
	}
	targets = debugfs_dir ? mu_format("%s/targets", debugfs_dir) : NULL;
	if (targets && access(targets, X_OK) == 0)
		files->targets = targets;
	else
		free(targets);
	return files;
}

/**
 * mu_files_open() - open the module's files, loading the module if necessary
 * @module_file: load the module from this file, NULL: load the installed module
 *
 * Return: the handle, or NULL, with a message.
 */
struct mu_files *mu_files_open(const char *module_file)
{
	char *dir = find_debugfs_directory();
	struct mu_files *files = NULL;

	if (load_module(dir, module_file))
		files = open_directory(dir);
	if (files)
		mu_module_compare_version();
	free(dir);
	return files;
}

/**
 * mu_files_close() - close the module's directory, which ends all targets that are bound to it
 * @files: the handle; may be NULL
 */
void mu_files_close(struct mu_files *files)
{
	if (!files)
		return;
	close(files->control);
	free(files->dir);
	free(files->targets);
	free(files);
}

/**
 * mu_files_command() - write a command to control
 * @files: the handle
 * @command: the command
 * @reason: set to the reason of a refusal, to be freed, or to NULL
 *
 * Return: 0, or an errno.
 */
int mu_files_command(struct mu_files *files, const char *command, char **reason)
{
	ssize_t written = write(files->control, command, strlen(command));
	int error = written < 0 ? errno : 0;
	FILE *control;

	*reason = NULL;
	if (!error)
		return 0;
	control = mu_files_open_control(files);
	if (control) {
		*reason = mu_control_reason(control, command);
		fclose(control);
	}
	if (!*reason)
		*reason = mu_format("%s", strerror(error));
	return error;
}

/**
 * mu_files_open_control() - open control to read it
 * @files: the handle
 *
 * The descriptor is a duplicate: only the open file that wrote a command shows why that was
 * refused.
 *
 * Return: the file, or NULL with errno.
 */
FILE *mu_files_open_control(struct mu_files *files)
{
	int fd = fcntl(files->control, F_DUPFD_CLOEXEC, 0);

	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return NULL;
	return fdopen(fd, "r");
}

static FILE *open_path(char *path)
{
	FILE *file = fopen(path, "re");
	int error = errno;

	free(path);
	errno = error;
	return file;
}

static FILE *open_file(struct mu_files *files, const char *name)
{
	return open_path(mu_format("%s/%s", files->dir, name));
}

static FILE *open_part(struct mu_files *files, uint64_t id, const char *name)
{
	FILE *all = open_file(files, name);
	FILE *part = all ? mu_target_file(all, name, id) : NULL;
	int error = errno;

	if (all)
		fclose(all);
	errno = error;
	return part;
}

/**
 * mu_files_open_target() - open a file of a target
 * @files: the handle
 * @id: id of the target
 * @name: "report", "allocations" or "blocks"
 *
 * Return: the file, or NULL with errno.
 */
FILE *mu_files_open_target(struct mu_files *files, uint64_t id, const char *name)
{
	if (!files->targets)
		return open_part(files, id, name);
	return open_path(mu_format("%s/%" PRIu64 "/%s", files->targets, id, name));
}

/**
 * mu_files_memory_limit() - read the memory limit of the module
 * @files: the handle
 *
 * Return: the limit in bytes, or 0 if it is not known.
 */
uint64_t mu_files_memory_limit(struct mu_files *files)
{
	FILE *stats = open_file(files, "stats");
	uint64_t limit = stats ? mu_stats_value(stats, "bytes_limit") : 0;

	if (stats)
		fclose(stats);
	return limit;
}
