// SPDX-License-Identifier: GPL-2.0-only
/* The mapped object that -O names. */
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

static void check_name(const char *wanted, const char *name, const char *claim)
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
	check_name(link, "app", "a link, like /proc/PID/exe, names its target");
	unlink(link);
}

int main(void)
{
	check_name("libc.so.6", "libc.so.6", "a name names itself");
	check_name("/usr/lib/libc.so.6", "libc.so.6", "a path names its last component");
	check_name("c", "libc.so.6", "c names libc, not libcrypt");
	check_name("crypt", "libcrypt.so.1", "crypt names libcrypt");
	check_name("jemalloc", "libjemalloc-2.so", "a version may follow a minus sign");
	check_name("app", "app", "a deleted program keeps its name");
	check_name("nothing", "nothing", "a name that is not mapped is unchanged");
	test_links();
	return done_testing();
}
