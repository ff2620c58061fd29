// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test library: parse the file allocations, compare it with the blocks that a program keeps, and
 * check that a report is consistent in itself.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../programs/program.h"
#include "mst.h"

#define MAX_PRINTED 8 /* differing rows that are printed one by one */

static void append_row(struct mst_rows *rows, const struct mst_row *row)
{
	if ((rows->count & (rows->count - 1)) == 0)
		rows->row = realloc(rows->row, (rows->count ? 2 * rows->count : 1) * sizeof(*row));
	rows->row[rows->count++] = *row;
	rows->bytes += row->size;
	rows->hash += program_hash_of(row->addr, row->size);
}

/* Parses one number and the space behind it; ends the test as failed if there is no number. */
static unsigned long parse_number(const char **at, unsigned int base)
{
	const char *c = *at;
	unsigned long value = 0;
	unsigned int digit;

	if (base == 16 && c[0] == '0' && c[1] == 'x')
		c += 2;
	for (; *c != ' '; c++) {
		digit = *c <= '9' ? *c - '0' : *c - 'a' + 10;
		if (digit >= base)
			mst_die("expected a number in base %u in a row of allocations, found: %.*s",
				base, (int)strcspn(*at, "\n"), *at);
		value = value * base + digit;
	}
	if (c == *at)
		mst_die("empty field in a row of allocations: \"%.*s\"", (int)strcspn(*at, "\n"),
			*at);
	*at = c + 1;
	return value;
}

static const char *parse_kind(const char *at, struct mst_row *row)
{
	size_t len = strcspn(at, "\n");

	if (len == 0 || len >= sizeof(row->kind) || at[len] != '\n')
		mst_die("expected a kind of less than %zu bytes, found: %.*s", sizeof(row->kind),
			(int)len, at);
	memcpy(row->kind, at, len);
	row->kind[len] = 0;
	return at + len + 1;
}

/*
 * Parses "ID 0xADDRESS SIZE AGE THREAD STACK KIND" without sscanf(), which takes too long for a
 * million rows. Returns the start of the next line.
 */
static const char *parse_row(const char *at, struct mst_row *row)
{
	row->target = parse_number(&at, 10);
	row->addr = parse_number(&at, 16);
	row->size = parse_number(&at, 10);
	row->age = parse_number(&at, 10);
	row->thread = parse_number(&at, 10);
	row->stack = parse_number(&at, 10);
	return parse_kind(at, row);
}

/**
 * mst_rows_of() - parse the text of the file allocations
 * @rows: set to its rows; to be freed with mst_rows_free()
 * @text: the text
 *
 * Ends the test as failed if the text is malformed.
 */
void mst_rows_of(struct mst_rows *rows, const char *text)
{
	static const char head[] = "memleak_user allocations 1\n"
				   "# target address size age_ms thread stack kind\n";
	struct mst_row row;

	memset(rows, 0, sizeof(*rows));
	if (strncmp(text, head, strlen(head)))
		mst_die("expected the head of allocations:\n%sfound:\n%.80s", head, text);
	for (text += strlen(head); *text;) {
		text = parse_row(text, &row);
		append_row(rows, &row);
	}
}

/**
 * mst_rows() - read and parse a file allocations
 * @rows: set to its rows; to be freed with mst_rows_free()
 * @fmt: a printf format of the path below mst_dir
 *
 * Ends the test as failed if the file cannot be read or is malformed.
 */
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

/**
 * mst_rows_free() - free the rows; the array is empty then and can be used again
 * @rows: the array
 */
void mst_rows_free(struct mst_rows *rows)
{
	free(rows->row);
	memset(rows, 0, sizeof(*rows));
}

/* Orders rows by address, size and kind; called by qsort(), too. */
static int compare_rows(const void *a, const void *b)
{
	const struct mst_row *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return strcmp(x->kind, y->kind);
}

static void sort_rows(const struct mst_rows *rows)
{
	if (rows->count)
		qsort(rows->row, rows->count, sizeof(rows->row[0]), compare_rows);
}

static void print_row(const char *what, const struct mst_row *row, size_t *printed)
{
	if ((*printed)++ < MAX_PRINTED)
		mst_say("%s: 0x%lx %lu %s, stack %u", what, row->addr, row->size, row->kind,
			row->stack);
}

/**
 * mst_same() - compare two arrays of rows by address, size and kind
 * @want: the blocks that a program keeps; sorted here
 * @got: the rows that the module lists; sorted here
 *
 * Prints the first rows that are in one array only, and the number of all of them.
 *
 * Return: true if both contain the same blocks, each as often as the other.
 */
