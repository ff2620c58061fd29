// SPDX-License-Identifier: GPL-2.0-only
/*
 * Symbolizing frames: finds the object of a frame and looks up its address there.
 *
 * Objects and results are cached, as libdwfl searches a whole symbol table for one address.
 * Depends on file_sources.c for the files, and on symbols.c for what is in them.
 */
#include "symbolize.h"

#include <elfutils/libdwfl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "elf_file.h"
#include "file_sources.h"
#include "mem.h"
#include "msg.h"
#include "symbols.h"
#include "text.h"

#define VDSO "[vdso]"

struct object {
	struct object *next;
	struct mu_symbolizer *owner;
	char *build_id;
	char *path;
	char *file;		 /* identifies an object without a build-id in a sum */
	struct mu_origin origin; /* identifies another object without a build-id */
	unsigned int tried;	 /* value of binds when its file was last searched */
	bool is_reported;
	struct mu_dwarf_split_files split;
	struct mu_symbols symbols;
};

/* A cached result. */
struct lookup {
	struct object *object;
	uint64_t address;
	uint64_t offset;
	char *symbol;
	struct mu_srcline *source;
	size_t nr_sources;
};

struct mu_symbolizer {
	struct mu_file_sources *files;
	struct object *objects;
	void *lookups; /* a tree of struct lookup */
	char *search_path;
	Dwfl_Callbacks callbacks;
	size_t errors;
	unsigned int binds; /* number of tables whose mappings were bound to files */
	bool is_live;
	bool with_source;
};

static struct mu_mapped_files *files_of(const struct object *object)
{
	return mu_file_sources_get(object->owner->files, object->origin.target);
}

/*
 * libdwfl callback: searches the root of the target first. A debug link with a slash, or a file
 * name with "..", could lead out of the directories that are searched.
 */
static int find_debuginfo(Dwfl_Module *mod, void **userdata, const char *modname, Dwarf_Addr base,
			  const char *file_name, const char *debuglink, GElf_Word crc,
			  char **debug_name)
{
	const struct object *object = *userdata;
	int fd = object ? mu_mapped_files_open_debug(files_of(object), object->build_id) : -1;

	if (fd >= 0)
		return fd;
	if (debuglink && strchr(debuglink, '/'))
		debuglink = NULL;
	if (file_name && strstr(file_name, "/../"))
		file_name = NULL;
	return dwfl_standard_find_debuginfo(mod, userdata, modname, base, file_name, debuglink, crc,
					    debug_name);
}

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

	sym->files = mu_file_sources_new(dirs);
	sym->is_live = dirs->proc >= 0;
	sym->with_source = with_source;
	sym->search_path = mu_elf_search_path(dirs->debug_path);
	sym->callbacks.find_elf = dwfl_build_id_find_elf;
	sym->callbacks.find_debuginfo = find_debuginfo;
	sym->callbacks.debuginfo_path = &sym->search_path;
	return sym;
}

static void free_lookup(void *node)
{
	struct lookup *lookup = node;

	free(lookup->symbol);
	mu_srcline_free(lookup->source, lookup->nr_sources);
	free(lookup);
}

static void free_object(struct object *object)
{
	mu_symbols_unload(&object->symbols);
	free(object->build_id);
	free(object->path);
	free(object->file);
	free(object);
}

/**
 * mu_symbolizer_free() - free a symbolizer
 * @sym: the symbolizer
 */
void mu_symbolizer_free(struct mu_symbolizer *sym)
{
	struct object *object;

	tdestroy(sym->lookups, free_lookup);
	while ((object = sym->objects)) {
		sym->objects = object->next;
		free_object(object);
	}
	mu_file_sources_free(sym->files);
	free(sym->search_path);
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
	mu_file_sources_add(sym->files, target, proc);
	sym->is_live = true;
}

/**
 * mu_symbolizer_remove() - close the files of a process
 * @sym: the symbolizer
 * @target: id of its target
 */
void mu_symbolizer_remove(struct mu_symbolizer *sym, uint64_t target)
{
	mu_file_sources_remove(sym->files, target);
}

/**
 * mu_symbolizer_hold() - open the files that live processes have mapped now
 * @sym: the symbolizer
 *
 * To be called before each report is read, see mu_mapped_files_hold().
 */
void mu_symbolizer_hold(struct mu_symbolizer *sym)
{
	mu_file_sources_hold(sym->files);
	sym->binds++;
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
	mu_file_sources_bind(sym->files, target);
}

/**
 * mu_symbolizer_errors() - count the objects whose file could not be used
 * @sym: the symbolizer
 *
 * Return: their number; each has been reported once.
 */
size_t mu_symbolizer_errors(const struct mu_symbolizer *sym)
{
	return sym->errors;
}

/* Takes ownership of fd. */
static bool load_symbols(struct object *object, int fd, const char *path)
{
	struct mu_symbolizer *sym = object->owner;

	return mu_symbols_load(&object->symbols, &sym->callbacks, fd, path, object,
			       sym->with_source ? &object->split : NULL);
}

