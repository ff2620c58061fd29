// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rows for the tests: what allocations and a program list, compared one by one;
 * and whether a report agrees with itself.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../programs/program.h"
#include "mst.h"

#define SHOWN 8 /* differences told in full */

static void append(struct mst_rows *rows, const struct mst_row *row)
{
	if ((rows->count & (rows->count - 1)) == 0)
		rows->row = realloc(rows->row, (rows->count ? 2 * rows->count : 1) * sizeof(*row));
	rows->row[rows->count++] = *row;
	rows->bytes += row->size;
	rows->hash += program_hash_of(row->addr, row->size);
}

/* One number and the space behind it. */
static unsigned long number(const char **at, unsigned int base)
{
	const char *c = *at;
	unsigned long value = 0;
	unsigned int digit;

	if (base == 16 && c[0] == '0' && c[1] == 'x')
		c += 2;
	for (; *c != ' '; c++) {
		digit = *c <= '9' ? *c - '0' : *c - 'a' + 10;
		if (digit >= base)
			mst_die("not a row: %.*s", (int)strcspn(*at, "\n"), *at);
		value = value * base + digit;
	}
	if (c == *at)
		mst_die("an empty field: %.*s", (int)strcspn(*at, "\n"), *at);
	*at = c + 1;
	return value;
}

static const char *kind(const char *at, struct mst_row *row)
{
	size_t len = strcspn(at, "\n");

	if (len == 0 || len >= sizeof(row->kind) || at[len] != '\n')
		mst_die("not a kind: %.*s", (int)len, at);
	memcpy(row->kind, at, len);
	row->kind[len] = 0;
	return at + len + 1;
}

/* "ID 0xADDRESS SIZE AGE THREAD STACK KIND"; by hand, for there may be a million. */
static const char *parse(const char *at, struct mst_row *row)
{
	row->target = number(&at, 10);
	row->addr = number(&at, 16);
	row->size = number(&at, 10);
	row->age = number(&at, 10);
	row->thread = number(&at, 10);
	row->stack = number(&at, 10);
	return kind(at, row);
}

void mst_rows_of(struct mst_rows *rows, const char *text)
{
	static const char head[] = "memleak_user allocations 1\n"
				   "# target address size age_ms thread stack kind\n";
	struct mst_row row;

	memset(rows, 0, sizeof(*rows));
	if (strncmp(text, head, strlen(head)))
		mst_die("not the head of allocations: %.80s", text);
	for (text += strlen(head); *text;) {
		text = parse(text, &row);
		append(rows, &row);
	}
}

void mst_rows(struct mst_rows *rows, const char *fmt, ...)
{
	char path[256], *text;
	va_list args;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	text = mst_text("%s", path);
	mst_rows_of(rows, text);
	free(text);
}

void mst_rows_free(struct mst_rows *rows)
{
	free(rows->row);
	memset(rows, 0, sizeof(*rows));
}

static int compare(const void *a, const void *b)
{
	const struct mst_row *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return strcmp(x->kind, y->kind);
}

static void sort(const struct mst_rows *rows)
{
	if (rows->count)
		qsort(rows->row, rows->count, sizeof(rows->row[0]), compare);
}

static void tell(const char *what, const struct mst_row *row, size_t *shown)
{
	if ((*shown)++ < SHOWN)
		mst_say("%s: 0x%lx %lu %s, stack %u", what, row->addr, row->size, row->kind,
			row->stack);
}

/* The same blocks, each once, address, size and kind. */
bool mst_same(const struct mst_rows *want, const struct mst_rows *got)
{
	size_t w = 0, g = 0, differences = 0;

	sort(want);
	sort(got);
	while (w < want->count || g < got->count) {
		int order = w == want->count ? 1 :
			    g == got->count  ? -1 :
					       compare(&want->row[w], &got->row[g]);

		if (order < 0)
			tell("kept, but not listed", &want->row[w], &differences);
		else if (order > 0)
			tell("listed, but not kept", &got->row[g], &differences);
		w += order <= 0;
		g += order >= 0;
	}
	if (differences)
		mst_say("%zu differences between %zu kept and %zu listed", differences, want->count,
			got->count);
	return differences == 0;
}

