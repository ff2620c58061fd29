// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names for frames. The kernel side has told the address inside the ELF file,
 * so every object gets a Dwfl of its own, loaded at 0: no layout of a process
 * that may be long gone has to be rebuilt.
 *
 * libdwfl looks through a whole symbol table for one address, so what was
 * found once is remembered.
 */
#include "symbolize.h"

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compiler.h"
#include "demangle.h"
#include "elffile.h"
#include "functions.h"
#include "mem.h"
#include "msg.h"
#include "words.h"

#define VDSO "[vdso]"

struct object {
	struct object *next;
	struct mlu_symbolizer *owner;
	char *build_id;
	char *path;
	uint64_t start; /* tells objects without a build-id apart */
	Dwfl *dwfl;	/* NULL: there is no file for it */
	Dwfl_Module *module;
	struct mlu_debug *debug; /* for lines; NULL: not asked for, or there is none */
	struct mlu_functions *functions;
	bool functions_read;
};

/* An address that was looked up. */
struct known {
	struct object *object;
	uint64_t address;
	uint64_t offset; /* of that address */
	char *symbol;
	struct mlu_source *source;
	size_t nr_sources;
};

struct mlu_symbolizer {
	struct mlu_files *files;
	struct object *objects;
	void *known; /* a tree of struct known */
	char *search_path;
	Dwfl_Callbacks callbacks;
	size_t errors;
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
	int fd = object ? mlu_files_debug(object->owner->files, object->build_id) : -1;

	if (fd >= 0)
		return fd;
	if (debuglink && strchr(debuglink, '/'))
		debuglink = NULL;
	if (file_name && strstr(file_name, "/../"))
		file_name = NULL;
	return dwfl_standard_find_debuginfo(mod, userdata, modname, base, file_name, debuglink, crc,
					    debug_name);
}

struct mlu_symbolizer *mlu_symbolizer_new(const struct mlu_places *places, bool with_source)
{
	struct mlu_symbolizer *sym = mlu_zalloc(sizeof(*sym));

	sym->files = mlu_files_new(places);
	sym->live = places->proc >= 0;
	sym->with_source = with_source;
	sym->search_path = mlu_elf_search_path(places->debug_path);
	sym->callbacks.find_elf = dwfl_build_id_find_elf;
	sym->callbacks.find_debuginfo = find_debuginfo;
	sym->callbacks.debuginfo_path = &sym->search_path;
	return sym;
}

static void free_known(void *node)
{
	struct known *known = node;

	free(known->symbol);
	mlu_source_free(known->source, known->nr_sources);
	free(known);
}

static void free_object(struct object *object)
{
	mlu_debug_free(object->debug);
	mlu_functions_free(object->functions);
	if (object->dwfl)
		dwfl_end(object->dwfl);
	free(object->build_id);
	free(object->path);
	free(object);
}

void mlu_symbolizer_free(struct mlu_symbolizer *sym)
{
	struct object *object;

	tdestroy(sym->known, free_known);
	while ((object = sym->objects)) {
		sym->objects = object->next;
		free_object(object);
	}
	mlu_files_free(sym->files);
	free(sym->search_path);
	free(sym);
}

void mlu_symbolizer_hold(struct mlu_symbolizer *sym)
{
	mlu_files_hold(sym->files);
}

size_t mlu_symbolizer_errors(const struct mlu_symbolizer *sym)
{
	return sym->errors;
}

/* Takes fd. */
static void load(struct object *object, int fd, const char *path)
{
	void **userdata;

	object->dwfl = dwfl_begin(&object->owner->callbacks);
	if (!object->dwfl) {
		close(fd);
		return;
	}
	dwfl_report_begin(object->dwfl);
	object->module = dwfl_report_elf(object->dwfl, path, path, fd, 0, true);
	dwfl_report_end(object->dwfl, NULL, NULL);
	if (!object->module) {
		close(fd);
		dwfl_end(object->dwfl);
		object->dwfl = NULL;
		return;
	}
	dwfl_module_info(object->module, &userdata, NULL, NULL, NULL, NULL, NULL, NULL);
	*userdata = object;
	if (object->owner->with_source)
		object->debug = mlu_debug_new(object->module);
}

static void complain(struct mlu_symbolizer *sym, const char *path, const char *why)
{
	char *name = mlu_escaped(path);

	sym->errors++;
	mlu_warn("no names from %s: %s", name, why);
	free(name);
}

static struct object *add_object(struct mlu_symbolizer *sym, const char *build_id, const char *path,
				 uint64_t start)
{
	struct object *object = mlu_zalloc(sizeof(*object));

	object->owner = sym;
	object->build_id = mlu_strndup(build_id, strlen(build_id));
	object->path = mlu_strndup(path, strlen(path));
	object->start = start;
	object->next = sym->objects;
	sym->objects = object;
	return object;
}

