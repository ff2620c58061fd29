// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into a program: stops it before its main function, when its libraries are mapped, so
 * that it can be traced from there on. Its children are not stopped.
 */
#include <signal.h>
#include <stdlib.h>

__attribute__((constructor)) static void stop_before_main(void)
{
	unsetenv("LD_PRELOAD");
	raise(SIGSTOP);
}
