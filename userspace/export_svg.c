// SPDX-License-Identifier: GPL-2.0-only
/*
 * The format svg: a flame graph as a picture, with a script for browsers.
 *
 * Depends on export_flame.c, export_flame_draw.c, export_notes.c and flame.js.
 */
#include "export.h"

#include <stdlib.h>

#include "export_flame.h"
#include "export_flame_draw.h"
#include "export_markup.h"
#include "export_notes.h"
#include "export_page.h"

#define HEADING_BASE 26
#define SUMMARY_BASE 46
#define CONTROLS_TOP 54
#define CONTROLS_HEIGHT 30
#define FRAMES_TOP 90
#define NOTE_HEIGHT 18
#define BOTTOM 10
#define INNER_WIDTH (MU_FLAME_WIDTH - 2 * MU_FLAME_MARGIN)

/* Write a line that ends at the margin; all of it is shown beside the mouse. Frees the text. */
static void write_line(FILE *out, const char *class, unsigned int base, char *text)
{
	fprintf(out, "<svg x=\"%d\" y=\"%u\" width=\"%d\" height=\"24\"><title>", MU_FLAME_MARGIN,
		base - 18, INNER_WIDTH);
	mu_markup_text(out, text);
	fprintf(out, "</title><text class=\"%s\" y=\"18\">", class);
	mu_markup_text(out, text);
	fputs("</text></svg>\n", out);
	free(text);
}

static void write_head(FILE *out, const struct mu_profile *p, const struct mu_flame *flame)
{
	const struct mu_flame_node *all = &flame->nodes[0];
	const struct mu_amount sum = { all->value[MU_MEASURE_BYTES],
				       all->value[MU_MEASURE_BLOCKS] };

	fprintf(out, "<style><![CDATA[\n%s]]></style>\n", mu_flame_css);
	fputs("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n", out);
	write_line(out, "heading", HEADING_BASE, mu_notes_heading(p));
	write_line(out, "summary", SUMMARY_BASE, mu_notes_summary(p, sum));
	fprintf(out,
		"<text id=\"hint\" class=\"note\" x=\"%d\" y=\"%d\">Width: bytes. Colour: object. "
		"From top to bottom: callers and the functions that they call.</text>\n",
		MU_FLAME_MARGIN, CONTROLS_TOP + 20);
	fprintf(out,
		"<foreignObject id=\"controls\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n",
		MU_FLAME_MARGIN, CONTROLS_TOP, INNER_WIDTH, CONTROLS_HEIGHT);
}

static void write_notes(FILE *out, struct mu_notes *notes, unsigned int top)
{
	for (size_t i = 0; i < notes->nr; i++) {
		write_line(out, "note", top + (unsigned int)(i + 1) * NOTE_HEIGHT, notes->text[i]);
		notes->text[i] = NULL;
	}
}

/**
 * mu_export_svg() - write a profile as a picture
 * @profile: the profile
 * @out: the stream
 *
 * Return: 0.
 */
int mu_export_svg(const struct mu_profile *profile, FILE *out)
{
	struct mu_flame *flame = mu_flame_new(profile);
	struct mu_notes notes = mu_notes_of(profile);
	unsigned int notes_top = FRAMES_TOP + mu_flame_height(flame);
	unsigned int height = notes_top + (unsigned int)notes.nr * NOTE_HEIGHT + BOTTOM;

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"graph\" width=\"%d\" height=\"%u\" "
		"viewBox=\"0 0 %d %u\">\n",
		MU_FLAME_WIDTH, height, MU_FLAME_WIDTH, height);
	write_head(out, profile, flame);
	mu_flame_draw(out, flame, FRAMES_TOP);
	write_notes(out, &notes, notes_top);
	fprintf(out, "<script><![CDATA[\n%s]]></script>\n</svg>\n", mu_flame_js);
	mu_notes_free(&notes);
	mu_flame_free(flame);
	return 0;
}
