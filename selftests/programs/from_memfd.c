// SPDX-License-Identifier: GPL-2.0-only
/*
 * from_memfd PROGRAM ARGUMENT...: copies PROGRAM to a memfd and executes it, so that the executable
 * has no path. Used by tool/files.sh.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
	int fd = memfd_create("copy", MFD_CLOEXEC);
	int from = argc > 1 ? open(argv[1], O_RDONLY) : -1;
	static char buffer[65536];
	ssize_t len;

	while ((len = read(from, buffer, sizeof(buffer))) > 0)
		if (write(fd, buffer, len) != len)
			len = -1;
	if (!len)
		fexecve(fd, argv + 1, environ);
	perror("from_memfd");
	return 1;
}
