// SPDX-License-Identifier: GPL-2.0-only
/*
 * A flame graph as elements of an SVG picture, which formats put into a file of theirs.
 *
 * The picture shows bytes; it is complete without the script flame.js, which moves the frames to
 * show something else. For that, each frame has attributes with its place and its value in each
 * measure, as exact integers. A frame is a picture of its own, so that it cuts off all that is in
 * it. Colours depend on the name of the object only.
 *
 * Depends on export_flame.c and export_markup.c.
 */
#include "export_flame_draw.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "amount.h"
#include "export_markup.h"
#include "mem.h"

#define ROW 18
#define FRAME_HEIGHT 17
#define GAP 0.5
#define SMALLEST 0.4 /* width of a frame that is shown */
#define TEXT_MARGIN 6
#define COLUMN 7.25 /* width of a character of 12 pixels */
#define LEGEND_TOP 8
#define LEGEND_HEIGHT 18
#define LEGEND_ENTRIES 6
#define NO_OBJECT "#d9d9d9"
#define SMALL "#ececec"

/* === Colours === */

struct colour {
	char text[8];
};

/* FNV-1a */
static uint32_t hash_of(const char *name)
{
	uint32_t hash = 2166136261;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619;
	return hash;
}

/* One of the three parts of a light colour, which black text can be read on. */
static unsigned int part_of(unsigned int hue, unsigned int shift, double light)
{
	double angle = (hue + shift) % 360 / 60.0;
	double distance = fabs(angle - 3) - 1;

	if (distance < 0)
		distance = 0;
	if (distance > 1)
		distance = 1;
	return (unsigned int)(255 * (light + (0.98 - light) * distance));
}

static struct colour colour_of(const struct mu_profile_object *object)
{
	uint32_t hash = hash_of(object->name);
	unsigned int hue = (hash >> 8) % 45 * 8;
	double light = (hash >> 20) % 2 ? 0.50 : 0.62;
	struct colour colour;

	snprintf(colour.text, sizeof(colour.text), "#%02x%02x%02x", part_of(hue, 0, light) & 0xff,
		 part_of(hue, 240, light) & 0xff, part_of(hue, 120, light) & 0xff);
	return colour;
}

static struct colour fill_of(const struct mu_flame_node *node)
{
	if (node->object)
		return colour_of(node->object);
	if (node->nr_small)
		return (struct colour){ SMALL };
	return (struct colour){ NO_OBJECT };
}

/* === Frames === */

static double percent_of(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void write_source(FILE *out, const struct mu_flame_node *node)
{
	if (!node->file)
		return;
	putc('\n', out);
	mu_markup_text(out, node->file);
	fprintf(out, ":%" PRIu64 "%s", node->line,
		node->has_more_lines ? ", and from other lines" : "");
}

/* The text beside the mouse; its first line is the name only. */
static void write_title(FILE *out, const struct mu_flame *f, const struct mu_flame_node *node)
{
	const struct mu_flame_node *all = &f->nodes[0];

	fputs("<title>", out);
	mu_markup_text(out, node->name);
	if (node->object) {
		putc('\n', out);
		mu_markup_text(out, node->object->path);
	}
	if (node->nr_small)
		fprintf(out, "\neach has less than 1/%d of all", MU_FLAME_PARTS);
	write_source(out, node);
	if (node->is_inlined)
		fputs("\ninlined", out);
	fprintf(out, "\n%s bytes (%.2f%%) in %s blocks (%.2f%%)",
		mu_digits(node->value[MU_MEASURE_BYTES]).text,
		percent_of(node->value[MU_MEASURE_BYTES], all->value[MU_MEASURE_BYTES]),
		mu_digits(node->value[MU_MEASURE_BLOCKS]).text,
		percent_of(node->value[MU_MEASURE_BLOCKS], all->value[MU_MEASURE_BLOCKS]));
	if (f->has_start)
		fprintf(out, "\n%s bytes since the start",
			mu_signed_digits(node->value[MU_MEASURE_GROWTH] - node->shrunk,
					 node->shrunk)
				.text);
	fputs("</title>", out);
}

static void write_measure(FILE *out, const char *name, const struct mu_flame_node *node,
			  enum mu_measure measure)
{
	fprintf(out, " data-%s=\"%" PRIu64 " %" PRIu64 "\"", name, node->at[measure],
		node->value[measure]);
}

/* Pixels from the left edge, for a sum of bytes. */
static double place_of(const struct mu_flame *f, uint64_t bytes)
{
	const double width = MU_FLAME_WIDTH - 2 * MU_FLAME_MARGIN;
	uint64_t all = f->nodes[0].value[MU_MEASURE_BYTES];

	return all ? width * (double)bytes / (double)all : width;
}

static void write_frame(FILE *out, const struct mu_flame *f, size_t index, unsigned int top)
{
	const struct mu_flame_node *node = &f->nodes[index];
	double x = place_of(f, node->at[MU_MEASURE_BYTES]);
	double width = place_of(f, node->value[MU_MEASURE_BYTES]);
	double columns = (width - TEXT_MARGIN) / COLUMN;

	fprintf(out, "<svg class=\"frame\" x=\"%.2f\" y=\"%zu\" width=\"%.2f\" height=\"%d\"",
		MU_FLAME_MARGIN + x, top + node->depth * ROW, width > 2 * GAP ? width - GAP : width,
		FRAME_HEIGHT);
	fprintf(out, "%s data-node=\"%zu\"", width < SMALLEST ? " display=\"none\"" : "", index);
	if (index)
		fprintf(out, " data-parent=\"%zu\"", node->parent);
	write_measure(out, "bytes", node, MU_MEASURE_BYTES);
	write_measure(out, "blocks", node, MU_MEASURE_BLOCKS);
	if (f->has_start) {
		write_measure(out, "growth", node, MU_MEASURE_GROWTH);
		fprintf(out, " data-shrunk=\"%" PRIu64 "\"", node->shrunk);
	}
	putc('>', out);
	write_title(out, f, node);
	fprintf(out, "<rect width=\"100%%\" height=\"100%%\" fill=\"%s\"/><text x=\"3\" y=\"13\">",
		fill_of(node).text);
	mu_markup_cut(out, node->name, columns > 0 ? (size_t)columns : 0);
	fputs("</text></svg>\n", out);
}

/* === Legend === */

struct entry {
	const struct mu_profile_object *object;
	uint64_t bytes;
};

/* Most bytes first; equal ones by name, so that the order is stable. */
static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return strcmp(x->object->name, y->object->name);
}

