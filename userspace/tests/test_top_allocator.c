// SPDX-License-Identifier: GPL-2.0-only
/* The allocators of processes of a made /proc, which have mapped files that are built here. */
#include "elf_image.h"
#include "tap.h"
#include "top_allocator.h"
#include "top_tree.h"

static const char program[] = "int main(void) { return 0; }\n";
static const char allocator[] = "void *malloc(unsigned long n) { return (void *)n; }\n"
				"void free(void *p) { (void)p; }\n";
static const char own[] = "void *malloc(unsigned long n) { return (void *)n; }\n"
			  "void free(void *p) { (void)p; }\n"
			  "int main(void) { return 0; }\n";

static bool build_file(const char *name, const char *source, const char *flags)
{
	char *command = mu_format("cd %s && ${CC:-cc} -w -O1 -fno-builtin %s -o %s p.c", tree,
				  flags, name);
	bool built;

	put_file("p.c", source);
	built = !system(command);
	free(command);
	return built;
}

static bool build_files(void)
{
	return build_file("app", program, "-fPIE -pie") &&
	       build_file("libc.so.6", allocator, "-shared -fPIC") &&
	       build_file("libc-2.31.so", allocator, "-shared -fPIC") &&
	       build_file("ld-2.31.so", allocator, "-shared -fPIC") &&
	       build_file("ld-musl-x86_64.so.1", allocator, "-shared -fPIC") &&
	       build_file("libjemalloc.so.2", allocator, "-shared -fPIC") &&
	       build_file("libother.so", program, "-shared -fPIC") &&
	       build_file("exporting", own, "-fPIE -pie -rdynamic") &&
	       build_file("hiding", own, "-fPIE -pie -fvisibility=hidden") &&
	       build_file("static", own, "-static -nostdlib -e main") &&
	       build_file("stripped", own, "-static -nostdlib -e main -s");
}

/* A program for 32 bits, and one with a section of Go's linker. */
static bool make_files(void)
{
	static const struct mu_elf_section go = { ".gopclntab", "x", 1 };
	char header[64] = "\177ELF\1\1\1";
	int fd = openat(tree_fd, "narrow", O_WRONLY | O_CREAT, 0755), image;
	bool good = fd >= 0 && write(fd, header, sizeof(header)) == sizeof(header);
	char bytes[4096];
	ssize_t len;

	close(fd);
	image = mu_elf_image_new(&go, 1);
	len = image >= 0 ? pread(image, bytes, sizeof(bytes), 0) : -1;
	fd = openat(tree_fd, "go", O_WRONLY | O_CREAT, 0755);
	good = good && len > 0 && fd >= 0 && write(fd, bytes, len) == len;
	close(image);
	close(fd);
	return good;
}