static void report_object(struct object *object, const char *path, const char *why)
{
	char *name;

	if (object->is_reported)
		return;
	object->is_reported = true;
	object->owner->errors++;
	name = mu_escape(path);
	mu_warn("no names from %s: %s", name, why);
	free(name);
}

static int open_split(void *object, const char *path)
{
	return mu_mapped_files_open_path(files_of(object), path);
}

static struct object *add_object(struct mu_symbolizer *sym, const char *build_id, const char *path)
{
	struct object *object = mu_zalloc(sizeof(*object));

	object->owner = sym;
	object->build_id = mu_strndup(build_id, strlen(build_id));
	object->path = mu_strndup(path, strlen(path));
	object->split = (struct mu_dwarf_split_files){
		.open = open_split,
		.context = object,
		.object = object->path,
	};
	object->symbols.fd = -1;
	object->next = sym->objects;
	sym->objects = object;
	return object;
}

/* It is no error if memory that is no file is not an ELF image. */
static void load_mapped(struct object *object, const struct mu_mapping *m)
{
	char *path, *why;
	int fd = mu_file_sources_open(object->owner->files, &object->origin, m, &path, &why);

	object->tried = object->owner->binds;
	if ((fd < 0 || !load_symbols(object, fd, path)) && !mu_mapped_file_is_memory(m->path))
		report_object(object, path, fd >= 0 ? dwfl_errmsg(-1) : why);
	free(path);
	free(why);
}

static struct mu_origin origin_of(const struct mu_target *target, const struct mu_mapping *m)
{
	if (m->origin.target)
		return m->origin;
	return (struct mu_origin){ .target = target->id, .mapping = m->id };
}

/*
 * All mappings with the same build-id are one object. Without a build-id, each mapping may be of
 * another file, unless that is known.
 */
static bool is_object_of(const struct object *object, const struct mu_mapping *m,
			 const struct mu_origin *origin)
{
	if (strcmp(object->build_id, m->build_id))
		return false;
	if (strcmp(m->build_id, "-"))
		return true;
	if (m->file && object->file)
		return !strcmp(object->path, m->path) && !strcmp(object->file, m->file);
	return object->origin.target == origin->target && object->origin.mapping == origin->mapping;
}

static struct object *find_object(struct mu_symbolizer *sym, const struct mu_mapping *m,
				  const struct mu_origin *origin)
{
	struct object *object;

	for (object = sym->objects; object; object = object->next)
		if (is_object_of(object, m, origin))
			return object;
	return NULL;
}

static struct object *get_mapped_object(struct mu_symbolizer *sym, const struct mu_target *target,
					const struct mu_mapping *m)
{
	struct mu_origin origin = origin_of(target, m);
	struct object *object = find_object(sym, m, &origin);

	if (object && (object->symbols.dwfl || object->tried == sym->binds))
		return object;
	if (!object) {
		object = add_object(sym, m->build_id, m->path);
		object->file = m->file ? mu_strndup(m->file, strlen(m->file)) : NULL;
	}
	object->origin = origin;
	load_mapped(object, m);
	return object;
}

static struct object *get_vdso_object(struct mu_symbolizer *sym)
{
	struct object *object;
	int fd;

	for (object = sym->objects; object; object = object->next)
		if (!strcmp(object->path, VDSO))
			return object;
	object = add_object(sym, "-", VDSO);
	fd = mu_elf_open_vdso();
	if (fd >= 0)
		load_symbols(object, fd, VDSO);
	return object;
}

static struct object *get_object(struct mu_symbolizer *sym, const struct mu_target *target,
				 const struct mu_frame *frame)
{
	const struct mu_mapping *m;

	m = mu_report_mapping(target, frame);
	if (m && (m->path[0] == '/' || strcmp(m->build_id, "-")))
		return get_mapped_object(sym, target, m);
	return sym->is_live && !strcmp(frame->object, VDSO) ? get_vdso_object(sym) : NULL;
}

static void look_up_address(struct lookup *lookup)
{
	struct object *object = lookup->object;

	if (mu_symbols_are_stale(&object->symbols)) {
		report_object(object, object->path,
			      "the file has been written since it was read, and is not used any more");
		return;
	}
	lookup->symbol = mu_symbols_name(&object->symbols, lookup->address, &lookup->offset);
	lookup->nr_sources = mu_symbols_srclines(&object->symbols, lookup->address,
						 &lookup->source);
}

static int compare_lookups(const void *a, const void *b)
{
	const struct lookup *x = a;
	const struct lookup *y = b;

	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	return x->address < y->address ? -1 : x->address > y->address;
}

static const struct lookup *get_lookup(struct mu_symbolizer *sym, struct object *object,
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
	struct mu_name name = { .offset = frame->address };
	struct object *object;
	const struct lookup *lookup;

	object = get_object(sym, target, frame);
	if (!object || !object->symbols.dwfl)
		return name;
	lookup = get_lookup(sym, object, frame->address - behind);
	name.symbol = lookup->symbol;
	if (lookup->symbol)
		name.offset = lookup->offset + behind;
	name.source = lookup->source;
	name.nr_sources = lookup->nr_sources;
	return name;
}
