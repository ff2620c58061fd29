// SPDX-License-Identifier: GPL-2.0-only
/*
 * The layout of a flame graph: stacks as a tree, with a place and a width for each measure.
 *
 * A node is a function as it is called by its parent: stacks that lead through the same functions
 * of the same objects share nodes. If there are several targets, the first node stands for all of
 * them; the others begin with a node for the process. Siblings are sorted by name, so that places
 * do not depend on the numbers. What a function has itself is at the right of its children.
 *
 * Small siblings are merged into one node, which has the sum of them: the values of children and of
 * the node itself always add up. Sums that exceed 64 bits are cut.
 *
 * Names are borrowed from the profile. Depends on profile.c and amount.c.
 */
#include "export_flame.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "amount.h"
#include "mem.h"

/* Identifies a node, to find it. */
struct key {
	size_t parent;
	const char *name;
	const struct mu_profile_object *object;
	size_t node;
};

/* What one stack adds to its nodes. */
struct addend {
	uint64_t value[MU_NR_MEASURES];
	uint64_t shrunk;
};

static const char *path_of(const struct mu_profile_object *object)
{
	return object ? object->path : "";
}

static int compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int order;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	order = strcmp(x->name, y->name);
	return order ? order : strcmp(path_of(x->object), path_of(y->object));
}

/* === The tree === */

static size_t append_node(struct mu_flame *f, struct mu_flame_node node)
{
	f->nodes = mu_grow(f->nodes, f->nr, &f->capacity, sizeof(node));
	f->nodes[f->nr] = node;
	return f->nr++;
}

/* Return: the index of the child with this name and object, which is added if it is missing. */
static size_t get_child(struct mu_flame *f, size_t parent, const struct mu_flame_node *child)
{
	struct key *key = mu_zalloc(sizeof(*key));
	struct mu_flame_node node = *child;
	struct key **found;

	*key = (struct key){ parent, child->name, child->object, f->nr };
	found = tsearch(key, &f->index, compare_keys);
	if (!found)
		abort();
	if (*found != key) {
		free(key);
		free(child->owned);
		return (*found)->node;
	}
	node.parent = parent;
	node.depth = f->nodes[parent].depth + 1;
	return append_node(f, node);
}

static void add_to_node(struct mu_flame_node *node, const struct addend *addend)
{
	for (size_t i = 0; i < MU_NR_MEASURES; i++)
		node->value[i] = mu_add_limited(node->value[i], addend->value[i]);
	node->shrunk = mu_add_limited(node->shrunk, addend->shrunk);
}

static size_t add_function(struct mu_flame *f, size_t parent,
			   const struct mu_profile_object *object,
			   const struct mu_profile_function *function, const struct addend *addend)
{
	const struct mu_flame_node child = {
		.name = function->name,
		.object = object,
		.file = function->file,
		.line = function->line,
		.is_inlined = function->is_inlined,
	};
	size_t index = get_child(f, parent, &child);
	struct mu_flame_node *node = &f->nodes[index];

	node->has_more_lines |= node->line != function->line;
	add_to_node(node, addend);
	return index;
}

/* The frames that are not known, if the walk has ended early. */
static size_t add_end(struct mu_flame *f, size_t parent, const struct mu_profile_stack *s,
		      const struct addend *addend)
{
	const char *reason = mu_profile_early_end(s);
	struct mu_flame_node child = {};
	size_t index;

	if (!reason)
		return parent;
	child.owned = mu_format("[%s]", reason);
	child.name = child.owned;
	index = get_child(f, parent, &child);
	add_to_node(&f->nodes[index], addend);
	return index;
}

static struct addend addend_of(const struct mu_profile *p, const struct mu_profile_stack *s)
{
	struct addend addend = { .value = { s->stack->bytes, s->stack->count, 0 } };
	uint64_t start = s->stack->start.bytes, now = s->stack->bytes;

	if (!p->targets[s->target].target->has_start)
		return addend;
	addend.value[MU_MEASURE_GROWTH] = now > start ? now - start : start - now;
	addend.shrunk = now > start ? 0 : start - now;
	return addend;
}

static void add_stack(struct mu_flame *f, size_t process, const struct mu_profile *p,
		      const struct mu_profile_stack *s)
{
	const struct addend addend = addend_of(p, s);
	size_t node = add_end(f, process, s, &addend);

	add_to_node(&f->nodes[0], &addend);
	if (process)
		add_to_node(&f->nodes[process], &addend);
	for (size_t i = s->stack->nr_frames; i-- > 0;) {
		const struct mu_profile_location *l = &p->locations[s->locations[i]];

		for (size_t j = l->nr_functions; j-- > 0;)
			node = add_function(f, node, &p->objects[l->object], &l->functions[j],
					    &addend);
	}
}

static struct mu_flame_node process_node(const struct mu_profile_target *t)
{
	char *name = mu_profile_process_name(t);

	return (struct mu_flame_node){ .name = name, .owned = name };
}

