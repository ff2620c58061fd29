// SPDX-License-Identifier: GPL-2.0-only
/*
 * Daemons that others wait for when they read a file, and that are traced themselves:
 *
 * daemon fuse DIRECTORY FILE: a FUSE file system that shows FILE as DIRECTORY/file
 * daemon user_fuse DIRECTORY FILE ID: the same, run by and for the user and group ID; not even root
 *	may read the file
 * daemon fanotify FILE: permits each open and read of FILE
 * daemon mapper FILE...: no daemon; maps each FILE as executable, without touching the mapping
 *
 * A thread answers the requests and calls malloc for each of them. "fuse" and "fanotify" also map
 * the file that they serve.
 *
 * Steps:
 *	hang	stops answering requests
 *	answer	answers requests again
 *	become	executes cat instead
 *	end	exits
 *	other words: keeps a block of 555 bytes
 *
 * Used by daemons, limits, timeouts and tool/files.sh.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "program.h"

#define REQUEST_MAX (256 * 1024)
#define FILE_NODE 2

static _Atomic bool hanging;
static int channel; /* /dev/fuse, or the fanotify group */
static char *content;
static size_t content_size;

static void wait_while_hanging(void)
{
	while (hanging)
		usleep(1000);
}

/* === FUSE, protocol version 7 === */

static void send_reply(const struct fuse_in_header *in, int error, const void *data, size_t len)
{
	struct fuse_out_header out = { sizeof(out) + len, error, in->unique };
	struct iovec parts[2] = { { &out, sizeof(out) }, { (void *)data, len } };

	wait_while_hanging();
	/* ENOENT: the process that sent the request has been killed. */
	if (writev(channel, parts, 2) < 0 && errno != ENOENT)
		program_die("the reply");
}

static struct fuse_attr attributes_of(uint64_t node)
{
	bool file = node == FILE_NODE;

	return (struct fuse_attr){
		.ino = node,
		.size = file ? content_size : 0,
		.blocks = file ? content_size / 512 + 1 : 0,
		.mode = file ? S_IFREG | 0555 : S_IFDIR | 0555,
		.nlink = 1,
		.blksize = 4096,
	};
}

static void do_init(const struct fuse_in_header *in, const struct fuse_init_in *arg)
{
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = arg->minor < 31 ? arg->minor : 31,
		.max_write = 4096,
		.max_background = 16,
		.congestion_threshold = 12,
		.time_gran = 1,
	};

	send_reply(in, 0, &out, sizeof(out));
}

static void do_lookup(const struct fuse_in_header *in, const char *name)
{
	struct fuse_entry_out out = {
		.nodeid = FILE_NODE,
		.entry_valid = 3600,
		.attr_valid = 3600,
		.attr = attributes_of(FILE_NODE),
	};

	if (strcmp(name, "file"))
		send_reply(in, -ENOENT, NULL, 0);
	else
		send_reply(in, 0, &out, sizeof(out));
}

static void do_getattr(const struct fuse_in_header *in)
{
	struct fuse_attr_out out = { .attr_valid = 3600, .attr = attributes_of(in->nodeid) };

	send_reply(in, 0, &out, sizeof(out));
}

static void do_open(const struct fuse_in_header *in)
{
	struct fuse_open_out out = { .fh = 1 };

	send_reply(in, 0, &out, sizeof(out));
}

static void do_read(const struct fuse_in_header *in, const struct fuse_read_in *arg)
{
	size_t len = 0;

	if (arg->offset < content_size)
		len = content_size - arg->offset;
	if (len > arg->size)
		len = arg->size;
	send_reply(in, 0, content + arg->offset, len);
}

static void answer_request(const struct fuse_in_header *in)
{
	const void *arg = in + 1;

	switch (in->opcode) {
	case FUSE_INIT:
		return do_init(in, arg);
	case FUSE_LOOKUP:
		return do_lookup(in, arg);
	case FUSE_GETATTR:
		return do_getattr(in);
	case FUSE_OPEN:
		return do_open(in);
	case FUSE_READ:
		return do_read(in, arg);
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		return send_reply(in, 0, NULL, 0);
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return;
	default:
		return send_reply(in, -EOPNOTSUPP, NULL, 0);
	}
}

