// SPDX-License-Identifier: GPL-2.0-only
/* The layout of flame graphs: sums, places, merging, limits of numbers. */
#include "export_flame.h"

#include <inttypes.h>

#include "exported.h"
#include "tap.h"

struct laid_out {
	struct exported exported;
	struct mu_flame *flame;
};

static struct laid_out lay_out(const char *text)
{
	struct laid_out l = { .exported = make_exported(text) };

	l.flame = mu_flame_new(l.exported.profile);
	return l;
}

static void free_laid_out(struct laid_out *l)
{
	mu_flame_free(l->flame);
	free_exported(&l->exported);
}

static const struct mu_flame_node *find_node(const struct mu_flame *f, const char *name)
{
	for (size_t i = 0; i < f->nr; i++)
		if (!f->nodes[i].is_hidden && !strcmp(f->nodes[i].name, name))
			return &f->nodes[i];
	return NULL;
}

static size_t count_shown(const struct mu_flame *f)
{
	size_t nr = 0;

	for (size_t i = 0; i < f->nr; i++)
		nr += !f->nodes[i].is_hidden;
	return nr;
}

static bool is_inside(const struct mu_flame_node *node, const struct mu_flame_node *parent)
{
	for (size_t i = 0; i < MU_NR_MEASURES; i++)
		if (node->at[i] < parent->at[i] ||
		    node->value[i] > parent->value[i] - (node->at[i] - parent->at[i]))
			return false;
	return node->depth == parent->depth + 1;
}

static bool are_apart(const struct mu_flame_node *x, const struct mu_flame_node *y)
{
	for (size_t i = 0; i < MU_NR_MEASURES; i++)
		if (x->at[i] + x->value[i] > y->at[i] && y->at[i] + y->value[i] > x->at[i] &&
		    x->value[i] && y->value[i])
			return false;
	return true;
}

/* Each frame is within its parent and beside its siblings, in each measure. */
static void check_places(const struct mu_flame *f, const char *claim)
{
	bool good = true;

	for (size_t i = 1; i < f->nr; i++) {
		const struct mu_flame_node *node = &f->nodes[i];

		if (node->is_hidden)
			continue;
		good &= !f->nodes[node->parent].is_hidden &&
			is_inside(node, &f->nodes[node->parent]);
		for (size_t j = 1; j < i; j++)
			if (!f->nodes[j].is_hidden && f->nodes[j].parent == node->parent)
				good &= are_apart(&f->nodes[j], node);
	}
	tap_ok(good, claim);
}

static void test_hostile(void)
{
	struct laid_out l = lay_out(hostile_report);
	const struct mu_flame *f = l.flame;
	const struct mu_flame_node *node;

	is_text(f->nodes[0].name, "all processes", "several processes have one root");
	is_number(f->nodes[0].value[MU_MEASURE_BYTES], 9223372036854775978ULL + 300,
		  "its bytes are those of all targets");
	is_number(f->nodes[0].value[MU_MEASURE_BLOCKS], 36, "so are its blocks");
	is_number(f->nodes[0].value[MU_MEASURE_GROWTH], (1ULL << 63) + 50 + 30,
		  "its growth adds up what has grown and what has shrunk");
	is_number(f->nodes[0].shrunk, 50, "what has shrunk is known");
	node = find_node(f, "a; b (pid 12)");
	tap_ok(node && node->value[MU_MEASURE_BYTES] == 9223372036854775978ULL,
	       "each process is a node with its bytes");
	node = find_node(f, "idle (pid 14)");
	tap_ok(node && !node->value[MU_MEASURE_BYTES], "a process without stacks is a node");
	node = find_node(f, "[depth]");
	tap_ok(node && node->value[MU_MEASURE_BYTES] == 200 && !node->object,
	       "a reason stands for the frames that are not known");
	check_places(f, "frames are within their parents and beside their siblings");
	free_laid_out(&l);
}

