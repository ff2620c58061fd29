// SPDX-License-Identifier: GPL-2.0-only
/*
 * The code of a profile: objects and locations, each once for all targets, with names.
 *
 * Two frames are at the same location if they have the same address in the same file, and are both
 * return addresses or both interrupted. Files are the same if they have the same build-id and path;
 * without a build-id, if they are known to be the same, as in symbolize.c. Code in no file is that
 * of one target, except for the vdso.
 *
 * The profile owns all strings. Depends on report.c, symbolize.c and utf8.c.
 */
#include "profile_code.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "utf8.h"

#define VDSO "[vdso]"

/* What identifies an object; the strings are those of the object, or of the one to be found. */
struct object_node {
	const char *build_id;
	const char *path;
	const char *identity;
	size_t object;
};

struct location_node {
	size_t object;
	uint64_t address;
	bool interrupted;
	size_t location;
};

static void *check_node(void *node)
{
	if (!node)
		abort();
	return node;
}

/* === Objects === */

static int compare_strings(const char *x, const char *y)
{
	if (!x || !y)
		return !!x - !!y;
	return strcmp(x, y);
}

static int compare_objects(const void *a, const void *b)
{
	const struct object_node *x = a, *y = b;
	int order = compare_strings(x->path, y->path);

	if (!order)
		order = compare_strings(x->build_id, y->build_id);
	return order ? order : compare_strings(x->identity, y->identity);
}

static bool has_build_id(const struct mu_mapping *m)
{
	return m && strcmp(m->build_id, "-");
}

/* The name of a frame's object is in brackets if it is memory that is no file's. */
static bool is_in_file(const struct mu_frame *frame)
{
	return frame->object[0] != '[';
}

static char *path_of(const struct mu_mapping *m, const struct mu_frame *frame)
{
	return m && is_in_file(frame) ? mu_utf8_escape(m->path) : mu_utf8_reescape(frame->object);
}

/* Return: what distinguishes an object from others with its path, to be freed, or NULL. */
static char *identity_of(const struct mu_target *target, const struct mu_mapping *m,
			 const struct mu_frame *frame)
{
	if (has_build_id(m) || !strcmp(frame->object, VDSO))
		return NULL;
	if (m && m->file)
		return mu_format("file %s", m->file);
	return mu_format("target %" PRIu64 " mapping %" PRIu64, target->id,
			 m && is_in_file(frame) ? m->id : 0);
}

static size_t add_object(struct mu_profile *p, struct mu_profile_object object)
{
	struct object_node *node = mu_zalloc(sizeof(*node));

	p->objects = mu_grow(p->objects, p->nr_objects, &p->objects_capacity, sizeof(object));
	p->objects[p->nr_objects] = object;
	*node = (struct object_node){ object.build_id, object.path, object.identity,
				      p->nr_objects };
	check_node(tsearch(node, &p->object_index, compare_objects));
	return p->nr_objects++;
}

static void free_object(struct mu_profile_object *object)
{
	free(object->name);
	free(object->path);
	free(object->build_id);
	free(object->identity);
}

static size_t get_object(struct mu_profile *p, const struct mu_target *target,
			 const struct mu_frame *frame)
{
	const struct mu_mapping *m = mu_report_mapping(target, frame);
	struct mu_profile_object object = {
		.name = mu_utf8_reescape(frame->object),
		.path = path_of(m, frame),
		.build_id = mu_format("%s", has_build_id(m) ? m->build_id : ""),
		.is_file = is_in_file(frame),
		.identity = identity_of(target, m, frame),
	};
	const struct object_node key = { object.build_id, object.path, object.identity, 0 };
	struct object_node **found = tfind(&key, &p->object_index, compare_objects);

	if (!found)
		return add_object(p, object);
	free_object(&object);
	return (*found)->object;
}

/* === Locations === */

static int compare_locations(const void *a, const void *b)
{
	const struct location_node *x = a, *y = b;

	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->interrupted - y->interrupted;
}

