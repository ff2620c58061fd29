// SPDX-License-Identifier: GPL-2.0-only
/*
 * The format heaptrack, of a report that is hostile to it: decompressed, and read as heaptrack
 * reads it. selftests/peers reads it with heaptrack_print.
 */
#include "exported.h"

#include <inttypes.h>
#include <zlib.h>

#include "mem.h"
#include "tap.h"

#define NAMES_MAX 64
#define NODES_MAX 64
#define INFOS_MAX 64

struct node {
	size_t ip;
	size_t parent;
};

struct info {
	uint64_t size;
	size_t node;
	uint64_t nr;
};

static struct {
	char string[NAMES_MAX][128];
	size_t nr_strings;
	size_t function[NAMES_MAX]; /* of a code location: the first one */
	size_t nr_ips;
	struct node node[NODES_MAX];
	size_t nr_nodes;
	struct info info[INFOS_MAX];
	size_t nr_infos;
	char program[128];
	uint64_t ms;
	size_t bad; /* lines that cannot be read, or that refer to what is not there */
} log_read;

static void read_string(const char *line)
{
	char *text;
	size_t length = strtoul(line + 2, &text, 16);

	if (log_read.nr_strings + 1 == NAMES_MAX || *text != ' ' || strlen(text + 1) != length) {
		log_read.bad++;
		return;
	}
	log_read.nr_strings++;
	snprintf(log_read.string[log_read.nr_strings], sizeof(log_read.string[0]), "%.99s",
		 text + 1);
}

static void read_ip(const char *line)
{
	uint64_t address;
	size_t module, function, file;
	unsigned int source;

	if (sscanf(line, "i %" SCNx64 " %zx %zx %zx %x", &address, &module, &function, &file,
		   &source) != 5 ||
	    module > log_read.nr_strings || !function || function > log_read.nr_strings ||
	    file > log_read.nr_strings)
		log_read.bad++;
	else
		log_read.function[++log_read.nr_ips] = function;
}

static void read_node(const char *line)
{
	struct node n;

	if (sscanf(line, "t %zx %zx", &n.ip, &n.parent) != 2 || !n.ip || n.ip > log_read.nr_ips ||
	    n.parent > log_read.nr_nodes)
		log_read.bad++;
	else
		log_read.node[++log_read.nr_nodes] = n;
}

static void read_info(const char *line)
{
	struct info a = {};

	if (sscanf(line, "a %" SCNx64 " %zx", &a.size, &a.node) != 2 || !a.node ||
	    a.node > log_read.nr_nodes)
		log_read.bad++;
	else
		log_read.info[log_read.nr_infos++] = a;
}

static void read_allocation(const char *line)
{
	size_t info;

	if (sscanf(line, "+ %zx", &info) != 1 || info >= log_read.nr_infos)
		log_read.bad++;
	else
		log_read.info[info].nr++;
}

static void read_line(const char *line)
{
	switch (*line) {
	case 'v':
		log_read.bad += !!strcmp(line, "v 10400 3");
		break;
	case 'X':
		snprintf(log_read.program, sizeof(log_read.program), "%.99s", line + 2);
		break;
	case 's':
		read_string(line);
		break;
	case 'i':
		read_ip(line);
		break;
	case 't':
		read_node(line);
		break;
	case 'a':
		read_info(line);
		break;
	case '+':
		read_allocation(line);
		break;
	case 'c':
		log_read.ms = strtoull(line + 2, NULL, 16);
		break;
	default:
		log_read.bad++;
	}
}

/* Decompress with zlib's functions for files. */
static void take_text(const char *report)
{
	char path[] = "/tmp/mu-heaptrack-XXXXXX", line[256];
	FILE *file = fdopen(mkstemp(path), "w");
	size_t size;
	char *bytes = export_text("heaptrack", report, &size);
	gzFile in;

	memset(&log_read, 0, sizeof(log_read));
	fwrite(bytes, 1, size, file);
	fclose(file);
	in = gzopen(path, "r");
	while (gzgets(in, line, sizeof(line))) {
		line[strcspn(line, "\n")] = '\0';
		read_line(line);
	}
	log_read.bad += gzclose(in) != Z_OK;
	unlink(path);
	free(bytes);
}

