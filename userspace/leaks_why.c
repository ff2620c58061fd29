// SPDX-License-Identifier: GPL-2.0-only
/*
 * Why a block is reachable: the chain of references to it, from what is not a recorded block.
 *
 * Depends on the search for the chain, on process.c for the mappings and on text.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "leaks_show.h"
#include "mem.h"
#include "msg.h"
#include "text.h"

#define MAX_CHAIN 64

static const char *verdict_text(enum mu_verdict verdict)
{
	switch (verdict) {
	case MU_DEFINITE:
		return "definitely lost";
	case MU_INDIRECT:
		return "indirectly lost";
	case MU_POSSIBLE:
		return "possibly lost";
	case MU_REACHABLE:
		return "still reachable";
	default:
		return "not judged: it was freed meanwhile";
	}
}

/* Return: the name of the mapping of an address, safe to print, to be freed. */
static char *name_of_mapping(const struct mu_process *process, uint64_t address)
{
	FILE *maps = mu_process_maps(process);
	uint64_t start, end;
	char *line = NULL;
	char *name = NULL;
	size_t size = 0;
	int at;

	while (maps && !name && getline(&line, &size, maps) > 0) {
		line[strcspn(line, "\n")] = '\0';
		at = 0;
		if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %n", &start, &end, &at) >= 2 &&
		    address >= start && address < end)
			name = mu_escape(at && line[at] ? line + at : "[anon]");
	}
	free(line);
	if (maps)
		fclose(maps);
	return name ? name : mu_format("[unknown]");
}

static void print_block(const struct mu_leaks *l, uint32_t block)
{
	const struct mu_block *b = &l->blocks->at[block];

	printf("block 0x%016" PRIx64 " of %" PRIu64 " bytes from stack %" PRIu32, b->address,
	       b->size, b->stack);
}

static void print_source(const struct mu_leaks *l, uint32_t source)
{
	uint32_t number = source & ~MU_SOURCE_KIND;

	switch (source & MU_SOURCE_KIND) {
	case MU_SOURCE_REGISTER:
		printf("a register of thread %" PRIu32, number);
		break;
	case MU_SOURCE_SIGNAL:
		printf("a pending signal of thread %" PRIu32, number);
		break;
	case MU_SOURCE_EPOLL:
		printf("the data of epoll, descriptor %" PRIu32, number);
		break;
	default:
		printf("a timer of pid %d", l->pid);
	}
}

/* Print the reference to a block. Return: the block that has it, or MU_NO_BLOCK at the end. */
static uint32_t print_reference(const struct mu_leaks *l, const struct mu_process *process,
				uint32_t block)
{
	const struct mu_parent *parent = &l->search->parent[block];
	uint32_t owner = MU_NO_BLOCK;

	fputs("\tfrom ", stdout);
	if (!parent->is_memory) {
		print_source(l, parent->source);
	} else {
		owner = mu_search_owner(l->search, parent->address);
		printf("0x%016" PRIx64 ", ", parent->address);
		if (owner != MU_NO_BLOCK) {
			print_block(l, owner);
			printf(" at offset %" PRIu64,
			       parent->address - l->blocks->at[owner].address);
		} else {
			char *name = name_of_mapping(process, parent->address);

			fputs(name, stdout);
			free(name);
		}
	}
	putchar('\n');
	return owner;
}

static void print_chain(const struct mu_leaks *l, const struct mu_process *process, uint32_t block)
{
	for (size_t i = 0; i < MAX_CHAIN && block != MU_NO_BLOCK; i++)
		block = print_reference(l, process, block);
	if (block != MU_NO_BLOCK)
		puts("\tand so on");
}

static void print_leader(const struct mu_leaks *l, uint32_t block)
{
	fputs("\tfrom ", stdout);
	print_block(l, l->search->leader[block]);
	puts(", which is definitely lost");
}

/**
 * mu_leaks_show_why() - print the verdict of a block and the chain of references to it
 * @l: the search, after both stops
 * @process: the process
 * @address: an address in the block
 *
 * Return: false, with a message, if it is not in a recorded block.
 */
bool mu_leaks_show_why(const struct mu_leaks *l, const struct mu_process *process, uint64_t address)
{
	uint32_t block = mu_index_find(&l->search->index, address);

	if (block == MU_NO_BLOCK) {
		mu_warn("--why: 0x%" PRIx64 " is not in a recorded block of pid %d", address,
			l->pid);
		return false;
	}
	print_block(l, block);
	printf(" is %s:\n", mu_leaks_is_undecided(l, block) ?
				    "not decided" :
				    verdict_text(l->search->verdict[block]));
	if (l->search->verdict[block] >= MU_POSSIBLE)
		print_chain(l, process, block);
	else if (l->search->verdict[block] == MU_INDIRECT)
		print_leader(l, block);
	return true;
}