bool mst_same(const struct mst_rows *want, const struct mst_rows *got)
{
	size_t w = 0, g = 0, differences = 0;

	sort_rows(want);
	sort_rows(got);
	while (w < want->count || g < got->count) {
		int order = w == want->count ? 1 :
			    g == got->count  ? -1 :
					       compare_rows(&want->row[w], &got->row[g]);

		if (order < 0)
			print_row("kept, but not listed", &want->row[w], &differences);
		else if (order > 0)
			print_row("listed, but not kept", &got->row[g], &differences);
		w += order <= 0;
		g += order >= 0;
	}
	if (differences)
		mst_say("expected %zu kept blocks to be listed, found %zu rows: %zu differences",
			want->count, got->count, differences);
	return differences == 0;
}

/**
 * mst_exact() - compare the allocations of a program's newest target with what the program keeps
 * @program: the program, which waits for its next step
 *
 * Prints both sums if they differ, and the differing rows if the program has printed its blocks.
 * Ends the test as failed if the program is not a target.
 *
 * Return: true if the target lists the kept blocks and no others.
 */
bool mst_exact(const struct mst_program *program)
{
	struct mst_rows rows;
	int id = mst_id(program->pid);
	bool same;

	if (!id)
		mst_die("process %d is not a target", program->pid);
	mst_rows(&rows, "targets/%d/allocations", id);
	same = rows.count == program->count && rows.bytes == program->bytes &&
	       rows.hash == program->hash;
	if (!same)
		mst_say("expected %zu blocks, %" PRIu64 " bytes, hash %" PRIx64
			"; listed %zu, %" PRIu64 " bytes, hash %" PRIx64,
			program->count, program->bytes, program->hash, rows.count, rows.bytes,
			rows.hash);
	if (program->keep.count == program->count)
		same = mst_same(&program->keep, &rows) && same;
	mst_rows_free(&rows);
	return same;
}

struct sums {
	unsigned long long bytes, count, stacks, last;
};

/*
 * Adds a line "BYTES bytes in N allocations from stack ID (... ms, M made, F freed)" to the sums
 * and ignores other lines. Returns false, and prints the line, if M - F is not N, or if its bytes
 * are more than those of the line before.
 */
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
		mst_say("expected made - freed == allocations and at most %llu bytes, found: %.*s",
			sums->last, (int)strcspn(line, "\n"), line);
		return false;
	}
	sums->bytes += bytes;
	sums->count += count;
	sums->last = bytes;
	sums->stacks++;
	return true;
}

/* Returns the sum of the lost_ counters of a line "events NAME=N...". */
static unsigned long long sum_lost_events(const char *line)
{
	unsigned long long lost = 0;
	const char *end = line + strcspn(line, "\n"), *at;

	for (at = strstr(line, " lost_"); at && at < end; at = strstr(at + 1, " lost_"))
		lost += strtoull(at + strcspn(at, "=") + 1, NULL, 10);
	return lost;
}

/**
 * mst_lost_agrees() - check "lost N" of each target against its line "events"
 * @report: text of a report
 *
 * Prints both if they differ. Ends the test as failed if an events line follows no target line.
 *
 * Return: true if N is the sum of the lost_ counters for each target.
 */
bool mst_lost_agrees(const char *report)
{
	const char *events = report, *head;
	unsigned long long lost;

	while ((events = strstr(events, "\nevents "))) {
		for (head = events; head > report && head[-1] != '\n'; head--)
			;
		head = strstr(head, ", lost ");
		if (!head || head > events || sscanf(head, ", lost %llu\n", &lost) != 1)
			mst_die("events line without a target line: %.200s", events);
		if (lost != sum_lost_events(++events)) {
			mst_say("expected lost %llu as in the target line, found: %.*s", lost,
				(int)strcspn(events, "\n"), events);
			return false;
		}
	}
	return true;
}

/**
 * mst_sound() - check that the report of a target is consistent
 * @id: the target, of which nothing is recorded at the moment
 *
 * The sums of the target line must be those of the stack lines, which must be sorted by bytes; made
 * minus freed must be the number of allocations of each; the losses must agree with the events
 * line. Prints what was expected and what was found. Ends the test as failed if the target line
 * cannot be parsed.
 *
 * Return: true if all of that holds.
 */
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
		mst_die("expected the head of a report, found: %.200s", text);
	for (line = strchr(head, '\n'); line; line = strchr(line + 1, '\n'))
		sound = add_stack(line + 1, &sums) && sound;
	if (!sound || sums.bytes != bytes || sums.count != count || sums.stacks != stacks) {
		mst_say("expected %llu bytes in %llu allocations from %llu stacks as in the target"
			" line; sum of the stack lines: %llu bytes in %llu from %llu",
			bytes, count, stacks, sums.bytes, sums.count, sums.stacks);
		sound = false;
	}
	free(text);
	return sound;
}