static void add_targets(struct mu_flame *f, const struct mu_profile *p)
{
	if (p->nr_targets == 1)
		append_node(f, process_node(&p->targets[0]));
	else
		append_node(f, (struct mu_flame_node){ .name = "all processes" });
	for (size_t i = 0; i < p->nr_targets; i++) {
		const struct mu_profile_target *t = &p->targets[i];
		struct mu_flame_node node;
		size_t process = 0;

		f->has_start |= t->target->has_start;
		if (p->nr_targets > 1) {
			node = process_node(t);
			process = get_child(f, 0, &node);
		}
		for (size_t j = 0; j < t->nr_stacks; j++)
			add_stack(f, process, p, &p->stacks[t->first_stack + j]);
	}
}

/* === Places === */

/* Processes and reasons in brackets are few, and are never merged. */
static bool is_small(const struct mu_flame *f, const struct mu_flame_node *node)
{
	if (!node->object)
		return false;
	for (size_t i = 0; i < MU_NR_MEASURES; i++)
		if ((double)node->value[i] * MU_FLAME_PARTS >= (double)f->nodes[0].value[i] &&
		    node->value[i])
			return false;
	return true;
}

/* Each cursor has the place for the next child of a node. */
static void place_node(struct mu_flame *f, struct mu_flame_node *cursors, size_t index)
{
	struct mu_flame_node *node = &f->nodes[index];
	struct mu_flame_node *cursor = &cursors[node->parent];

	for (size_t i = 0; i < MU_NR_MEASURES; i++) {
		node->at[i] = cursor->at[i];
		cursor->at[i] = mu_add_limited(cursor->at[i], node->value[i]);
	}
	if (node->depth >= f->nr_levels)
		f->nr_levels = node->depth + 1;
}

static void merge_small(struct mu_flame_node *rest, struct mu_flame_node *node)
{
	struct addend addend = { .shrunk = node->shrunk };

	memcpy(addend.value, node->value, sizeof(addend.value));
	add_to_node(rest, &addend);
	rest->nr_small++;
	node->is_hidden = true;
}

/* The node that stands for the small children of a node is at the right of the others. */
static void place_rest(struct mu_flame *f, struct mu_flame_node *cursors, size_t parent)
{
	struct mu_flame_node *rest = &cursors[parent];
	struct mu_flame_node node = *rest;

	if (!rest->nr_small)
		return;
	node.owned = rest->nr_small == 1 ? mu_format("(1 small function)") :
					   mu_format("(%zu small functions)", rest->nr_small);
	node.name = node.owned;
	node.parent = parent;
	node.depth = f->nodes[parent].depth + 1;
	place_node(f, cursors, append_node(f, node));
}

static void place_child(struct mu_flame *f, struct mu_flame_node *cursors, const struct key *key)
{
	struct mu_flame_node *node = &f->nodes[key->node];

	if (f->nodes[key->parent].is_hidden)
		node->is_hidden = true;
	else if (is_small(f, node))
		merge_small(&cursors[key->parent], node);
	else
		place_node(f, cursors, key->node);
	memcpy(cursors[key->node].at, f->nodes[key->node].at, sizeof(node->at));
}

/* Return: the keys of all nodes but the first, by parent, then by name; to be freed. */
static struct key *sort_keys(const struct mu_flame *f)
{
	struct key *keys = mu_zalloc(f->nr * sizeof(*keys));

	for (size_t i = 1; i < f->nr; i++)
		keys[i - 1] = (struct key){ f->nodes[i].parent, f->nodes[i].name,
					    f->nodes[i].object, i };
	qsort(keys, f->nr - 1, sizeof(*keys), compare_keys);
	return keys;
}

/* A parent has a smaller index than its children, and is placed before them. */
static void place_all(struct mu_flame *f)
{
	size_t nr = f->nr - 1;
	struct mu_flame_node *cursors = mu_zalloc(f->nr * sizeof(*cursors));
	struct key *keys = sort_keys(f);

	f->nr_levels = 1;
	for (size_t i = 0; i < nr; i++) {
		place_child(f, cursors, &keys[i]);
		if (i + 1 == nr || keys[i + 1].parent != keys[i].parent)
			place_rest(f, cursors, keys[i].parent);
	}
	free(keys);
	free(cursors);
}

/**
 * mu_flame_new() - lay out a profile as a flame graph
 * @profile: the profile, which has to outlive the layout
 *
 * Return: the layout, to be freed.
 */
struct mu_flame *mu_flame_new(const struct mu_profile *profile)
{
	struct mu_flame *flame = mu_zalloc(sizeof(*flame));

	add_targets(flame, profile);
	place_all(flame);
	return flame;
}

/**
 * mu_flame_free() - free a layout
 * @flame: the layout
 */
void mu_flame_free(struct mu_flame *flame)
{
	tdestroy(flame->index, free);
	for (size_t i = 0; i < flame->nr; i++)
		free(flame->nodes[i].owned);
	free(flame->nodes);
	free(flame);
}
