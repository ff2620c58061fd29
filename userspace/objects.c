// SPDX-License-Identifier: GPL-2.0-only
/*
 * The objects that frames are in: each is searched once, and its symbols are loaded once.
 *
 * Depends on file_sources.c and debug_link.c for the files, and on symbols.c for what is in them.
 */
#include "objects.h"

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "debug_link.h"
#include "elf_file.h"
#include "mem.h"
#include "msg.h"
#include "symbols.h"
#include "text.h"

#define VDSO "[vdso]"

struct mu_object {
	struct mu_object *next;
	struct mu_objects *owner;
	char *build_id;
	char *path;
	char *file;		 /* identifies an object without a build-id in a sum */
	struct mu_origin origin; /* identifies another object without a build-id */
	unsigned int tried;	 /* value of binds when its file was last searched */
	bool is_reported;
	struct mu_dwarf_split_files split;
	struct mu_symbols symbols;
};

struct mu_objects {
	struct mu_file_sources *files;
	struct mu_object *first;
	char *search_path;
	Dwfl_Callbacks callbacks;
	size_t errors;
	unsigned int binds; /* number of tables whose mappings were bound to files */
	bool is_live;
	bool with_source;
};

static struct mu_mapped_files *files_of(const struct mu_object *object)
{
	return mu_file_sources_get(object->owner->files, object->origin.target);
}

/*
 * libdwfl callback: searches the root of the target first, by build-id, then by debug link. For
 * libdwfl, a link with a slash, or a file name with "..", could lead out of its directories.
 */
