// SPDX-License-Identifier: GPL-2.0-only
/*
 * The format folded, of Brendan Gregg's flame graphs: a line for each stack,
 *
 *	COMM;OUTERMOST;...;INNERMOST BYTES
 *
 * A semicolon in a name is written as its octal digits, as in all text of profiles; a newline is
 * never in it. If the walk has ended before the outermost frame, the reason in brackets stands for
 * the frames that are not known. Depends on profile.c.
 */
#include "export.h"

#include <inttypes.h>
#include <string.h>

#define ESCAPED_SEMICOLON "\\073"

static void write_name(FILE *out, const char *name)
{
	for (; *name; name++)
		if (*name == ';')
			fputs(ESCAPED_SEMICOLON, out);
		else
			putc(*name, out);
}

static void write_location(FILE *out, const struct mu_profile_location *location)
{
	for (size_t i = location->nr_functions; i-- > 0;) {
		putc(';', out);
		write_name(out, location->functions[i].name);
	}
}

static void write_end(FILE *out, const char *reason)
{
	if (!reason)
		return;
	fputs(";[", out);
	write_name(out, reason);
	putc(']', out);
}

static void write_stack(const struct mu_profile *p, const struct mu_profile_stack *s, FILE *out)
{
	write_name(out, p->targets[s->target].comm);
	write_end(out, mu_profile_early_end(s));
	for (size_t i = s->stack->nr_frames; i-- > 0;)
		write_location(out, &p->locations[s->locations[i]]);
	fprintf(out, " %" PRIu64 "\n", s->stack->bytes);
}

/**
 * mu_export_folded() - write a profile as folded stacks
 * @profile: the profile
 * @out: the stream
 *
 * Return: 0.
 */
int mu_export_folded(const struct mu_profile *profile, FILE *out)
{
	for (size_t i = 0; i < profile->nr_stacks; i++)
		write_stack(profile, &profile->stacks[i], out);
	return 0;
}
