// SPDX-License-Identifier: GPL-2.0-only
/*
 * Symbolizing frames: finds the object of a frame and looks up its address there. A frame in memory
 * of no file may be in code that was moved there from a file, or in code that a JIT has named.
 *
 * Results are cached, as libdwfl searches a whole symbol table for one address. Depends on
 * objects.c, and on jit_names.c.
 */
#include "symbolize.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "jit_names.h"
#include "mem.h"
#include "objects.h"
#include "symbols.h"

/* A cached result. */
struct lookup {
	struct mu_object *object;
	uint64_t address;
	uint64_t offset;
	char *symbol;
	struct mu_srcline *source;
	size_t nr_sources;
};

struct mu_symbolizer {
	struct mu_objects *objects;
	void *lookups; /* a tree of struct lookup */
};

/**
 * mu_symbolizer_new() - create a symbolizer
 * @dirs: where files are searched
 * @with_source: look up source lines and inlined functions, too, which is slow
 *
 * Return: the symbolizer, to be freed.
 */
struct mu_symbolizer *mu_symbolizer_new(const struct mu_search_dirs *dirs, bool with_source)
{
	struct mu_symbolizer *sym = mu_zalloc(sizeof(*sym));

	sym->objects = mu_objects_new(dirs, with_source);
	return sym;
}

static void free_lookup(void *node)
{
	struct lookup *lookup = node;

	free(lookup->symbol);
	mu_srcline_free(lookup->source, lookup->nr_sources);
	free(lookup);
}

/**
 * mu_symbolizer_free() - free a symbolizer
 * @sym: the symbolizer
 */
void mu_symbolizer_free(struct mu_symbolizer *sym)
{
	tdestroy(sym->lookups, free_lookup);
	mu_objects_free(sym->objects);
	free(sym);
}

/**
 * mu_symbolizer_add() - add a live process whose target will be in a sum
 * @sym: the symbolizer
 * @target: id of its target
 * @proc: its directory in /proc; stays open until mu_symbolizer_remove()
 */
void mu_symbolizer_add(struct mu_symbolizer *sym, uint64_t target, int proc)
{
	mu_objects_add(sym->objects, target, proc);
}

/**
 * mu_symbolizer_remove() - close the files of a process
 * @sym: the symbolizer
 * @target: id of its target
 */
void mu_symbolizer_remove(struct mu_symbolizer *sym, uint64_t target)
{
	mu_file_sources_remove(mu_objects_files(sym->objects), target);
}

/**
 * mu_symbolizer_hold() - open the files that live processes have mapped now
 * @sym: the symbolizer
 *
 * To be called before each report is read, see mu_mapped_files_hold(). Names that mu_symbolize()
 * has returned are not valid any more.
 */
void mu_symbolizer_hold(struct mu_symbolizer *sym)
{
	mu_objects_hold(sym->objects);
}

/**
 * mu_symbolizer_bind() - associate the mappings of a report with the open files
 * @sym: the symbolizer
 * @target: the target; of a sum, each of its targets
 *
 * To be called soon after the report was read.
 */
void mu_symbolizer_bind(struct mu_symbolizer *sym, struct mu_target *target)
{
	mu_file_sources_bind(mu_objects_files(sym->objects), target);
}

/**
 * mu_symbolizer_errors() - count the objects and maps of JITs whose file could not be used
 * @sym: the symbolizer
 *
 * Return: their number; each has been reported once.
 */
size_t mu_symbolizer_errors(const struct mu_symbolizer *sym)
{
	return mu_objects_errors(sym->objects) +
	       mu_file_sources_errors(mu_objects_files(sym->objects));
}

static void look_up_address(struct lookup *lookup)
{
	struct mu_symbols *symbols = mu_object_symbols(lookup->object);

	if (!symbols)
		return;
	lookup->symbol = mu_symbols_name(symbols, lookup->address, &lookup->offset);
	lookup->nr_sources = mu_symbols_srclines(symbols, lookup->address, &lookup->source);
}

static int compare_lookups(const void *a, const void *b)
{
	const struct lookup *x = a;
	const struct lookup *y = b;

	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	return x->address < y->address ? -1 : x->address > y->address;
}

static const struct lookup *get_lookup(struct mu_symbolizer *sym, struct mu_object *object,
				       uint64_t address)
{
	struct lookup key = { .object = object, .address = address };
	struct lookup **found = tfind(&key, &sym->lookups, compare_lookups);
	struct lookup *lookup;

	if (found)
		return *found;
	lookup = mu_zalloc(sizeof(*lookup));
	*lookup = key;
	look_up_address(lookup);
	tsearch(lookup, &sym->lookups, compare_lookups);
	return lookup;
}

static void name_by_object(struct mu_symbolizer *sym, struct mu_object *object, uint64_t address,
			   unsigned int behind, struct mu_name *name)
{
	const struct lookup *lookup = get_lookup(sym, object, address - behind);

	name->symbol = lookup->symbol;
	name->offset = lookup->symbol ? lookup->offset + behind : address;
	name->source = lookup->source;
	name->nr_sources = lookup->nr_sources;
}

/* Return: true if the frame is in memory of no file. */
static bool is_in_memory(const struct mu_mapping *m, const struct mu_frame *frame)
{
	if (m)
		return m->path[0] != '/' || mu_mapped_file_is_memory(m->path);
	return frame->object[0] == '[';
}

static bool name_by_moved(struct mu_symbolizer *sym, uint64_t target, const struct mu_frame *frame,
			  unsigned int behind, struct mu_name *name)
{
	const struct mu_moved *moved = mu_file_sources_moved(mu_objects_files(sym->objects), target,
							     frame->pc - behind);
	struct mu_object *object;

	if (!moved)
		return false;
	name->object = moved->name;
	name->moved = true;
	name->offset = frame->pc - moved->bias;
	object = mu_objects_get_moved(sym->objects, target, moved);
	if (object)
		name_by_object(sym, object, name->offset, behind, name);
	return true;
}

static void name_by_jit(struct mu_symbolizer *sym, uint64_t target, const struct mu_frame *frame,
			unsigned int behind, struct mu_name *name)
{
	struct mu_jit_names *jit = mu_file_sources_jit(mu_objects_files(sym->objects), target);
	uint64_t offset;

	name->symbol = jit ? mu_jit_names_find(jit, frame->pc - behind, &offset) : NULL;
	if (!name->symbol)
		return;
	name->offset = offset + behind;
	name->object = "[jit]";
}

static void name_in_memory(struct mu_symbolizer *sym, const struct mu_target *target,
			   const struct mu_frame *frame, unsigned int behind, struct mu_name *name)
{
	const struct mu_mapping *m = mu_report_mapping(target, frame);
	uint64_t id = m && m->origin.target ? m->origin.target : target->id;

	if (is_in_memory(m, frame) && !name_by_moved(sym, id, frame, behind, name))
		name_by_jit(sym, id, frame, behind, name);
}

/**
 * mu_symbolize() - look up the name of a frame
 * @sym: the symbolizer
 * @target: the target of the frame
 * @frame: the frame
 *
 * Return: the name.
 */
struct mu_name mu_symbolize(struct mu_symbolizer *sym, const struct mu_target *target,
			    const struct mu_frame *frame)
{
	/* A return address is behind its call, which may be the last instruction. */
	unsigned int behind = !frame->interrupted;
	struct mu_name name = { .object = frame->object, .offset = frame->address };
	struct mu_object *object = mu_objects_get(sym->objects, target, frame);

	if (object)
		name_by_object(sym, object, frame->address, behind, &name);
	else
		name_in_memory(sym, target, frame, behind, &name);
	return name;
}
