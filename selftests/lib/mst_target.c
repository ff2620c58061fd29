// SPDX-License-Identifier: GPL-2.0-only
/* Attaching to a process and looking into it, for several tests. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mst.h"
#include "mst_target.h"

/**
 * mst_attach() - attach to a process, end the test with the refusal if that fails
 * @pid: the process
 *
 * Return: the id of the new target
 */
int mst_attach(pid_t pid)
{
	if (mst_command("attach %d", pid))
		mst_die("attach %d: %s", pid, mst_refusal);
	return mst_id(pid);
}

/**
 * mst_wait_id() - wait until a process is a target
 * @pid: the process
 *
 * Return: the id of its target, 0 if it has not become one
 */
int mst_wait_id(pid_t pid)
{
	int id;

	return MST_WAIT_UNTIL((id = mst_id(pid))) ? id : 0;
}

/**
 * mst_counts_are() - compare the counters of a target, and say what they are if they differ
 * @id: the target
 * @wanted: the line "events" of its report, which omits counters that are 0
 *
 * Return: true if they are equal
 */
bool mst_counts_are(int id, const char *wanted)
{
	char *report = mst_text("targets/%d/report", id), *events = strstr(report, "\nevents ");
	bool good;

	if (!events)
		mst_die("no line \"events\" in the report: %s", report);
	events += strlen("\nevents ");
	events[strcspn(events, "\n")] = 0;
	good = !strcmp(events, wanted);
	if (!good)
		mst_say("expected counters \"%s\", got \"%s\"", wanted, events);
	free(report);
	return good;
}

/**
 * mst_ends_well() - run a program to its end, report a bad exit status
 * @program: the program
 *
 * Return: true if it has exited with 0
 */
bool mst_ends_well(struct mst_program *program)
{
	int status = mst_end(program);

	if (status)
		mst_say("the program should exit with 0, its wait status is 0x%x", status);
	return !status;
}

/**
 * mst_rows_count() - count the blocks that allocations lists for a target
 * @id: the target
 *
 * Return: the number of rows
 */
size_t mst_rows_count(int id)
{
	struct mst_rows rows;
	size_t count;

	mst_rows(&rows, "targets/%d/allocations", id);
	count = rows.count;
	mst_rows_free(&rows);
	return count;
}

/**
 * mst_base_of() - find where an object is mapped in a process
 * @pid: the process
 * @object: the name of the object's file, without directories
 *
 * Return: the start of its lowest mapping, or 0 if it is not mapped
 */
unsigned long mst_base_of(pid_t pid, const char *object)
{
	unsigned long base = 0;
	char path[64], line[512], tail[256];
	FILE *maps;

	sprintf(path, "/proc/%d/maps", pid);
	snprintf(tail, sizeof(tail), "/%s\n", object);
	maps = fopen(path, "r");
	while (maps && !base && fgets(line, sizeof(line), maps))
		if (strstr(line, tail))
			base = strtoul(line, NULL, 16);
	if (maps)
		fclose(maps);
	return base;
}

/**
 * mst_byte_at() - read one byte of a process's memory
 * @pid: the process
 * @addr: the address
 *
 * Return: the byte, or -1 if it cannot be read
 */
int mst_byte_at(pid_t pid, unsigned long addr)
{
	unsigned char byte = 0;
	char path[64];
	int fd, n;

	sprintf(path, "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY);
	n = pread(fd, &byte, 1, addr);
	close(fd);
	return n == 1 ? byte : -1;
}

/**
 * mst_now_ms() - read the monotonic clock
 *
 * Return: the time in milliseconds
 */
long long mst_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}
