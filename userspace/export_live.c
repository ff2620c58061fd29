// SPDX-License-Identifier: GPL-2.0-only
/*
 * memleak-user export of live processes, which trace.c traces.
 *
 * Each process is a target of the profile. One symbolizer serves all of them. Depends on parts.c,
 * profile.c and export.c.
 */
#include "export_live.h"

#include <inttypes.h>
#include <time.h>

#include "export.h"
#include "msg.h"
#include "parts.h"

#define NS_PER_SECOND 1000000000ULL

/* The values of a process that has ended would be taken for those of now. */
static bool is_exported(const struct mu_options *o, const struct mu_parts *parts,
			const struct mu_part *part)
{
	return mu_parts_is_shown(parts, part) && (part->is_live || !o->is_textfile);
}

static struct mu_profile *make_profile(const struct mu_parts *parts, const struct mu_options *o,
				       struct mu_symbolizer *sym)
{
	struct mu_profile *profile;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	profile = mu_profile_new(now.tv_sec * NS_PER_SECOND + now.tv_nsec);
	for (size_t i = 0; i < parts->nr; i++) {
		const struct mu_part *part = &parts->part[i];
		struct mu_history none = {};

		if (!is_exported(o, parts, part))
			continue;
		mu_export_prepare(o, part->target, sym,
				  part->session ? &part->session->history : &none);
		mu_profile_add(profile, part->target, sym);
		mu_history_free(&none);
	}
	return profile;
}

/* What belongs to no target is in no format: say it when it has increased. */
static void warn_of_missing(struct mu_target_groups *groups)
{
	if (groups->untraced + groups->lost <= groups->warned)
		return;
	groups->warned = groups->untraced + groups->lost;
	if (groups->untraced)
		mu_warn("%" PRIu64
			" processes are missing, they are not traced (max_targets of the module, or no memory)",
			groups->untraced);
	if (groups->lost)
		mu_warn("%" PRIu64 " first events of new processes are missing", groups->lost);
}

/**
 * mu_export_live() - export the processes as they are now
 * @all: the sessions; those of ended processes are over then
 * @sym: symbolizer of all processes
 * @is_frozen: the processes have been frozen, by --freeze
 * @output: where it is written
 *
 * Return: true if it was written; if not, a message has been printed.
 */
bool mu_export_live(struct mu_sessions *all, struct mu_symbolizer *sym, bool is_frozen,
		    struct mu_output *output)
{
	struct mu_profile *profile;
	struct mu_parts parts;
	bool written;

	mu_parts_read(&parts, all, sym);
	if (is_frozen)
		mu_parts_leave_out_unfrozen(&parts);
	profile = make_profile(&parts, all->o, sym);
	warn_of_missing(&all->groups);
	written = (parts.nr || all->o->all) && mu_export_write(all->o->format, profile, output);
	mu_profile_free(profile);
	mu_parts_end_sessions(&parts, all, sym);
	mu_parts_free(&parts);
	return written;
}