static int find_debuginfo(Dwfl_Module *mod, void **userdata, const char *modname, Dwarf_Addr base,
			  const char *file_name, const char *debuglink, GElf_Word crc,
			  char **debug_name)
{
	const struct mu_object *object = *userdata;
	int fd = object ? mu_mapped_files_open_debug(files_of(object), object->build_id) : -1;

	if (fd < 0 && object && debuglink)
		fd = mu_debug_link_open(files_of(object), object->path, debuglink, crc);
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
 * mu_objects_new() - create an empty list of objects
 * @dirs: where files are searched
 * @with_source: look up source lines and inlined functions, too, which is slow
 *
 * Return: the list, to be freed.
 */
struct mu_objects *mu_objects_new(const struct mu_search_dirs *dirs, bool with_source)
{
	struct mu_objects *objects = mu_zalloc(sizeof(*objects));

	objects->files = mu_file_sources_new(dirs);
	objects->is_live = dirs->proc >= 0;
	objects->with_source = with_source;
	objects->search_path = mu_elf_search_path(dirs->debug_path);
	objects->callbacks.find_elf = dwfl_build_id_find_elf;
	objects->callbacks.find_debuginfo = find_debuginfo;
	objects->callbacks.debuginfo_path = &objects->search_path;
	return objects;
}

static void free_object(struct mu_object *object)
{
	mu_symbols_unload(&object->symbols);
	free(object->build_id);
	free(object->path);
	free(object->file);
	free(object);
}

/**
 * mu_objects_free() - free all objects, and close the files
 * @objects: the objects
 */
void mu_objects_free(struct mu_objects *objects)
{
	struct mu_object *object;

	while ((object = objects->first)) {
		objects->first = object->next;
		free_object(object);
	}
	mu_file_sources_free(objects->files);
	free(objects->search_path);
	free(objects);
}

/**
 * mu_objects_files() - get the files of the objects
 * @objects: the objects
 *
 * Return: the files.
 */
struct mu_file_sources *mu_objects_files(struct mu_objects *objects)
{
	return objects->files;
}

/**
 * mu_objects_add() - add a live process whose target will be in a sum
 * @objects: the objects
 * @target: id of its target
 * @proc: its directory in /proc; stays open until it is removed from the files
 */
void mu_objects_add(struct mu_objects *objects, uint64_t target, int proc)
{
	mu_file_sources_add(objects->files, target, proc);
	objects->is_live = true;
}

/**
 * mu_objects_hold() - open the files that live processes have mapped now
 * @objects: the objects
 */
void mu_objects_hold(struct mu_objects *objects)
{
	mu_file_sources_hold(objects->files);
	objects->binds++;
}

/**
 * mu_objects_errors() - count the objects whose file could not be used
 * @objects: the objects
 *
 * Return: their number; each has been reported once.
 */
size_t mu_objects_errors(const struct mu_objects *objects)
{
	return objects->errors;
}

/* Takes ownership of fd. */
static bool load_symbols(struct mu_object *object, int fd, const char *path)
{
	struct mu_objects *objects = object->owner;

	return mu_symbols_load(&object->symbols, &objects->callbacks, fd, path, object,
			       objects->with_source ? &object->split : NULL);
}

static void report_object(struct mu_object *object, const char *path, const char *why)
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

static struct mu_object *add_object(struct mu_objects *objects, const char *build_id,
				    const char *path)
{
	struct mu_object *object = mu_zalloc(sizeof(*object));

	object->owner = objects;
	object->build_id = mu_strndup(build_id, strlen(build_id));
	object->path = mu_strndup(path, strlen(path));
	object->split = (struct mu_dwarf_split_files){
		.open = open_split,
		.context = object,
		.object = object->path,
	};
	object->symbols.fd = -1;
	object->next = objects->first;
	objects->first = object;
	return object;
}

/* It is no error if memory that is no file is not an ELF image. */
static void load_mapped(struct mu_object *object, const struct mu_mapping *m)
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
static bool is_object_of(const struct mu_object *object, const struct mu_mapping *m,
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

static struct mu_object *find_object(struct mu_objects *objects, const struct mu_mapping *m,
				     const struct mu_origin *origin)
{
	struct mu_object *object;

	for (object = objects->first; object; object = object->next)
		if (is_object_of(object, m, origin))
			return object;
	return NULL;
}

static struct mu_object *get_mapped_object(struct mu_objects *objects,
					   const struct mu_target *target,
					   const struct mu_mapping *m)
{
	struct mu_origin origin = origin_of(target, m);
	struct mu_object *object = find_object(objects, m, &origin);

	if (object && (object->symbols.dwfl || object->tried == objects->binds))
		return object;
	if (!object) {
		object = add_object(objects, m->build_id, m->path);
		object->file = m->file ? mu_strndup(m->file, strlen(m->file)) : NULL;
	}
	object->origin = origin;
	load_mapped(object, m);
	return object;
}

static struct mu_object *get_vdso_object(struct mu_objects *objects)
{
	struct mu_object *object;
	int fd;

	for (object = objects->first; object; object = object->next)
		if (!strcmp(object->path, VDSO))
			return object;
	object = add_object(objects, "-", VDSO);
	fd = mu_elf_open_vdso();
	if (fd >= 0)
		load_symbols(object, fd, VDSO);
	return object;
}

static struct mu_object *find_any_object(struct mu_objects *objects, const struct mu_target *target,
					 const struct mu_frame *frame)
{
	const struct mu_mapping *m = mu_report_mapping(target, frame);

	if (m && (m->path[0] == '/' || strcmp(m->build_id, "-")))
		return get_mapped_object(objects, target, m);
	return objects->is_live && !strcmp(frame->object, VDSO) ? get_vdso_object(objects) : NULL;
}

/**
 * mu_objects_get() - find the object of a frame
 * @objects: the objects
 * @target: the target of the frame
 * @frame: the frame
 *
 * Return: the object, or NULL if the frame is in no file, or in one whose symbols are not loaded.
 */
struct mu_object *mu_objects_get(struct mu_objects *objects, const struct mu_target *target,
				 const struct mu_frame *frame)
{
	struct mu_object *object = find_any_object(objects, target, frame);

	return object && object->symbols.dwfl ? object : NULL;
}

/*
 * A file without a build-id is identified by where its code is, as it has no mapping that is known.
 * No mapping has an id like that.
 */
static struct mu_mapping describe_moved(const struct mu_moved *moved)
{
	return (struct mu_mapping){
		.id = UINT64_MAX - moved->start,
		.build_id = moved->build_id,
		.path = moved->path,
	};
}

/**
 * mu_objects_get_moved() - find the object of code that was moved
 * @objects: the objects
 * @target: id of the target
 * @moved: the code
 *
 * Return: the object, or NULL if its symbols cannot be loaded.
 */
struct mu_object *mu_objects_get_moved(struct mu_objects *objects, uint64_t target,
				       const struct mu_moved *moved)
{
	const struct mu_mapping m = describe_moved(moved);
	const struct mu_origin origin = { .target = target, .mapping = m.id };
	struct mu_object *object = find_object(objects, &m, &origin);
	int fd;

	if (!object) {
		object = add_object(objects, m.build_id, m.path);
		object->origin = origin;
	}
	if (!object->symbols.dwfl && object->tried != objects->binds) {
		object->tried = objects->binds;
		fd = fcntl(moved->fd, F_DUPFD_CLOEXEC, 0);
		if (fd < 0 || !load_symbols(object, fd, moved->path))
			report_object(object, moved->path, dwfl_errmsg(-1));
	}
	return object->symbols.dwfl ? object : NULL;
}

/**
 * mu_object_symbols() - get the symbols of an object, for one look-up
 * @object: the object
 *
 * Return: its symbols, or NULL if its file has been written since it was read.
 */
struct mu_symbols *mu_object_symbols(struct mu_object *object)
{
	if (!mu_symbols_are_stale(&object->symbols))
		return &object->symbols;
	report_object(object, object->path,
		      "the file has been written since it was read, and is not used any more");
	return NULL;
}
