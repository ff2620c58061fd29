/* SPDX-License-Identifier: GPL-2.0-only */
/* Profiles of reports in text, and what exporters write of them, for the tests of formats. */
#ifndef MU_TESTS_EXPORTED_H
#define MU_TESTS_EXPORTED_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export.h"
#include "growth.h"
#include "profile.h"
#include "report.h"
#include "symbolize.h"

struct exported {
	struct mu_report *report;
	struct mu_symbolizer *sym;
	struct mu_profile *profile;
};

#define EXPORTED_MS 1700000000123ULL

/*
 * Two processes with one name, in which a ";" and a space are, and a third one without stacks. The
 * first one is marked. The largest stack has 2^63 bytes, and code of all sorts: interrupted,
 * unmapped, in a file with a hostile name, in no file. Two frames are at one address, one of them
 * interrupted.
 */
static const char hostile_report[] =
	"memleak_user report 1\n"
	"target 3 pid 12 a;\\040b tracing 2000 ms: 9223372036854775978 bytes in 6 allocations from 3 stacks, lost 7\n"
	"events allocated=20 freed=14 lost_limit=3 lost_busy=4\n"
	"mark 900 ms: 20 bytes in 2 allocations from 1 stack\n"
	"unseen go app: Go \"allocates\" without malloc\n"
	"9223372036854775808 bytes in 1 allocations from stack 1 (mmap, age 1..10 ms, 1 made, 0 freed)\n"
	"marked 0 bytes in 0 allocations\n"
	"\t0x0000000000501000 q\"x;\\012\\377.so+0x1000\n"
	"\t0x0000000000501000 q\"x;\\012\\377.so+0x1000 (signal) (unmapped)\n"
	"\t0x00007ffd00001000 [anon]+0x20 (bad pc)\n"
	"120 bytes in 3 allocations from stack 2 (age 1003..10001 ms, 12 made, 9 freed)\n"
	"marked 170 bytes in 5 allocations\n"
	"\t0x0000000000401198 app+0x1198 (end)\n"
	"50 bytes in 2 allocations from stack 9 (age 5..6 ms, 7 made, 5 freed)\n"
	"marked 20 bytes in 2 allocations\n"
	"mapping 7 0x400000-0x402000 0x0 5f3a /no/app\n"
	"mapping 8 0x500000-0x502000 0x0 - /no/q\"x;\\012\\377.so\n"
	"target 4 pid 13 a;\\040b exited 1000 ms: 300 bytes in 30 allocations from 2 stacks, lost 0\n"
	"events allocated=30 freed=0\n"
	"sampling sample=4096: 4 allocations, error 11 bytes in 2 allocations\n"
	"200 bytes in 20 allocations from stack 1 (age 1..2 ms, 4 made, 0 freed)\n"
	"sampled 3 allocations, error 10 bytes in 1 allocations\n"
	"\t0x0000000000801198 app+0x1198 (depth)\n"
	"100 bytes in 10 allocations from stack 2 (age 1..2 ms, 4 made, 0 freed)\n"
	"sampled 1 allocations, error 5 bytes in 1 allocations\n"
	"\t0x00007ffd00001000 [anon]+0x20 (end)\n"
	"mapping 7 0x800000-0x802000 0x0 5f3a /no/app\n"
	"target 5 pid 14 idle detached 5 ms: 0 bytes in 0 allocations from 0 stacks, lost 0\n"
	"events allocated=0 freed=0\n";

static const char empty_report[] = "memleak_user report 1\n";

/* The objects do not exist, so that functions have no names. */
static inline struct exported make_exported(const char *text)
{
	const struct mu_search_dirs dirs = { .proc = -1, .sysroot = "/proc/self/fdinfo" };
	FILE *in = fmemopen((void *)text, strlen(text), "r");
	struct exported e = {
		.report = mu_report_read(in, "test"),
		.sym = mu_symbolizer_new(&dirs, false),
		.profile = mu_profile_new(EXPORTED_MS * 1000000),
	};

	fclose(in);
	for (size_t i = 0; i < e.report->nr_targets; i++) {
		struct mu_history none = {};

		mu_growth_update(&none, &e.report->targets[i]);
		mu_profile_add(e.profile, &e.report->targets[i], e.sym);
		mu_history_free(&none);
	}
	return e;
}

static inline void free_exported(struct exported *e)
{
	mu_profile_free(e->profile);
	mu_symbolizer_free(e->sym);
	mu_report_free(e->report);
}

/* Return: what a format writes of a report, to be freed. */
static inline char *export_text(const char *format, const char *text, size_t *size)
{
	struct exported e = make_exported(text);
	char *bytes = NULL;
	FILE *out = open_memstream(&bytes, size);
	int error = mu_export_find(format)->write(e.profile, out);

	if (fclose(out) || error)
		*size = 0;
	free_exported(&e);
	return bytes;
}

#endif
