// SPDX-License-Identifier: GPL-2.0-only
/* memleak-user: main(), which only selects what to do. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "diff.h"
#include "export_saved.h"
#include "msg.h"
#include "options.h"
#include "sum_reports.h"
#include "symbolize_report.h"
#include "top.h"
#include "trace.h"

static int run_mode(const struct mu_options *o)
{
	switch (o->mode) {
	case MU_HELP:
		mu_help();
		return MU_SHOWN;
	case MU_VERSION_ONLY:
		puts("memleak-user " MU_VERSION);
		return MU_SHOWN;
	case MU_SYMBOLIZE:
		return mu_symbolize_report(o);
	case MU_DIFF:
		return mu_diff(o);
	case MU_SUM:
		return mu_sum_reports(o);
	case MU_EXPORT:
		return mu_export_saved(o);
	case MU_TOP:
		return mu_top(o);
	default:
		return mu_trace(o);
	}
}

/* A full disk or a closed pipe is an error. */
static int check_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	mu_warn("the output could not be written");
	return status ? status : MU_PARTLY;
}

/* Object files are mapped: reading one that has been truncated meanwhile raises SIGBUS. */
static void on_bus_error(int signal)
{
	static const char text[] = "memleak-user: a file was truncated while it was read\n";

	(void)signal;
	_exit(write(STDERR_FILENO, text, sizeof(text) - 1) < 0 ? MU_NOTHING : MU_PARTLY);
}

int main(int argc, char **argv)
{
	struct mu_options options;
	int status = mu_options_read(&options, argc, argv);

	signal(SIGBUS, on_bus_error);
	if (!status)
		status = check_output(run_mode(&options));
	mu_options_free(&options);
	return status;
}
