// SPDX-License-Identifier: GPL-2.0-only
/* Parsing of control, allocations and stats. */
#include <stdint.h>
#include <stdlib.h>

#include "mem.h"
#include "report.h"
#include "rows.h"
#include "tap.h"

#define CONTROL                                                                             \
	"memleak_user control 1\n"                                                          \
	"target 1 pid 70 app exited: none\n"                                                \
	"target 2 pid 70 a:b tracing: malloc l.so+0x97 emulated, free l.so+0x1 stepped\n"   \
	"target 3 pid 71 x,y tracing min=100 object=libc.so.6: malloc l.so+0x97 emulated\n" \
	"unseen operator_new a:b.so: operator new of a:b.so is not traced\n"                \
	"novelty of a newer module\n"                                                       \
	"unseen jit [anon]: code of [anon] is a JIT's\n"                                    \
	"target 4 pid 72 z detaching: none\n"                                               \
	"unseen go z: of another target\n"

static FILE *in_memory(const char *text)
{
	return fmemopen((void *)text, strlen(text), "r");
}

static void check_find(uint64_t pid, uint64_t id, const char *keys, const char *claim)
{
	FILE *in = in_memory(CONTROL);
	struct mu_control_row row;
	bool found = mu_control_find(in, pid, &row);

	fclose(in);
	if (!id) {
		tap_ok(!found, claim);
	} else {
		tap_ok(found && row.id == id, claim);
		is_text(found ? row.keys : NULL, keys, "its keys are read");
	}
	if (found)
		mu_control_row_free(&row);
}

static void test_unseen(void)
{
	FILE *in = in_memory(CONTROL);
	struct mu_control_row row;
	bool found = mu_control_find(in, 71, &row);

	fclose(in);
	if (!tap_ok(found && row.nr_unseen == 2, "unseen lines of a target are found"))
		return;
	is_text(row.unseen[0], "operator new of a:b.so is not traced",
		"an object's name may contain a colon");
	is_text(row.unseen[1], "code of [anon] is a JIT's",
		"a line that begins with another word is skipped");
	mu_control_row_free(&row);
}

static void test_control(void)
{
	check_find(70, 2, "", "the live target of a PID is found behind its ended one");
	check_find(71, 3, "min=100 object=libc.so.6", "a target with keys is found");
	check_find(72, 0, NULL, "a target that is being detached is not live");
	check_find(7, 0, NULL, "a PID is compared as a whole");
}

static void check_reason(const char *text, const char *command, const char *wanted,
			 const char *claim)
{
	FILE *in = in_memory(text);
	char *reason = mu_control_reason(in, command);

	fclose(in);
	is_text(reason ? reason : "nothing", wanted, claim);
	free(reason);
}

static void test_reason(void)
{
	check_reason(CONTROL
		     "refused attach 9 bound=1: there is no process 9 (ESRCH), written by memleak-user[5]\n",
		     "attach 9 bound=1", "there is no process 9",
		     "the reason of a refusal is found");
	check_reason(CONTROL "refused attach 9: bad (really) (EINVAL), written by sh[5]\n",
		     "attach 9", "bad (really)", "parentheses in a reason are kept");
	check_reason(CONTROL "refused attach 9: bad (EINVAL), written by sh[5] 12 ms ago\n",
		     "attach 9", "bad", "the time of a refusal is removed");
	check_reason(CONTROL "refused other: why (EINVAL), written by sh[5]\n", "attach 9",
		     "other: why", "a command that does not match is kept");
	check_reason(CONTROL "refused", "attach 9", "nothing",
		     "a word without a space is no refusal");
	check_reason(CONTROL "refused x\n", "attach 9", "x", "a truncated reason is kept");
	check_reason(CONTROL, "attach 9", "nothing", "without a refusal no reason is found");
}

