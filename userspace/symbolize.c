// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names for frames: the objects that they lie in, and what was found in these.
 *
 * libdwfl looks through a whole symbol table for one address, so what was
 * found once is remembered.
 */
#include "symbolize.h"

#include <elfutils/libdwfl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compiler.h"
#include "elf_file.h"
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
	uint64_t target, mapping; /* tell objects without a build-id apart */
	unsigned int tried;	  /* the bind before its file was last looked for */
	bool complained;
	struct mu_dwarf_split_files split;
	struct mu_symbols names;
};

/* An address that was looked up. */
struct known {
	struct object *object;
	uint64_t address;
	uint64_t offset; /* of that address */
	char *symbol;
	struct mu_srcline *source;
	size_t nr_sources;
};

struct mu_symbolizer {
	struct mu_mapped_files *files;
	struct object *objects;
	void *known; /* a tree of struct known */
	char *search_path;
	Dwfl_Callbacks callbacks;
	size_t errors;
	unsigned int binds;
	bool bind_is_due;
	bool live;
	bool with_source;
};

/*
 * The target's own root first, then libdwfl's ways. A debug link that is more
 * than a name could lead out of the directories that are searched.
 */
static int find_debuginfo(Dwfl_Module *mod, void **userdata, const char *modname, Dwarf_Addr base,
			  const char *file_name, const char *debuglink, GElf_Word crc,
			  char **debug_name)
{
	const struct object *object = *userdata;
	int fd = object ? mu_mapped_files_open_debug(object->owner->files, object->build_id) : -1;

	if (fd >= 0)
		return fd;
	if (debuglink && strchr(debuglink, '/'))
		debuglink = NULL;
	if (file_name && strstr(file_name, "/../"))
		file_name = NULL;
	return dwfl_standard_find_debuginfo(mod, userdata, modname, base, file_name, debuglink, crc,
					    debug_name);
}

struct mu_symbolizer *mu_symbolizer_new(const struct mu_search_dirs *places, bool with_source)
{
	struct mu_symbolizer *sym = mu_zalloc(sizeof(*sym));

	sym->files = mu_mapped_files_new(places);
	sym->live = places->proc >= 0;
	sym->with_source = with_source;
	sym->search_path = mu_elf_search_path(places->debug_path);
	sym->callbacks.find_elf = dwfl_build_id_find_elf;
	sym->callbacks.find_debuginfo = find_debuginfo;
	sym->callbacks.debuginfo_path = &sym->search_path;
	return sym;
}

static void free_known(void *node)
{
	struct known *known = node;

	free(known->symbol);
	mu_srcline_free(known->source, known->nr_sources);
	free(known);
}

static void free_object(struct object *object)
{
	mu_symbols_unload(&object->names);
	free(object->build_id);
	free(object->path);
	free(object);
}

void mu_symbolizer_free(struct mu_symbolizer *sym)
{
	struct object *object;

	tdestroy(sym->known, free_known);
	while ((object = sym->objects)) {
		sym->objects = object->next;
		free_object(object);
	}
	mu_mapped_files_free(sym->files);
	free(sym->search_path);
	free(sym);
}

void mu_symbolizer_hold(struct mu_symbolizer *sym)
{
	mu_mapped_files_hold(sym->files);
	sym->bind_is_due = true;
}

/* Once for each report, at its first frame. */
static void bind_mappings(struct mu_symbolizer *sym, const struct mu_target *target)
{
	if (!sym->bind_is_due)
		return;
	mu_mapped_files_bind(sym->files, target);
	sym->bind_is_due = false;
	sym->binds++;
}

size_t mu_symbolizer_errors(const struct mu_symbolizer *sym)
{
	return sym->errors;
}

/* Takes fd. */
static bool load(struct object *object, int fd, const char *path)
{
	struct mu_symbolizer *sym = object->owner;

	return mu_symbols_load(&object->names, &sym->callbacks, fd, path, object,
			       sym->with_source ? &object->split : NULL);
}

static void complain(struct object *object, const char *path, const char *why)
{
	char *name;

	if (object->complained)
		return;
	object->complained = true;
	object->owner->errors++;
	name = mu_escape(path);
	mu_warn("no names from %s: %s", name, why);
	free(name);
}

static int open_split(void *files, const char *path)
{
	return mu_mapped_files_open_path(files, path);
}

static struct object *add_object(struct mu_symbolizer *sym, const char *build_id, const char *path)
{
	struct object *object = mu_zalloc(sizeof(*object));

	object->owner = sym;
	object->build_id = mu_strndup(build_id, strlen(build_id));
	object->path = mu_strndup(path, strlen(path));
	object->split = (struct mu_dwarf_split_files){
		.open = open_split,
		.context = sym->files,
		.object = object->path,
	};
	object->names.fd = -1;
	object->next = sym->objects;
	sym->objects = object;
	return object;
}

