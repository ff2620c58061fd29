// SPDX-License-Identifier: GPL-2.0-only
/* -O: which mapped object is meant. */
#include <stdlib.h>
#include <unistd.h>

#include "mem.h"
#include "object_name.h"
#include "tap.h"

#define LINE "7f0000000000-7f0000001000 r-xp 00000000 08:01 42 "
#define MAPS                                                                    \
	LINE "                 /usr/bin/app (deleted)\n"                        \
	     "7f0000000000-7f0000001000 rw-p 00000000 00:00 0 [heap]\n"         \
	     "7f0000000000-7f0000001000 rw-p 00000000 00:00 0\040\n" LINE       \
	     "/usr/lib/libcrypt.so.1\n" LINE "/usr/lib/libjemalloc-2.so\n" LINE \
	     "/usr/lib/libc.so.6\n"

static void means(const char *wanted, const char *name, const char *claim)
{
	FILE *maps = fmemopen(MAPS, strlen(MAPS), "r");
	char *got = mu_object_name(maps, wanted);

	fclose(maps);
	is_text(got, name, claim);
	free(got);
}

static void test_links(void)
{
	char link[] = "/tmp/memleak-user-XXXXXX";

	close(mkstemp(link));
	unlink(link);
	if (symlink("/usr/bin/app", link))
		link[0] = '\0';
	means(link, "app", "a link, as /proc/PID/exe is one, means what it leads to");
	unlink(link);
}

int main(void)
{
	means("libc.so.6", "libc.so.6", "a name means itself");
	means("/usr/lib/libc.so.6", "libc.so.6", "a path means its last part");
	means("c", "libc.so.6", "c means libc, and not libcrypt");
	means("crypt", "libcrypt.so.1", "crypt means libcrypt");
	means("jemalloc", "libjemalloc-2.so", "a version may follow a minus sign");
	means("app", "app", "a deleted program is still named app");
	means("nothing", "nothing", "what is not mapped is left for the kernel side to refuse");
	test_links();
	return done_testing();
}
