// SPDX-License-Identifier: GPL-2.0-only
/*
 * late FILE...: each step maps the next FILE, an ELF image with code that it has written, and
 * keeps a block that is allocated from that code: 1001 bytes, 1002 and so on. The files are
 * written and opened before "ready", because their file system may not answer later.
 *
 * Used by timeouts, mapped_files and unseen.
 */
#include "hostile.h"
#include "program.h"

static int make_image(const char *path)
{
	begin_image();
	sane();
	end_image();
	return write_image(path);
}

int main(int argc, char **argv)
{
	int i, fd[16];

	if (argc > 16)
		return 1;
	image_init(CODE_IMAGE_PAGE);
	for (i = 1; i < argc; i++)
		fd[i] = make_image(argv[i]);
	program_ready();
	for (i = 1; i < argc; i++) {
		program_keep(call_image(map_image(fd[i]), 1000 + i), 1000 + i);
		program_done();
	}
	return 0;
}
