// SPDX-License-Identifier: GPL-2.0-only
/*
 * The format html: a page with the flame graph and a table of the stacks.
 *
 * The page is XML, too, so that any parser can check it. It refers to nothing outside of it, and
 * forbids the browser to load anything. Depends on export_flame.c, export_flame_draw.c,
 * export_notes.c, export_html_table.c and flame.js.
 */
#include "export.h"

#include <stdlib.h>

#include "export_flame.h"
#include "export_flame_draw.h"
#include "export_html_table.h"
#include "export_markup.h"
#include "export_notes.h"
#include "export_page.h"

/* Scripts and styles are no markup in HTML, but are in XML. */
#define STYLE_BEGIN "<style>/*<![CDATA[*/\n"
#define STYLE_END "/*]]>*/</style>\n"
#define SCRIPT_BEGIN "<script>//<![CDATA[\n"
#define SCRIPT_END "//]]>\n</script>\n"

/* Frees the text. */
static void write_element(FILE *out, const char *name, char *text)
{
	fprintf(out, "<%s>", name);
	mu_markup_text(out, text);
	fprintf(out, "</%s>\n", name);
	free(text);
}

static void write_head(FILE *out, const struct mu_profile *p)
{
	fputs("<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
	      "<meta charset=\"UTF-8\"/>\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "script-src 'unsafe-inline'; style-src 'unsafe-inline'\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width\"/>\n",
	      out);
	write_element(out, "title", mu_notes_heading(p));
	fprintf(out, STYLE_BEGIN "%s%s" STYLE_END "</head>\n", mu_flame_css, mu_page_css);
}

static void write_notes(FILE *out, const struct mu_profile *p)
{
	struct mu_notes notes = mu_notes_of(p);

	if (notes.nr)
		fputs("<ul>\n", out);
	for (size_t i = 0; i < notes.nr; i++) {
		write_element(out, "li", notes.text[i]);
		notes.text[i] = NULL;
	}
	if (notes.nr)
		fputs("</ul>\n", out);
	mu_notes_free(&notes);
}

static void write_graph(FILE *out, const struct mu_flame *flame)
{
	unsigned int height = mu_flame_height(flame);

	fputs("<div id=\"controls\"></div>\n<p id=\"hint\">Width: bytes. Colour: object. From top to "
	      "bottom: callers and the functions that they call.</p>\n",
	      out);
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"graph\" viewBox=\"0 0 %d %u\">\n",
		MU_FLAME_WIDTH, height);
	mu_flame_draw(out, flame, 0);
	fputs("</svg>\n", out);
}

/**
 * mu_export_html() - write a profile as a page
 * @profile: the profile
 * @out: the stream
 *
 * Return: 0.
 */
int mu_export_html(const struct mu_profile *profile, FILE *out)
{
	struct mu_flame *flame = mu_flame_new(profile);
	const struct mu_flame_node *all = &flame->nodes[0];
	const struct mu_amount sum = { all->value[MU_MEASURE_BYTES],
				       all->value[MU_MEASURE_BLOCKS] };

	write_head(out, profile);
	fputs("<body>\n", out);
	write_element(out, "h1", mu_notes_heading(profile));
	write_element(out, "p", mu_notes_summary(profile, sum));
	write_notes(out, profile);
	write_graph(out, flame);
	mu_html_table(out, profile);
	fprintf(out, SCRIPT_BEGIN "%s" SCRIPT_END "</body>\n</html>\n", mu_flame_js);
	mu_flame_free(flame);
	return 0;
}