static void test_empty(void)
{
	struct laid_out l = lay_out(empty_report);

	is_number(l.flame->nr, 1, "of an empty report there is the root");
	is_number(l.flame->nr_levels, 1, "in one level");
	free_laid_out(&l);
}

/* A report of one target; each line of the stacks is made by a function. */
static char *make_report(uint64_t bytes, size_t nr, void (*write)(FILE *out, size_t index))
{
	size_t size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	fprintf(out,
		"memleak_user report 1\ntarget 1 pid 1 app tracing 1 ms: %" PRIu64
		" bytes in %zu allocations from %zu stacks, lost 0\n",
		bytes, nr, nr);
	for (size_t i = 0; i < nr; i++)
		write(out, i);
	fputs("mapping 1 0x400000-0x800000 0x0 5f3a /no/app\n", out);
	fclose(out);
	return text;
}

static void write_stack(FILE *out, size_t id, uint64_t bytes)
{
	fprintf(out,
		"%" PRIu64 " bytes in 1 allocations from stack %zu (age 0..0 ms, 1 made, "
		"0 freed)\n",
		bytes, id);
}

#define NR_SMALL 30000

static void write_small(FILE *out, size_t index)
{
	write_stack(out, index + 1, 1);
	fprintf(out, "\t0x%016zx app+0x%zx\n\t0x0000000000400010 app+0x10 (end)\n",
		0x401000 + index, 0x1000 + index);
}

static void test_small(void)
{
	char *text = make_report(NR_SMALL, NR_SMALL, write_small);
	struct laid_out l = lay_out(text);
	const struct mu_flame_node *node = find_node(l.flame, "(30000 small functions)");

	is_text(l.flame->nodes[0].name, "app (pid 1)", "one process is the root");
	tap_ok(node && node->value[MU_MEASURE_BYTES] == NR_SMALL &&
		       node->value[MU_MEASURE_BLOCKS] == NR_SMALL,
	       "many small functions are one node with their sum");
	is_number(count_shown(l.flame), 3, "and are not shown themselves");
	is_number(l.flame->nr_levels, 3, "the levels are those that are shown");
	free_laid_out(&l);
	free(text);
}

#define NR_DEEP 127

static void write_deep(FILE *out, size_t index)
{
	write_stack(out, index + 1, index ? 1ULL << 40 : UINT64_MAX - (1ULL << 40));
	for (size_t i = 0; i < NR_DEEP; i++)
		fprintf(out, "\t0x%016zx app+0x%zx%s\n", 0x401000 + i + index * NR_DEEP,
			0x1000 + i + index * NR_DEEP, i + 1 == NR_DEEP ? " (end)" : "");
}

static void test_deep(void)
{
	char *text = make_report(UINT64_MAX, 2, write_deep);
	struct laid_out l = lay_out(text);

	is_number(l.flame->nr_levels, NR_DEEP + 1, "deep stacks have all levels");
	is_number(l.flame->nodes[0].value[MU_MEASURE_BYTES], UINT64_MAX,
		  "sums of 64 bits are exact");
	check_places(l.flame, "places of 64 bits, too");
	free_laid_out(&l);
	free(text);
}

static void write_huge(FILE *out, size_t index)
{
	write_stack(out, index + 1, 1ULL << 63);
	fprintf(out, "\t0x%016zx app+0x%zx (end)\n", 0x401000 + index, 0x1000 + index);
}

static void test_overflow(void)
{
	char *text = make_report(UINT64_MAX, 3, write_huge);
	struct laid_out l = lay_out(text);

	is_number(l.flame->nodes[0].value[MU_MEASURE_BYTES], UINT64_MAX,
		  "a sum that exceeds 64 bits is cut");
	free_laid_out(&l);
	free(text);
}

int main(void)
{
	test_hostile();
	test_empty();
	test_small();
	test_deep();
	test_overflow();
	return done_testing();
}
