// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which stacks of several processes are equal: those of the same kind of allocation whose frames
 * are at the same offsets of the same objects, wherever these are mapped.
 *
 * An object with a build-id is the same everywhere. One without is the same if its path is and, in
 * live processes, the file at that path, by what the symbolizer has found. Code in no file is
 * distinguished by process and address, as it may be anything: the code of a JIT. The vdso is that
 * of the kernel. No messages; depends on report.c and mapped_file.c.
 */
#include "sum_key.h"

#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mapped_file.h"
#include "mem.h"

static int compare_objects(const void *a, const void *b)
{
	const struct mu_sum_object *x = a, *y = b;

	return strcmp(x->key, y->key);
}

/* Takes the key. */
static struct mu_sum_object *get_object(struct mu_sum_objects *objects, char *key)
{
	struct mu_sum_object wanted = { .key = key };
	struct mu_sum_object **found = tfind(&wanted, &objects->tree, compare_objects);
	struct mu_sum_object *object;

	if (found) {
		free(key);
		return *found;
	}
	object = mu_zalloc(sizeof(*object));
	object->key = key;
	object->number = objects->nr++;
	tsearch(object, &objects->tree, compare_objects);
	return object;
}

static bool is_file(const struct mu_mapping *m)
{
	return m && m->path[0] == '/' && !mu_mapped_file_is_memory(m->path);
}

/**
 * mu_sum_place() - find out where a frame is, independent of its process
 * @objects: the objects; gets that of the frame
 * @target: the target of the frame
 * @frame: the frame
 *
 * Return: the place.
 */
struct mu_sum_place mu_sum_place(struct mu_sum_objects *objects, const struct mu_target *target,
				 const struct mu_frame *frame)
{
	const struct mu_mapping *m = mu_report_mapping(target, frame);
	struct mu_sum_place place = { .mapping = m, .offset = frame->address };
	char *key;

	if (m && strcmp(m->build_id, "-")) {
		key = mu_format("build-id %s", m->build_id);
	} else if (is_file(m)) {
		key = mu_format("file %s\n%s", m->path, m->file ? m->file : "");
	} else if (!strcmp(frame->object, "[vdso]")) {
		key = mu_format("vdso");
	} else {
		key = mu_format("memory of %" PRIu64 " %" PRIu64, target->id, m ? m->id : 0);
		place.offset = frame->pc;
	}
	place.object = get_object(objects, key);
	return place;
}

/* A walk that was cut short does not end in the same caller, so that notes are part of a frame. */
static void write_frame(FILE *out, const struct mu_sum_place *place, const struct mu_frame *f)
{
	fprintf(out, " %zu+%" PRIx64 "%s%s", place->object->number, place->offset,
		f->interrupted ? "s" : "", f->note ? f->note : "");
}

/**
 * mu_sum_key() - make a text that is equal for equal stacks
 * @objects: the objects; gets those of the stack
 * @target: the target of the stack
 * @stack: the stack
 *
 * Return: the key, to be freed.
 */
char *mu_sum_key(struct mu_sum_objects *objects, const struct mu_target *target,
		 const struct mu_stack *stack)
{
	char *key = NULL;
	size_t len;
	FILE *out = open_memstream(&key, &len);

	if (!out)
		abort();
	fputs(stack->kind, out);
	for (size_t i = 0; i < stack->nr_frames; i++) {
		struct mu_sum_place place = mu_sum_place(objects, target, &stack->frames[i]);

		write_frame(out, &place, &stack->frames[i]);
	}
	if (fclose(out))
		abort();
	return key;
}

static void free_object(void *node)
{
	struct mu_sum_object *object = node;

	free(object->key);
	free(object);
}

/**
 * mu_sum_objects_free() - free the objects
 * @objects: the objects
 */
void mu_sum_objects_free(struct mu_sum_objects *objects)
{
	tdestroy(objects->tree, free_object);
	*objects = (struct mu_sum_objects){};
}