/* A process whose program is the first of these files, which are mapped, or below its root only. */
static void put_mappings(int pid, const char *files, bool by_path)
{
	char *list = mu_strndup(files, strlen(files)), *rest;
	char *maps = mu_format("10-20 rw-p 0 00:00 0 [heap]\n"), *path, *target;
	unsigned long at = 0x1000;

	put_process(pid, "x", "S1", 0, 1, 0, "0::/\n");
	for (char *name = strtok_r(list, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
		char *more = mu_format("%s%lx-%lx r-xp 0 fe:00 %lu /%s\n", maps, at, at + 0x1000,
				       at, name);

		free(maps);
		maps = more;
		target = mu_format("%s/%s", tree, name);
		path = mu_format("proc/%d/map_files/%lx-%lx", pid, at, at + 0x1000);
		if (!by_path)
			put_link(path, target);
		free(path);
		free(target);
		if (at == 0x1000) {
			path = mu_format("proc/%d/exe", pid);
			target = mu_format("/%s", name);
			put_link(path, target);
			free(path);
			free(target);
		}
		at += 0x1000;
	}
	path = mu_format("proc/%d/root", pid);
	put_link(path, tree);
	free(path);
	path = mu_format("proc/%d/maps", pid);
	put_file(path, maps);
	free(path);
	free(maps);
	free(list);
}

static void remove_process(int pid)
{
	char *command = mu_format("rm -r %s/proc/%d", tree, pid);

	if (system(command))
		perror(command);
	free(command);
}

static void is_found(struct mu_top_allocators *a, int pid, uint64_t start, uint64_t ms,
		     const char *wanted, const char *claim)
{
	struct mu_top_row row = { .pid = { pid }, .start = start };

	mu_top_allocators_fill(a, &row, 1, ms);
	is_text(row.allocator, wanted, claim);
}

static void is_allocator(struct mu_top_allocators *a, const char *files, const char *wanted,
			 const char *claim)
{
	static int pid = 100;

	pid++;
	put_mappings(pid, files, false);
	is_found(a, pid, pid * 100, 0, wanted, claim);
}

static void test_names(struct mu_top_allocators *a)
{
	is_allocator(a, "app libother.so libc.so.6", "libc", "the C library");
	is_allocator(a, "app libc-2.31.so ld-2.31.so", "libc", "an old one, with its linker");
	is_allocator(a, "app ld-musl-x86_64.so.1", "musl", "musl");
	is_allocator(a, "app libc.so.6 libjemalloc.so.2", "jemalloc,libc",
		     "another allocator precedes the C library");
	is_allocator(a, "exporting libc.so.6", "program,libc", "an allocator of the program");
	is_allocator(a, "static", "static", "a static program with symbols");
}

static void test_not_traced(struct mu_top_allocators *a)
{
	is_allocator(a, "stripped", "no:static", "a static program without symbols");
	is_allocator(a, "go", "no:Go", "a Go program");
	is_allocator(a, "go libc.so.6", "libc no:Go", "a Go program with C code");
	is_allocator(a, "narrow libc.so.6", "no:32-bit", "a 32-bit program");
	is_allocator(a, "app libother.so", "no:malloc", "a program without an allocator");
	is_allocator(a, "hiding", "no:malloc", "a program that does not export its allocator");
	is_allocator(a, "app gone", "?", "a file that cannot be read may be an allocator");
	is_allocator(a, "app gone libc.so.6", "libc", "unless another one was found");
	tap_ok(!mu_top_is_traceable("no:Go") && mu_top_is_traceable("libc no:Go") &&
		       mu_top_is_traceable("?") && mu_top_is_traceable(NULL),
	       "what can be traced is known by the text");
}

static void test_processes(struct mu_top_allocators *a)
{
	put_mappings(50, "app libc.so.6", true);
	is_found(a, 50, 5000, 0, "libc", "files are found below the root of the process");
	remove_process(50);
	put_mappings(50, "go", false);
	is_found(a, 50, 5000, 59999, "libc", "a result is used for a minute");
	is_found(a, 50, 5000, 60000, "no:Go", "and then read again");
	is_found(a, 50, 4999, 60000, "?", "another process with the same PID is not examined");
	is_found(a, 51, 5100, 0, "?", "nor is one that has exited");
	put_process(52, "x", "S1", 0, 1, 0, "0::/\n");
	is_found(a, 52, 5200, 0, "?", "nor one whose maps may not be read");
}

/* More processes than results are kept for. */
static void test_many(struct mu_top_allocators *a)
{
	struct mu_top_row *rows = mu_zalloc(3000 * sizeof(*rows));
	bool all = true;

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < 3000; i++)
			rows[i].pid[0] = 100000 + i;
		mu_top_allocators_fill(a, rows, 3000, 0);
		for (size_t i = 0; i < 3000; i++)
			all &= !strcmp(rows[i].allocator, "?");
	}
	tap_ok(all, "many processes can be examined");
	free(rows);
}

int main(void)
{
	struct mu_top_allocators *a;

	if (!make_tree())
		return 1;
	if (tap_ok(build_files() && make_files(), "the files can be built")) {
		a = mu_top_allocators_new(tree_fd);
		test_names(a);
		test_not_traced(a);
		test_processes(a);
		test_many(a);
		mu_top_allocators_free(a);
	}
	remove_tree();
	return done_testing();
}
