// SPDX-License-Identifier: GPL-2.0-only
/*
 * peer: stack walks by elfutils' libdwfl, see peer.h. Separate debug files are not used: both sides
 * use only the unwind data in the mapped files.
 */
#include "peer.h"

#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct peer {
	Dwfl *dwfl;
};

static int no_debuginfo(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base,
			const char *file, const char *link, GElf_Word crc, char **debuginfo)
{
	(void)module, (void)userdata, (void)name, (void)base, (void)file, (void)link, (void)crc;
	*debuginfo = NULL;
	return -1;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = no_debuginfo,
};

/**
 * peer_new() - let libdwfl read the mappings of a process
 * @pid: the process, whose threads are traced by us
 *
 * Return: the new peer
 */
struct peer *peer_new(pid_t pid)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	peer->dwfl = dwfl_begin(&callbacks);
	dwfl_report_begin(peer->dwfl);
	dwfl_linux_proc_report(peer->dwfl, pid);
	dwfl_report_end(peer->dwfl, NULL, NULL);
	dwfl_linux_proc_attach(peer->dwfl, pid, true);
	return peer;
}

/**
 * peer_free() - free a peer
 * @peer: the peer
 */
void peer_free(struct peer *peer)
{
	dwfl_end(peer->dwfl);
	free(peer);
}

/**
 * peer_follow() - read the mappings of a process again if they have changed
 * @pid: the process
 * @ours: mappings for our unwinder; points to NULL at first
 * @theirs: mappings for libdwfl; points to NULL at first
 */
void peer_follow(pid_t pid, struct process **ours, struct peer **theirs)
{
	if (*ours && process_is_current(*ours))
		return;
	if (*ours) {
		process_free(*ours);
		peer_free(*theirs);
	}
	*ours = process_new(pid);
	*theirs = peer_new(pid);
}

/* A search for an address of a mapped file. */
struct place {
	const char *object;
	u64 offset, found;
};

static int find_place(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr start,
		      void *arg)
{
	struct place *place = arg;
	const char *base = strrchr(name, '/');
	Dwarf_Addr bias;

	(void)userdata;
	(void)start;
	if (strcmp(base ? base + 1 : name, place->object) || !dwfl_module_getelf(module, &bias))
		return DWARF_CB_OK;
	place->found = bias + place->offset;
	return DWARF_CB_ABORT;
}

/**
 * peer_address() - convert an address of an ELF file to one of the process
 * @peer: the peer of the process
 * @object: name of the file, without its directory
 * @offset: address in the ELF file
 *
 * Return: the address in the process, or 0 if the file is not mapped
 */
u64 peer_address(struct peer *peer, const char *object, u64 offset)
{
	struct place place = { object, offset, 0 };

	dwfl_getmodules(peer->dwfl, find_place, &place, 0);
	return place.found;
}

static int add_frame(Dwfl_Frame *frame, void *arg)
{
	struct frames *frames = arg;
	Dwarf_Addr pc;

	if (frames->nr == MAX_FRAMES || !dwfl_frame_pc(frame, &pc, NULL))
		return DWARF_CB_ABORT;
	frames->pc[frames->nr++] = pc;
	return DWARF_CB_OK;
}

/**
 * peer_walk() - walk the stack of a thread
 * @peer: the peer of the process
 * @tid: the thread, stopped by us
 * @frames: is set to its frames
 */
void peer_walk(struct peer *peer, pid_t tid, struct frames *frames)
{
	frames->nr = 0;
	frames->end = "end";
	if (dwfl_getthread_frames(peer->dwfl, tid, add_frame, frames))
		frames->end = dwfl_errmsg(-1);
	if (!frames->end)
		frames->end = "depth";
}
