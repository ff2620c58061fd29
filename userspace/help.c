// SPDX-License-Identifier: GPL-2.0-only
/* The text of --help, at most 80 columns wide. */
#include <stdio.h>

#include "options.h"

/**
 * mu_help() - print the help text
 */
void mu_help(void)
{
	fputs("Usage:\n"
	      "  memleak-user {-p PID[,PID]... | -c COMMAND} [OPTION]... [INTERVAL [COUNT]]\n"
	      "  memleak-user symbolize [OPTION]... [FILE]\n"
	      "\n"
	      "Shows the outstanding allocations of processes, by the stack that made them.\n"
	      "One table each INTERVAL (5s), COUNT times or until Ctrl-C, the biggest stack\n"
	      "last. symbolize gives names to a report saved from the kernel's file.\n"
	      "\n"
	      "What to trace:\n"
	      "  -p, --pid PID[,PID]... these processes; may be repeated\n"
	      "  -c, --command COMMAND  start this command and trace it from its entry point\n"
	      "                         on, and what it executes in its place\n"
	      "  -O, --obj OBJECT       only the allocator in this mapped object\n"
	      "  -z, --min-size SIZE    only blocks of at least SIZE\n"
	      "  -Z, --max-size SIZE    only blocks of at most SIZE\n"
	      "      --depth FRAMES     record at most so many frames of a stack (1 to 128)\n"
	      "What to show:\n"
	      "  -a, --show-allocs      each allocation: its address, size and stack\n"
	      "  -l, --lines            files, lines, inlined functions, from debug information\n"
	      "  -o, --older TIME       leave out what is younger than TIME (500ms)\n"
	      "  -T, --top NUMBER       so many stacks (10; symbolize: all)\n"
	      "      --combined-only    totals only: of any age, without addresses\n"
	      "      --sort KEY         order stacks by size (default) or count\n"
	      "Where to find things:\n"
	      "      --module FILE      load the module from FILE if it is not loaded\n"
	      "      --debug-path DIR   look for debug files in DIR, too; may be repeated\n"
	      "      --sysroot DIR      symbolize: look for the report's files below DIR\n"
	      "\n"
	      "  -h, --help             show this and end\n"
	      "      --version          show the version and end\n"
	      "\n"
	      "A SIZE is in bytes, or has k, m or g behind it. An INTERVAL is in seconds, the\n"
	      "TIME of -o in milliseconds, unless ms, s or m (minutes) stand behind it.\n"
	      "\n"
	      "Exit status: 0 all was shown, 1 shown with errors, 2 nothing could be shown,\n"
	      "64 wrong usage, 126 and 127 COMMAND cannot be run or is not found.\n",
	      stdout);
}