static struct object *load_mapped(struct mlu_symbolizer *sym, const struct mlu_mapping *m)
{
	struct object *object = add_object(sym, m->build_id, m->path, m->start);
	char *path, *why;
	int fd = mlu_files_open(sym->files, m, &path, &why);

	if (fd >= 0)
		load(object, fd, path);
	if (!object->dwfl)
		complain(sym, path, fd >= 0 ? dwfl_errmsg(-1) : why);
	free(path);
	free(why);
	return object;
}

/* The same build-id is the same object, wherever and as often as it is mapped. */
static bool is_object_of(const struct object *object, const struct mlu_mapping *m)
{
	if (strcmp(object->build_id, m->build_id))
		return false;
	return strcmp(m->build_id, "-") ||
	       (object->start == m->start && !strcmp(object->path, m->path));
}

static struct object *mapped_object(struct mlu_symbolizer *sym, const struct mlu_mapping *m)
{
	struct object *object;

	for (object = sym->objects; object; object = object->next)
		if (is_object_of(object, m))
			return object;
	return load_mapped(sym, m);
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

static struct object *vdso_object(struct mlu_symbolizer *sym)
{
	struct object *object;
	int fd;

	for (object = sym->objects; object; object = object->next)
		if (!strcmp(object->path, VDSO))
			return object;
	object = add_object(sym, "-", VDSO, 0);
	fd = open_vdso();
	if (fd >= 0)
		load(object, fd, VDSO);
	return object;
}

/* Memory that has a path but no file behind it, as programs use it for code they make: no ELF. */
static bool is_file(const struct mlu_mapping *m)
{
	static const char *const none[] = { "/memfd:", "/SYSV", "/anon_hugepage", "/dev/zero" };

	if (strcmp(m->build_id, "-"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		if (!strncmp(m->path, none[i], strlen(none[i])))
			return false;
	return m->path[0] == '/';
}

static struct object *object_of(struct mlu_symbolizer *sym, const struct mlu_target *target,
				const struct mlu_frame *frame)
{
	const struct mlu_mapping *m;

	m = mlu_report_mapping(target, frame);
	if (m && is_file(m))
		return mapped_object(sym, m);
	return sym->live && !strcmp(frame->object, VDSO) ? vdso_object(sym) : NULL;
}

/*
 * libdwfl offers a symbol without a size for all that follows it in its section. What the symbol
 * does not cover by its own size is another function's if the unwind table has one that begins
 * in between.
 */
static bool is_disproved(struct object *object, uint64_t address, uint64_t offset, uint64_t size)
{
	GElf_Addr bias;

	if (offset < size)
		return false;
	if (!object->functions_read) {
		object->functions = mlu_functions_new(dwfl_module_getelf(object->module, &bias));
		object->functions_read = true;
	}
	return mlu_functions_between(object->functions, address - offset, address);
}

static void look_up(struct known *known)
{
	Dwfl_Module *module = known->object->module;
	const char *symbol;
	GElf_Off offset;
	GElf_Addr bias = 0;
	GElf_Sym entry;

	dwfl_module_getelf(module, &bias);
	symbol = dwfl_module_addrinfo(module, known->address + bias, &offset, &entry, NULL, NULL,
				      NULL);
	if (symbol && *symbol &&
	    !is_disproved(known->object, known->address, offset, entry.st_size)) {
		known->symbol = mlu_demangle(symbol);
		known->offset = offset;
	}
	if (known->object->debug)
		known->nr_sources =
			mlu_source_of(known->object->debug, known->address + bias, &known->source);
}

static int compare_known(const void *a, const void *b)
{
	const struct known *x = a;
	const struct known *y = b;

	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	return x->address < y->address ? -1 : x->address > y->address;
}

static const struct known *known_at(struct mlu_symbolizer *sym, struct object *object,
				    uint64_t address)
{
	struct known key = { .object = object, .address = address };
	struct known **found = tfind(&key, &sym->known, compare_known);
	struct known *known;

	if (found)
		return *found;
	known = mlu_zalloc(sizeof(*known));
	*known = key;
	look_up(known);
	tsearch(known, &sym->known, compare_known);
	return known;
}

struct mlu_name mlu_symbolize(struct mlu_symbolizer *sym, const struct mlu_target *target,
			      const struct mlu_frame *frame)
{
	/* A return address is behind its call, which may be the last instruction of a function. */
	unsigned int behind = !frame->interrupted;
	struct mlu_name name = { .offset = frame->address };
	struct object *object = object_of(sym, target, frame);
	const struct known *known;

	if (!object || !object->dwfl)
		return name;
	known = known_at(sym, object, frame->address - behind);
	name.symbol = known->symbol;
	if (known->symbol)
		name.offset = known->offset + behind;
	name.source = known->source;
	name.nr_sources = known->nr_sources;
	return name;
}