static uint64_t sum_bytes(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < log_read.nr_infos; i++)
		sum += log_read.info[i].size * log_read.info[i].nr;
	return sum;
}

static uint64_t sum_blocks(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < log_read.nr_infos; i++)
		sum += log_read.info[i].nr;
	return sum;
}

/* Return: "INNERMOST < ... < OUTERMOST", to be freed. */
static char *stack_of(const struct info *info)
{
	char *text = mu_format("%s", "");

	for (size_t at = info->node; at; at = log_read.node[at].parent) {
		const char *name = log_read.string[log_read.function[log_read.node[at].ip]];
		char *longer = mu_format("%s%s%s", text, *text ? " < " : "", name);

		free(text);
		text = longer;
	}
	return text;
}

static void is_stack(size_t info, const char *wanted, const char *claim)
{
	char *text = stack_of(&log_read.info[info]);

	is_text(text, wanted, claim);
	free(text);
}

static void test_hostile(void)
{
	take_text(hostile_report);
	is_number(log_read.bad, 0, "all lines can be read");
	is_text(log_read.program, "3 processes", "the program is the number of processes");
	is_number(log_read.ms, 2000, "the time is that of the longest trace");
	is_number(sum_bytes(), 9223372036854775978ull + 300, "the bytes are those of the report");
	is_number(sum_blocks(), 36, "and so are the allocations");
	is_stack(0,
		 "q\"x;\\012\\377.so+0x1000 < q\"x;\\012\\377.so+0x1000 < [anon]+0x20 < [bad pc] < a; b (pid 12)",
		 "a stack has its functions, the reason of its end, and its process");
	is_stack(1, "app+0x1198 < a; b (pid 12)", "one that reaches the end has no reason");
	is_stack(2, "[no frames] < a; b (pid 12)", "a stack may have no frames");
	is_stack(3, "app+0x1198 < [depth] < a; b (pid 13)", "another process is another root");
}

static void test_sizes(void)
{
	static const char text[] =
		"memleak_user report 1\n"
		"target 3 pid 12 one tracing 1 ms: 107 bytes in 10 allocations from 1 stack, lost 0\n"
		"107 bytes in 10 allocations from stack 1 (age 1..1 ms, 1 made, 0 freed)\n"
		"\t0x0000000000000010 [anon]+0x10 (end)\n";

	take_text(text);
	is_text(log_read.program, "one (pid 12)", "one process is the program");
	is_number(log_read.nr_infos, 2, "sizes differ if they have to");
	is_number(log_read.info[0].size, 10, "by one byte");
	is_number(log_read.info[0].nr, 3, "so that their sum is exact");
	is_number(sum_bytes(), 107, "in bytes");
	is_number(sum_blocks(), 10, "and in allocations");
	is_stack(0, "[anon]+0x10", "one process is no frame");
}

static void test_limit(void)
{
	static const char text[] =
		"memleak_user report 1\n"
		"target 3 pid 12 one tracing 1 ms: 1000000000001 bytes in 100000000000 allocations "
		"from 1 stack, lost 0\n"
		"1000000000001 bytes in 100000000000 allocations from stack 1 (age 1..1 ms, 1 made, 0 freed)\n"
		"\t0x0000000000000010 [anon]+0x10 (end)\n";

	take_text(text);
	is_number(sum_blocks(), 10000000, "more allocations than a file can have are larger ones");
	is_number(sum_bytes(), 1000000000001, "of the same bytes");
}

int main(void)
{
	test_hostile();
	test_sizes();
	test_limit();
	take_text(empty_report);
	is_number(log_read.nr_infos + log_read.bad, 0, "an empty report has no allocations");
	is_text(log_read.program, "0 processes", "and no process");
	return done_testing();
}