#define ROWS                                               \
	"memleak_user allocations 1\n"                     \
	"# target address size age_ms thread stack kind\n" \
	"3 0x00007f0a10000b70 8192 1003 12513 1 heap\n"    \
	"3 0x00007f0a10000010 16 2000 12513 2 heap\n"      \
	"3 0x00007f0a10000020 8192 10 12513 1 heap\n"      \
	"3 0x00007f0a20000000 4096 9000 12513 9 mmap\n"

static struct mu_allocations *read_filtered(uint64_t min, uint64_t max, uint64_t older)
{
	const struct mu_filter filter = { .min = min, .max = max, .older = older };
	FILE *in = in_memory(ROWS);
	struct mu_allocations *all = mu_allocations_read(in, &filter);

	fclose(in);
	return all;
}

static void test_allocations(void)
{
	struct mu_allocations *all = read_filtered(0, UINT64_MAX, 0);

	is_number(all->errors, 0, "valid rows are no error");
	is_number(all->nr, 4, "every row is read");
	tap_ok(all->rows[0].size == 16 && all->rows[3].address == 0x7f0a10000b70,
	       "rows are sorted by size, then by address");
	mu_allocations_free(all);
}

static void test_filter(void)
{
	struct mu_allocations *bounds = read_filtered(16, 4096, 0);
	struct mu_allocations *older = read_filtered(0, UINT64_MAX, 1003);

	is_number(bounds->nr, 2, "min and max are inclusive");
	is_number(older->nr, 3, "allocations younger than older are excluded");
	mu_allocations_free(bounds);
	mu_allocations_free(older);
}

static void test_bad_rows(void)
{
	FILE *in = in_memory("memleak_user allocations 1\n3 0xzz 1 1 1 1 heap\n3 0x1 1 1 1 1\nx\n"
			     "3 0x1 1 1 1 1 heap");
	struct mu_allocations *all = mu_allocations_read(in, &(struct mu_filter){ .max = 9 });

	fclose(in);
	is_number(all->errors, 4, "each malformed row is an error");
	is_number(all->nr, 0, "malformed rows are skipped");
	mu_allocations_free(all);
}

#define REPORT                                                                                  \
	"memleak_user report 1\n"                                                               \
	"target 3 pid 9 app tracing 1 ms: 16400 bytes in 3 allocations from 3 stacks, lost 0\n" \
	"16384 bytes in 2 allocations from stack 1 (age 10..1003 ms, 2 made, 0 freed)\n"        \
	"16 bytes in 1 allocations from stack 2 (age 2000..2000 ms, 1 made, 0 freed)\n"         \
	"5 bytes in 1 allocations from stack 3 (age 2000..2000 ms, 1 made, 0 freed)\n"

static void test_regroup(void)
{
	struct mu_allocations *older = read_filtered(0, UINT64_MAX, 1000);
	FILE *in = in_memory(REPORT);
	struct mu_report *r = mu_report_read(in, "test");
	struct mu_target *t = &r->targets[0];

	fclose(in);
	mu_allocations_regroup(older, t);
	tap_ok(t->stacks[0].id == 1 && t->stacks[0].bytes == 8192 && t->stacks[0].count == 1,
	       "a stack has only the allocations that pass the filter");
	tap_ok(t->stacks[1].bytes == 16 && t->stacks[1].count == 1,
	       "a stack without excluded allocations is unchanged");
	is_number(t->stacks[2].count, 0, "a stack without allocations that pass is empty");
	tap_ok(t->bytes == 8208 && t->count == 2, "the totals have only the allocations that pass");
	mu_allocations_free(older);
	mu_report_free(r);
}

static void test_stats(void)
{
	static const char text[] = "bytes_limited 7\nbytes_limit 1048576\nbytes_limit x\n";
	FILE *in = in_memory(text);

	is_number(mu_stats_value(in, "bytes_limit"), 1048576, "a counter is found by its name");
	rewind(in);
	is_number(mu_stats_value(in, "bytes"), 0, "a missing counter is 0");
	fclose(in);
}

int main(void)
{
	test_control();
	test_unseen();
	test_reason();
	test_allocations();
	test_filter();
	test_bad_rows();
	test_regroup();
	test_stats();
	return done_testing();
}
