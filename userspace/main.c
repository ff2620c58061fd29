// SPDX-License-Identifier: GPL-2.0-only
/* memleak-user: names for what memleak_user finds. This file only chooses what to do. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "msg.h"
#include "options.h"
#include "saved.h"
#include "trace.h"

static int run(const struct mlu_options *o)
{
	switch (o->mode) {
	case MLU_HELP:
		mlu_help();
		return MLU_SHOWN;
	case MLU_VERSION_ONLY:
		puts("memleak-user " MLU_VERSION);
		return MLU_SHOWN;
	case MLU_SYMBOLIZE:
		return mlu_saved(o);
	default:
		return mlu_trace(o);
	}
}

/* A full disk or a closed pipe must not pass for success. */
static int check_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	mlu_warn("the output could not be written");
	return status ? status : MLU_PARTLY;
}

/* Objects are read where they lie, and whoever owns one may cut it short meanwhile. */
static void on_bus_error(int signal)
{
	static const char text[] = "memleak-user: a file was cut short while it was read\n";

	(void)signal;
	_exit(write(STDERR_FILENO, text, sizeof(text) - 1) < 0 ? MLU_NOTHING : MLU_PARTLY);
}

int main(int argc, char **argv)
{
	struct mlu_options options;
	int status = mlu_options_read(&options, argc, argv);

	signal(SIGBUS, on_bus_error);
	if (!status)
		status = check_output(run(&options));
	mlu_options_free(&options);
	return status;
}