/* Memory with a path, but in no directory: programs use it for code that they make. */
static bool is_memory(const char *path)
{
	static const char *const prefixes[] = { "/memfd:", "/SYSV", "/anon_hugepage", "/dev/zero" };

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(path, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

/* Most of such memory is no ELF file, and has no names then, which is no error. */
static void load_mapped(struct object *object, const struct mu_mapping *m)
{
	char *path, *why;
	int fd = mu_mapped_files_open(object->owner->files, m, &path, &why);

	object->tried = object->owner->binds;
	if ((fd < 0 || !load(object, fd, path)) && !is_memory(m->path))
		complain(object, path, fd >= 0 ? dwfl_errmsg(-1) : why);
	free(path);
	free(why);
}

/*
 * The same build-id is the same object, wherever and as often as it is mapped. Without one each
 * mapping may be of another file.
 */
static bool is_object_of(const struct object *object, const struct mu_target *target,
			 const struct mu_mapping *m)
{
	if (strcmp(object->build_id, m->build_id))
		return false;
	return strcmp(m->build_id, "-") ||
	       (object->target == target->id && object->mapping == m->id);
}

static struct object *find_object(struct mu_symbolizer *sym, const struct mu_target *target,
				  const struct mu_mapping *m)
{
	struct object *object;

	for (object = sym->objects; object; object = object->next)
		if (is_object_of(object, target, m))
			return object;
	return NULL;
}

static struct object *mapped_object(struct mu_symbolizer *sym, const struct mu_target *target,
				    const struct mu_mapping *m)
{
	struct object *object = find_object(sym, target, m);

	if (!object) {
		object = add_object(sym, m->build_id, m->path);
		object->target = target->id;
		object->mapping = m->id;
		load_mapped(object, m);
	} else if (!object->names.dwfl && object->tried != sym->binds) {
		load_mapped(object, m);
	}
	return object;
}

/* The kernel gives every process of a machine the same vdso, so ours will do, as a file. */
static int open_vdso(void)
{
	const Elf64_Ehdr *image = (const Elf64_Ehdr *)getauxval(AT_SYSINFO_EHDR);
	size_t size;
	int fd;

	if (!image)
		return -1;
	size = image->e_shoff + (size_t)image->e_shentsize * image->e_shnum;
	fd = memfd_create("vdso", MFD_CLOEXEC);
	if (fd >= 0 && write(fd, image, size) != (ssize_t)size) {
		close(fd);
		return -1;
	}
	return fd;
}

static struct object *vdso_object(struct mu_symbolizer *sym)
{
	struct object *object;
	int fd;

	for (object = sym->objects; object; object = object->next)
		if (!strcmp(object->path, VDSO))
			return object;
	object = add_object(sym, "-", VDSO);
	fd = open_vdso();
	if (fd >= 0)
		load(object, fd, VDSO);
	return object;
}

static struct object *object_of(struct mu_symbolizer *sym, const struct mu_target *target,
				const struct mu_frame *frame)
{
	const struct mu_mapping *m;

	m = mu_report_mapping(target, frame);
	if (m && (m->path[0] == '/' || strcmp(m->build_id, "-")))
		return mapped_object(sym, target, m);
	return sym->live && !strcmp(frame->object, VDSO) ? vdso_object(sym) : NULL;
}

static void look_up(struct known *known)
{
	struct object *object = known->object;

	if (mu_symbols_are_stale(&object->names)) {
		complain(object, object->path,
			 "the file was written since it was read: it is not used any more");
		return;
	}
	known->symbol = mu_symbols_name(&object->names, known->address, &known->offset);
	known->nr_sources = mu_symbols_srclines(&object->names, known->address, &known->source);
}

static int compare_known(const void *a, const void *b)
{
	const struct known *x = a;
	const struct known *y = b;

	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	return x->address < y->address ? -1 : x->address > y->address;
}

static const struct known *known_at(struct mu_symbolizer *sym, struct object *object,
				    uint64_t address)
{
	struct known key = { .object = object, .address = address };
	struct known **found = tfind(&key, &sym->known, compare_known);
	struct known *known;

	if (found)
		return *found;
	known = mu_zalloc(sizeof(*known));
	*known = key;
	look_up(known);
	tsearch(known, &sym->known, compare_known);
	return known;
}

struct mu_name mu_symbolize(struct mu_symbolizer *sym, const struct mu_target *target,
			    const struct mu_frame *frame)
{
	/* A return address is behind its call, which may be the last instruction of a function. */
	unsigned int behind = !frame->interrupted;
	struct mu_name name = { .offset = frame->address };
	struct object *object;
	const struct known *known;

	bind_mappings(sym, target);
	object = object_of(sym, target, frame);
	if (!object || !object->names.dwfl)
		return name;
	known = known_at(sym, object, frame->address - behind);
	name.symbol = known->symbol;
	if (known->symbol)
		name.offset = known->offset + behind;
	name.source = known->source;
	name.nr_sources = known->nr_sources;
	return name;
}