/* "OBJECT+0xADDRESS", as in the report */
static char *make_label(const struct mu_profile_object *object, const struct mu_frame *frame)
{
	return mu_format("%s+0x%" PRIx64, object->name, frame->address);
}

static void add_function(struct mu_profile_location *location, char *name,
			 const struct mu_srcline *source)
{
	struct mu_profile_function *f = &location->functions[location->nr_functions++];

	f->name = name;
	if (!source || !source->path)
		return;
	f->file = mu_utf8_reescape(source->path);
	f->line = source->line;
}

/* The last one of the sources is that of the function which has the code. */
static void add_functions(struct mu_profile_location *location, const struct mu_name *name,
			  char *own_name)
{
	size_t inlined = name->nr_sources ? name->nr_sources - 1 : 0;

	location->functions = mu_zalloc((inlined + 1) * sizeof(*location->functions));
	for (size_t i = 0; i < inlined; i++) {
		location->functions[i].is_inlined = true;
		add_function(location, mu_utf8_reescape(name->source[i].function),
			     &name->source[i]);
	}
	add_function(location, own_name, name->nr_sources ? &name->source[inlined] : NULL);
}

static void add_names(struct mu_profile *p, struct mu_profile_location *location,
		      const struct mu_name *name, const struct mu_frame *frame)
{
	struct mu_profile_object *object = &p->objects[location->object];

	location->has_name = name->symbol;
	object->has_unnamed |= !location->has_name;
	add_functions(location, name,
		      name->symbol ? mu_utf8_reescape(name->symbol) : make_label(object, frame));
}

static size_t add_location(struct mu_profile *p, const struct mu_profile_location *location)
{
	struct location_node *node = mu_zalloc(sizeof(*node));

	p->locations = mu_grow(p->locations, p->nr_locations, &p->locations_capacity,
			       sizeof(*location));
	p->locations[p->nr_locations] = *location;
	*node = (struct location_node){ location->object, location->address, location->interrupted,
					p->nr_locations };
	check_node(tsearch(node, &p->location_index, compare_locations));
	return p->nr_locations++;
}

/* Addresses in anonymous memory are relative to mappings that are not known. */
static uint64_t address_of(const struct mu_profile_object *object, const struct mu_frame *frame)
{
	return object->is_file || !strcmp(object->name, VDSO) ? frame->address : frame->pc;
}

/**
 * mu_profile_locate() - get the location of a frame
 * @profile: the profile
 * @target: the target of the frame
 * @frame: the frame
 * @sym: the symbolizer
 *
 * Return: the index of the location.
 */
size_t mu_profile_locate(struct mu_profile *profile, const struct mu_target *target,
			 const struct mu_frame *frame, struct mu_symbolizer *sym)
{
	size_t object = get_object(profile, target, frame);
	struct mu_profile_location location = {
		.object = object,
		.address = address_of(&profile->objects[object], frame),
		.interrupted = frame->interrupted,
	};
	const struct location_node key = { object, location.address, location.interrupted, 0 };
	struct location_node **found = tfind(&key, &profile->location_index, compare_locations);
	struct mu_name name;

	if (found)
		return (*found)->location;
	name = mu_symbolize(sym, target, frame);
	add_names(profile, &location, &name, frame);
	return add_location(profile, &location);
}

static void free_location(struct mu_profile_location *location)
{
	for (size_t i = 0; i < location->nr_functions; i++) {
		free(location->functions[i].name);
		free(location->functions[i].file);
	}
	free(location->functions);
}

/**
 * mu_profile_code_free() - free the objects and locations of a profile
 * @profile: the profile
 */
void mu_profile_code_free(struct mu_profile *profile)
{
	tdestroy(profile->object_index, free);
	tdestroy(profile->location_index, free);
	for (size_t i = 0; i < profile->nr_objects; i++)
		free_object(&profile->objects[i]);
	for (size_t i = 0; i < profile->nr_locations; i++)
		free_location(&profile->locations[i]);
	free(profile->objects);
	free(profile->locations);
}
