// SPDX-License-Identifier: GPL-2.0-only
/*
 * memleak-user export of a saved report.
 *
 * Depends on saved_report.c, profile.c and export.c.
 */
#include "export_saved.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "export.h"
#include "msg.h"
#include "report.h"
#include "saved_report.h"

#define NS_PER_SECOND 1000000000ULL

static uint64_t to_ns(struct timespec time)
{
	return time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}

/* A saved report is as old as its file. The module's file has no size, and is new, as a pipe. */
static uint64_t time_of_report(const char *file)
{
	struct timespec now;
	struct stat st;

	if (!(file ? stat(file, &st) : fstat(fileno(stdin), &st)) && S_ISREG(st.st_mode) &&
	    st.st_size)
		return to_ns(st.st_mtim);
	clock_gettime(CLOCK_REALTIME, &now);
	return to_ns(now);
}

static struct mu_profile *make_profile(const struct mu_options *o, struct mu_report *report,
				       uint64_t time_ns, struct mu_symbolizer *sym)
{
	struct mu_profile *profile = mu_profile_new(time_ns);

	for (size_t i = 0; i < report->nr_targets; i++) {
		struct mu_history none = {};

		mu_export_prepare(o, &report->targets[i], sym, &none);
		mu_profile_add(profile, &report->targets[i], sym);
		mu_history_free(&none);
	}
	return profile;
}

static int export_report(const struct mu_options *o, struct mu_report *report, uint64_t time_ns)
{
	struct mu_symbolizer *sym = mu_saved_report_symbolizer(o);
	struct mu_profile *profile = make_profile(o, report, time_ns, sym);
	struct mu_output output = { .path = o->output };
	size_t errors = report->errors + mu_symbolizer_errors(sym);
	bool written = mu_export_write(o->format, profile, &output);

	mu_profile_free(profile);
	mu_symbolizer_free(sym);
	if (!written)
		return MU_NOTHING;
	return errors ? MU_PARTLY : MU_SHOWN;
}

/**
 * mu_export_saved() - export a saved report
 * @o: the options
 *
 * Nothing is written if no target could be read.
 *
 * Return: the exit status.
 */
int mu_export_saved(const struct mu_options *o)
{
	struct mu_report *report;
	uint64_t time_ns;
	int status = MU_NOTHING;

	if (!mu_saved_report_check_options(o))
		return status;
	time_ns = time_of_report(o->file);
	report = mu_saved_report_read(o->file);
	if (report && (report->nr_targets || !report->errors))
		status = export_report(o, report, time_ns);
	mu_report_free(report);
	return status;
}