static void *serve_fuse(void *arg)
{
	for (;;) {
		void *request = malloc(REQUEST_MAX);
		ssize_t n = read(channel, request, REQUEST_MAX);

		if (n >= (ssize_t)sizeof(struct fuse_in_header))
			answer_request(request);
		else if (n < 0 && errno != EINTR && errno != ENOENT)
			program_die("/dev/fuse");
		free(request);
	}
	return arg;
}

/* === fanotify === */

static void *serve_fanotify(void *arg)
{
	for (;;) {
		struct fanotify_event_metadata *event = malloc(4096);
		ssize_t n = read(channel, event, 4096);
		struct fanotify_response response = { event->fd, FAN_ALLOW };

		if (n < (ssize_t)sizeof(*event))
			program_die("fanotify");
		wait_while_hanging();
		if (write(channel, &response, sizeof(response)) != sizeof(response))
			program_die("the response");
		close(event->fd);
		free(event);
	}
	return arg;
}

/* === All daemons === */

static void start_server(void *(*serve)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, serve, NULL))
		program_die("pthread_create");
}

static void map_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		program_die(path);
	if (mmap(NULL, st.st_size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		program_die("mmap");
	close(fd);
}

static void read_content(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		program_die(path);
	content_size = st.st_size;
	content = mmap(NULL, content_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	if (read(fd, content, content_size) != st.st_size)
		program_die(path);
	close(fd);
}

static void mount_fuse(char **arguments, unsigned int id)
{
	char options[128];

	read_content(arguments[1]);
	channel = open("/dev/fuse", O_RDWR);
	if (channel < 0)
		_exit(4);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=%u,group_id=%u", channel,
		 id, id);
	if (mount("mlu", arguments[0], "fuse", MS_RDONLY, options))
		program_die("mount");
	start_server(serve_fuse);
}

static void be_fuse(char **arguments)
{
	char path[512];

	mount_fuse(arguments, 0);
	snprintf(path, sizeof(path), "%s/file", arguments[0]);
	map_file(path);
}

static void be_user_fuse(char **arguments)
{
	unsigned int id = atoi(arguments[2]);

	mount_fuse(arguments, id);
	if (setgroups(0, NULL) || setresgid(id, id, id) || setresuid(id, id, id))
		program_die("the user's ids");
}

static void be_fanotify(char **arguments)
{
	channel = fanotify_init(FAN_CLASS_CONTENT, O_RDONLY);
	if (channel < 0 || fanotify_mark(channel, FAN_MARK_ADD, FAN_OPEN_PERM | FAN_ACCESS_PERM,
					 AT_FDCWD, arguments[0]))
		_exit(4);
	start_server(serve_fanotify);
	map_file(arguments[0]);
}

static void be_mapper(char **arguments)
{
	for (; *arguments; arguments++)
		map_file(*arguments);
}

static void start_daemon(const char *what, char **arguments)
{
	if (!strcmp(what, "fuse"))
		be_fuse(arguments);
	else if (!strcmp(what, "user_fuse"))
		be_user_fuse(arguments);
	else if (!strcmp(what, "fanotify"))
		be_fanotify(arguments);
	else
		be_mapper(arguments);
}

int main(int argc, char **argv)
{
	char word;

	if (argc < 3)
		return 1;
	start_daemon(argv[1], argv + 2);
	program_say("ready %d\n", (int)getpid());
	while ((word = program_step()) != 'e') {
		if (word == 'b')
			execl("/bin/cat", "cat", NULL);
		else if (word == 'h' || word == 'a')
			hanging = word == 'h';
		else
			program_keep(malloc(555), 555);
		program_print_kept();
	}
	/* The file system ends with its daemon. */
	_exit(0);
}