static void add_entry(struct entry *entries, size_t *nr, const struct mu_flame_node *node)
{
	size_t i = 0;

	while (i < *nr && strcmp(entries[i].object->name, node->object->name) != 0)
		i++;
	if (i == *nr)
		entries[(*nr)++] = (struct entry){ .object = node->object };
	entries[i].bytes = mu_add_limited(entries[i].bytes, node->value[MU_MEASURE_BYTES]);
}

static bool has_same_object(const struct mu_flame_node *node, const struct mu_flame_node *parent)
{
	return parent->object && !strcmp(parent->object->name, node->object->name);
}

/* Return: the objects with the bytes that are allocated by calls into them, to be freed. */
static struct entry *list_objects(const struct mu_flame *f, size_t *nr)
{
	struct entry *entries = mu_zalloc(f->nr * sizeof(*entries));

	*nr = 0;
	for (size_t i = 1; i < f->nr; i++) {
		const struct mu_flame_node *node = &f->nodes[i];

		if (!node->is_hidden && node->object &&
		    !has_same_object(node, &f->nodes[node->parent]))
			add_entry(entries, nr, node);
	}
	qsort(entries, *nr, sizeof(*entries), compare_entries);
	return entries;
}

static void write_legend(FILE *out, const struct mu_flame *f, unsigned int top)
{
	const int width = (MU_FLAME_WIDTH - 2 * MU_FLAME_MARGIN) / LEGEND_ENTRIES;
	size_t nr;
	struct entry *entries = list_objects(f, &nr);

	for (size_t i = 0; i < nr && i < LEGEND_ENTRIES; i++) {
		fprintf(out,
			"<svg class=\"legend\" x=\"%d\" y=\"%u\" width=\"%d\" height=\"%d\"><title>",
			MU_FLAME_MARGIN + (int)i * width, top, width, LEGEND_HEIGHT);
		mu_markup_text(out, entries[i].object->path);
		fprintf(out,
			"</title><rect y=\"2\" width=\"14\" height=\"14\" fill=\"%s\"/>"
			"<text x=\"20\" y=\"13\">",
			colour_of(entries[i].object).text);
		mu_markup_cut(out, entries[i].object->name, (size_t)((width - 26) / COLUMN));
		fputs("</text></svg>\n", out);
	}
	free(entries);
}

static unsigned int levels_height(const struct mu_flame *flame)
{
	return (unsigned int)flame->nr_levels * ROW;
}

/**
 * mu_flame_height() - get the height of a flame graph
 * @flame: the layout
 *
 * Return: the height in pixels.
 */
unsigned int mu_flame_height(const struct mu_flame *flame)
{
	return levels_height(flame) + LEGEND_TOP + LEGEND_HEIGHT;
}

/**
 * mu_flame_draw() - write the elements of a flame graph
 * @out: the stream; a picture with MU_FLAME_WIDTH
 * @flame: the layout
 * @top: where it begins in the picture
 */
void mu_flame_draw(FILE *out, const struct mu_flame *flame, unsigned int top)
{
	fprintf(out, "<g id=\"frames\" data-left=\"%d\" data-width=\"%d\">\n", MU_FLAME_MARGIN,
		MU_FLAME_WIDTH - 2 * MU_FLAME_MARGIN);
	for (size_t i = 0; i < flame->nr; i++)
		if (!flame->nodes[i].is_hidden)
			write_frame(out, flame, i, top);
	fputs("</g>\n", out);
	write_legend(out, flame, top + levels_height(flame) + LEGEND_TOP);
}