/* What the youngest target of the program's PID lists is what the program kept. */
bool mst_exact(const struct mst_program *program)
{
	struct mst_rows rows;
	int id = mst_id(program->pid);
	bool same;

	if (!id)
		mst_die("process %d is no target", program->pid);
	mst_rows(&rows, "targets/%d/allocations", id);
	same = rows.count == program->count && rows.bytes == program->bytes &&
	       rows.hash == program->hash;
	if (!same)
		mst_say("kept %zu blocks of %" PRIu64 " bytes, listed %zu of %" PRIu64,
			program->count, program->bytes, rows.count, rows.bytes);
	if (program->keep.count == program->count)
		same = mst_same(&program->keep, &rows) && same;
	mst_rows_free(&rows);
	return same;
}

struct sums {
	unsigned long long bytes, count, stacks, last;
};

/* One line "BYTES bytes in N allocations from stack ID (..., M made, F freed)". */
static bool add_stack(const char *line, struct sums *sums)
{
	unsigned long long bytes, count, made, freed;
	const char *tail;
	unsigned int id;

	if (sscanf(line, "%llu bytes in %llu allocations from stack %u (", &bytes, &count, &id) !=
	    3)
		return true;
	tail = strstr(line, " ms, ");
	if (!tail || sscanf(tail, " ms, %llu made, %llu freed)", &made, &freed) != 2 ||
	    made - freed != count || bytes > sums->last) {
		mst_say("not sound: %.*s", (int)strcspn(line, "\n"), line);
		return false;
	}
	sums->bytes += bytes;
	sums->count += count;
	sums->last = bytes;
	sums->stacks++;
	return true;
}

/* The lost_ counters of the line "events NAME=N...". */
static unsigned long long lost_events(const char *line)
{
	unsigned long long lost = 0;
	const char *end = line + strcspn(line, "\n"), *at;

	for (at = strstr(line, " lost_"); at && at < end; at = strstr(at + 1, " lost_"))
		lost += strtoull(at + strcspn(at, "=") + 1, NULL, 10);
	return lost;
}

/* What the head of a report says to be lost is the sum of what the next line says. */
bool mst_lost_agrees(const char *report)
{
	const char *events = report, *head;
	unsigned long long lost;

	while ((events = strstr(events, "\nevents "))) {
		for (head = events; head > report && head[-1] != '\n'; head--)
			;
		head = strstr(head, ", lost ");
		if (!head || head > events || sscanf(head, ", lost %llu\n", &lost) != 1)
			mst_die("an events line without a head: %.200s", events);
		if (lost != lost_events(++events)) {
			mst_say("the head says lost %llu: %.*s", lost, (int)strcspn(events, "\n"),
				events);
			return false;
		}
	}
	return true;
}

/* The report of a target at rest: the sums are those of its lines, largest first. */
bool mst_sound(int id)
{
	char *text = mst_text("targets/%d/report", id), *head = strchr(text, '\n'), *line;
	struct sums sums = { .last = ~0ull };
	unsigned long long bytes, count, stacks;
	bool sound = strncmp(text, "memleak_user report 1\ntarget ", 29) == 0 &&
		     mst_count(text, "\nevents allocated=") == 1 && mst_lost_agrees(text);

	head = head ? strstr(head, " ms: ") : NULL;
	if (!head || sscanf(head, " ms: %llu bytes in %llu allocations from %llu stack", &bytes,
			    &count, &stacks) != 3)
		mst_die("not the head of a report: %.200s", text);
	for (line = strchr(head, '\n'); line; line = strchr(line + 1, '\n'))
		sound = add_stack(line + 1, &sums) && sound;
	if (!sound || sums.bytes != bytes || sums.count != count || sums.stacks != stacks) {
		mst_say("head: %llu bytes in %llu from %llu stacks; lines: %llu in %llu from %llu",
			bytes, count, stacks, sums.bytes, sums.count, sums.stacks);
		sound = false;
	}
	free(text);
	return sound;
}
