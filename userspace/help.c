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
	      "  memleak-user leaks {-p PID[,PID]... | -c COMMAND} [OPTION]... [INTERVAL\n"
	      "               [COUNT]]\n"
	      "  memleak-user symbolize [OPTION]... [FILE]\n"
	      "  memleak-user top [-g] [-T NUMBER] [INTERVAL [COUNT]]\n"
	      "\n"
	      "Show the outstanding memory allocations of processes, grouped by stack.\n"
	      "Print a table every INTERVAL (default: 5s), COUNT times or until Ctrl-C, with\n"
	      "the largest stack last. leaks stops the processes twice after INTERVAL, for a\n"
	      "moment, and shows the blocks that nothing refers to. symbolize prints a saved\n"
	      "report with symbol names. top shows which processes grow; it needs neither the\n"
	      "module nor root.\n"
	      "\n"
	      "What to trace:\n"
	      "  -p, --pid PID[,PID]... trace these processes; may be repeated\n"
	      "  -c, --command COMMAND  start this command, and trace it and each program that\n"
	      "                         it executes (exec) from the entry point on\n"
	      "  -O, --obj OBJECT       trace only the allocator in this mapped object\n"
	      "  -z, --min-size SIZE    record only blocks of at least SIZE\n"
	      "  -Z, --max-size SIZE    record only blocks of at most SIZE\n"
	      "  -s, --sample-rate N    record one of N calls (default: each); the table has\n"
	      "                         estimates then\n"
	      "      --sample SIZE      record about one block in SIZE bytes; large ones always\n"
	      "      --depth FRAMES     record at most FRAMES frames of a stack (1 to 128)\n"
	      "Output:\n"
	      "  -a, --show-allocs      show address, size and stack of each allocation\n"
	      "  -l, --lines            show source lines and inlined functions\n"
	      "  -o, --older TIME       omit allocations younger than TIME (default: 500ms)\n"
	      "  -T, --top NUMBER       show NUMBER stacks (default: 10; symbolize: all)\n"
	      "      --combined-only    show totals only: of any age, without addresses\n"
	      "      --sort KEY         sort stacks by size (default) or count\n"
	      "Output of top:\n"
	      "  -g, --by-cgroup        show cgroups, for processes that live shortly\n"
	      "  -T, --top NUMBER       show NUMBER rows (default: as many as fit)\n"
	      "Leaks:\n"
	      "      --max-stop MS      stop a process for at most MS ms at once (default: 200)\n"
	      "      --exact            search everything while the process is stopped\n"
	      "      --why ADDRESS      show what refers to the block at ADDRESS\n"
	      "Files:\n"
	      "      --module FILE      load the module from FILE unless it is loaded\n"
	      "      --debug-path DIR   search debug files also in DIR; may be repeated\n"
	      "      --sysroot DIR      symbolize: search the files of the report below DIR\n"
	      "\n"
	      "  -h, --help             print this help and exit\n"
	      "      --version          print the version and exit\n"
	      "\n"
	      "SIZE is in bytes, or has a suffix k, m or g. INTERVAL is in seconds and TIME in\n"
	      "milliseconds, unless they have a suffix ms, s or m (minutes).\n"
	      "\n"
	      "Exit status: 0 everything was shown, 1 shown with errors, 2 nothing could be\n"
	      "shown, 64 usage error, 126 COMMAND cannot be executed, 127 COMMAND not found.\n",
	      stdout);
}
