// SPDX-License-Identifier: GPL-2.0-only
/*
 * traced: compares the module's stacks of a running program with libdwfl's, at the same calls.
 *
 *	traced NAME PID SAMPLES SECONDS [END]
 *
 * Attaches the module to the program. Then, repeatedly, stops one of its threads at the module's
 * probe and again when that call has returned. There libdwfl walks its stack, which must equal the
 * stack that the module has recorded for the block. This is repeated until SAMPLES stacks have been
 * compared, for at least half a minute and at most SECONDS. Finally, each stack of the module's
 * report must end at the outermost frame: with the word END, by default "(end)".
 *
 * The last line is "NAME stacks S complete C compared N equal E": S stacks are in the report, and C
 * of them end with END; of N stacks compared, E are equal. Lines with "#" show the differences.
 * Exits 1 if no stack was compared or one differs.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../lib/mst.h"
#include "hit.h"
#include "peer.h"

#define CALL_MS 1000
#define RETURN_MS 20000
#define WALK_MS 5000
#define DEPTH 128
/* Without it, only one phase of a program that allocates often would be sampled. */
#define LEAST_SECONDS 30

struct program {
	const char *name, *end;
	pid_t pid;
	int id;
	unsigned long stacks, complete, compared, equal;
};

static struct process *ours;
static struct peer *theirs;

static bool makes_blocks(const char *function)
{
	return !strcmp(function, "malloc") || !strcmp(function, "calloc") ||
	       !strcmp(function, "realloc");
}

/* The address of a probe chosen at random, malloc's more often than others. */
static uint64_t choose_probe(const struct program *p)
{
	char line[16384], function[64], object[256], *at;
	uint64_t offset, chosen = 0;
	unsigned int seen = 0;

	if (!mst_line(p->id, line, sizeof(line)))
		mst_die("%s is not a target", p->name);
	for (at = strstr(line, ": "); at; at = strstr(at + 1, ", ")) {
		if (sscanf(at + 2, "%63s %255[^+]+0x%lx", function, object, &offset) != 3 ||
		    !makes_blocks(function))
			continue;
		seen++;
		if (!chosen || (strcmp(function, "malloc") ? rand() % seen == 0 : rand() % 4))
			chosen = peer_address(theirs, object, offset);
	}
	if (!chosen)
		mst_die("%s has no probe: %s", p->name, line);
	return chosen;
}

/* The frames of a stack in the report, or NULL if it is not in the report yet. */
static const char *find_stack(const char *report, unsigned int stack)
{
	char head[40];
	const char *at;

	snprintf(head, sizeof(head), " from stack %u (", stack);
	at = strstr(report, head);
	at = at ? strchr(at, '\n') : NULL;
	return at && at[1] == '\t' ? at + 1 : NULL;
}

static const char *parse_stack(const char *at, struct frames *frames)
{
	static char end[64];
	const char *stop, *note;

	frames->nr = 0;
	*end = 0;
	for (; *at == '\t' && frames->nr < MAX_FRAMES; at = stop + 1) {
		stop = strchr(at, '\n');
		frames->pc[frames->nr++] = strtoull(at + 1, NULL, 16);
		note = memrchr(at, '(', stop - at);
		snprintf(end, sizeof(end), "%.*s", note ? (int)(stop - note) : 0, note);
	}
	frames->end = end;
	return at;
}

/* The stack that the module has recorded for the block at @addr. */
static bool recorded_stack(const struct program *p, uint64_t addr, struct frames *frames)
{
	struct mst_rows rows;
	const char *at = NULL;
	unsigned int stack = 0;
	char *report;
	size_t i;

	mst_rows(&rows, "targets/%d/allocations", p->id);
	for (i = 0; i < rows.count; i++)
		if (rows.row[i].addr == addr)
			stack = rows.row[i].stack;
	mst_rows_free(&rows);
	report = mst_text("targets/%d/report", p->id);
	if (stack)
		at = find_stack(report, stack);
	if (at)
		parse_stack(at, frames);
	free(report);
	return at;
}

/* libdwfl returns the last return address without checking that it is code. */
static bool peer_stack(pid_t tid, struct frames *frames)
{
	peer_walk(theirs, tid, frames);
	while (frames->nr && !process_has_code(ours, frames->pc[frames->nr - 1]))
		frames->nr--;
	if (!frames->nr || process_is_trampoline(ours, frames->pc[frames->nr - 1]))
		return false;
	if (frames->nr > DEPTH)
		frames->nr = DEPTH;
	return true;
}

static bool is_equal(const struct frames *a, const struct frames *b)
{
	return a->nr == b->nr && !memcmp(a->pc, b->pc, a->nr * sizeof(a->pc[0]));
}

static void print_difference(const struct program *p, const struct frames *module,
			     const struct frames *peer)
{
	unsigned int i;

	printf("# difference: %s: the module's %u frames %s, libdwfl's %u (%s)\n", p->name,
	       module->nr, module->end, peer->nr, peer->end);
	for (i = 0; i < module->nr || i < peer->nr; i++)
		printf("#   %#lx %#lx\n", i < module->nr ? (long)module->pc[i] : 0,
		       i < peer->nr ? (long)peer->pc[i] : 0);
}

/*
 * The module may complete the stack later, when it has read the unwind data: wait for it. The
 * thread is stopped meanwhile.
 */
static void compare_stacks(struct program *p, uint64_t addr, const struct frames *peer)
{
	static struct frames module;
	unsigned int waited;

	for (waited = 0; waited < WALK_MS; waited += 100) {
		if (recorded_stack(p, addr, &module) && is_equal(&module, peer))
			break;
		usleep(100000);
	}
	p->compared++;
	if (waited < WALK_MS)
		p->equal++;
	else
		print_difference(p, &module, peer);
}

/*
 * A call made by another call of the allocator is not recorded; peer_stack() recognizes it by the
 * return probe of the outer call.
 */
static void sample_call(struct program *p)
{
	static struct frames peer;
	struct user_regs_struct regs;
	pid_t tid = process_any_thread(p->pid);

	peer_follow(p->pid, &ours, &theirs);
	if (!hit_call(tid, choose_probe(p), CALL_MS, &regs))
		return;
	peer_follow(p->pid, &ours, &theirs);
	if (hit_return(tid, RETURN_MS, &regs) && regs.rax && peer_stack(tid, &peer))
		compare_stacks(p, regs.rax, &peer);
	hit_done(tid);
}

static void check_report(struct program *p)
{
	static struct frames frames;
	char *report = mst_text("targets/%d/report", p->id);
	const char *at = report;

	while (at && (at = strstr(at, "\n\t0x"))) {
		at = parse_stack(at + 1, &frames) - 1;
		p->stacks++;
		if (!strcmp(frames.end, p->end))
			p->complete++;
		else
			printf("# %s: a stack ends %s: %#lx\n", p->name, frames.end,
			       (long)frames.pc[frames.nr - 1]);
	}
	free(report);
}

int main(int argc, char **argv)
{
	struct program p = { 0 };
	unsigned long samples;
	time_t least, end;

	if (argc != 5 && argc != 6)
		return 2;
	p.name = argv[1];
	p.end = argc == 6 ? argv[5] : "(end)";
	p.pid = atoi(argv[2]);
	samples = strtoul(argv[3], NULL, 10);
	least = time(NULL) + LEAST_SECONDS;
	end = time(NULL) + atoi(argv[4]);
	if (mst_command("attach %d depth=%d", p.pid, DEPTH))
		mst_die("%s: %s", p.name, mst_refusal);
	p.id = mst_id(p.pid);
	while ((p.compared < samples || time(NULL) < least) && time(NULL) < end && !kill(p.pid, 0))
		sample_call(&p);
	check_report(&p);
	mst_command("detach %d", p.pid);
	mst_command("clear %d", p.pid);
	printf("%s stacks %lu complete %lu compared %lu equal %lu\n", p.name, p.stacks, p.complete,
	       p.compared, p.equal);
	return !p.compared || p.equal != p.compared;
}
