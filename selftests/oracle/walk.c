// SPDX-License-Identifier: GPL-2.0-only
/*
 * walk: walks the stack of a stopped thread in the same way as module/unwind.c: by the rule of the
 * code or, if it has no rule, by the context that a signal saved or by the frame pointer. Rules are
 * not cached.
 */
#include "walk.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "object.h"

#define MAX_MAPPINGS 1024

struct mapping {
	u64 start, end, offset;
	struct object object;
	bool has_rules, is_vdso, is_trampoline;
	u8 *image; /* copy of the vdso */
};

struct process {
	pid_t pid;
	char *maps; /* text of /proc/PID/maps */
	u64 stack_end;
	unsigned int nr;
	struct mapping mapping[MAX_MAPPINGS];
};

/* The process whose memory mlu_memory_read() reads. */
static pid_t reading;

/**
 * mlu_memory_read() - read a word of the process; see frame.h
 * @memory: unused
 * @addr: address of the word
 * @word: is set to the word
 *
 * Return: false if the word cannot be read
 */
bool mlu_memory_read(const struct mlu_memory *memory, u64 addr, u64 *word)
{
	struct iovec local = { word, sizeof(*word) };
	struct iovec remote = { (void *)(uintptr_t)addr, sizeof(*word) };

	(void)memory;
	return process_vm_readv(reading, &local, 1, &remote, 1, 0) == sizeof(*word);
}

static char *read_maps(pid_t pid)
{
	char path[64], *text = NULL;
	size_t size = 0;
	FILE *file;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "r");
	n = file ? getdelim(&text, &size, 0, file) : -1;
	if (file)
		fclose(file);
	if (n < 0) {
		free(text);
		return NULL;
	}
	return text;
}

static void add_vdso(struct mapping *m, pid_t pid)
{
	size_t size = m->end - m->start;
	struct iovec local, remote = { (void *)(uintptr_t)m->start, size };

	m->image = malloc(size);
	local = (struct iovec){ m->image, size };
	m->offset = 0;
	m->is_vdso = true;
	if (process_vm_readv(pid, &local, 1, &remote, 1, 0) == (ssize_t)size)
		m->has_rules = object_of_memory(&m->object, m->image, size);
}

static void add_mapping(struct process *p, const char *line)
{
	struct mapping *m = &p->mapping[p->nr];
	char perms[8], path[1024] = "", file[64];

	memset(m, 0, sizeof(*m));
	if (sscanf(line, "%llx-%llx %7s %llx %*s %*s %1023[^\n]", &m->start, &m->end, perms,
		   &m->offset, path) < 4 ||
	    perms[2] != 'x' || p->nr == MAX_MAPPINGS)
		return;
	m->is_trampoline = !strcmp(path, "[uprobes]");
	if (!strcmp(path, "[vdso]")) {
		add_vdso(m, p->pid);
	} else if (*path == '/') {
		snprintf(file, sizeof(file), "/proc/%d/map_files/%llx-%llx", p->pid, m->start,
			 m->end);
		m->has_rules = object_open(&m->object, file);
	}
	p->nr++;
}

/**
 * process_new() - read the executable mappings of a process
 * @pid: the process
 *
 * Return: the mappings and their objects
 */
struct process *process_new(pid_t pid)
{
	struct process *p = calloc(1, sizeof(*p));
	char *line;

	p->pid = pid;
	p->maps = read_maps(pid);
	for (line = p->maps; line && *line; line = strchr(line, '\n') + 1)
		add_mapping(p, line);
	return p;
}

/**
 * process_is_current() - compare the mappings with those that the process has now
 * @p: the process
 *
 * Return: true if they have not changed
 */
bool process_is_current(struct process *p)
{
	char *maps = read_maps(p->pid);
	bool is_same = maps && p->maps && !strcmp(maps, p->maps);

	free(maps);
	return is_same;
}

/**
 * process_free() - free a process's mappings and objects
 * @p: the process
 */
void process_free(struct process *p)
{
	unsigned int i;

	for (i = 0; i < p->nr; i++) {
		struct mapping *m = &p->mapping[i];

		if (m->has_rules && m->is_vdso)
			free(m->object.table);
		else if (m->has_rules)
			object_close(&m->object);
		free(m->image);
	}
	free(p->maps);
	free(p);
}

static struct mapping *mapping_of(struct process *p, u64 pc)
{
	unsigned int i;

	for (i = 0; i < p->nr; i++)
		if (pc >= p->mapping[i].start && pc < p->mapping[i].end)
			return &p->mapping[i];
	return NULL;
}

/**
 * process_any_thread() - choose a thread at random
 * @pid: the process
 *
 * Return: its thread ID
 */
pid_t process_any_thread(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	pid_t chosen = pid;
	int seen = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (*entry->d_name != '.' && rand() % ++seen == 0)
			chosen = atoi(entry->d_name);
	if (dir)
		closedir(dir);
	return chosen;
}

/**
 * process_has_code() - check an address
 * @p: the process
 * @pc: the address
 *
 * Return: true if @pc is in an executable mapping
 */
bool process_has_code(struct process *p, u64 pc)
{
	return mapping_of(p, pc);
}

/**
 * process_is_trampoline() - check whether an address is the return trampoline of uprobes
 * @p: the process
 * @pc: the address
 *
 * Return: true if it is in the mapping [uprobes]
 */
bool process_is_trampoline(struct process *p, u64 pc)
{
	struct mapping *m = mapping_of(p, pc);

	return m && m->is_trampoline;
}

/* The end of the mapping that the stack pointer is in. */
static u64 stack_limit(struct process *p, u64 sp)
{
	u64 start, end;
	char *line;

	for (line = p->maps; line && *line; line = strchr(line, '\n') + 1)
		if (sscanf(line, "%llx-%llx", &start, &end) == 2 && sp >= start && sp < end)
			return end;
	return 0;
}

static enum mlu_frame_result step_without_rule(struct process *p, struct mlu_registers *regs)
{
	static const struct mlu_memory memory;

	if (mlu_frame_is_sigreturn(&memory, regs->pc))
		return mlu_frame_by_signal(&memory, regs);
	return mlu_frame_by_pointer(&memory, stack_limit(p, regs->value[MLU_CFI_RSP]), regs);
}

static bool vaddr_of(const struct mapping *m, u64 pc, u64 *vaddr)
{
	u64 offset = pc - m->start + m->offset;

	*vaddr = offset;
	return m->is_vdso ||
	       mlu_elf_vaddr(m->object.elf.load, m->object.elf.nr_loads, offset, true, vaddr);
}

static enum mlu_frame_result step_frame(struct process *p, struct mlu_registers *regs,
					const char **end)
{
	static const struct mlu_memory memory;
	static struct mlu_cfi_scratch scratch;
	struct mapping *m = mapping_of(p, mlu_frame_lookup(regs));
	enum mlu_cfi_refusal refusal;
	struct mlu_cfi_rule rule;
	u64 vaddr;

	if (!m->has_rules || !vaddr_of(m, mlu_frame_lookup(regs), &vaddr))
		return step_without_rule(p, regs);
	refusal = mlu_cfi_rule(&m->object.cfi, vaddr, &scratch, &rule);
	if (mlu_frame_is_made_by_hand(regs, &rule) && !mlu_frame_is_sigreturn(&memory, regs->pc))
		return MLU_FRAME_END;
	if (refusal == MLU_CFI_NO_ENTRY)
		return step_without_rule(p, regs);
	if (refusal) {
		*end = mlu_cfi_refusal_names[refusal];
		return MLU_FRAME_EXPRESSION;
	}
	return mlu_frame_by_rule(&m->object.cfi, &rule, &memory, regs);
}

static void take_registers(struct mlu_registers *regs, const struct user_regs_struct *from)
{
	const u64 values[MLU_CFI_NR_REGS] = {
		from->rax, from->rdx, from->rcx, from->rbx, from->rsi, from->rdi,
		from->rbp, from->rsp, from->r8,	 from->r9,  from->r10, from->r11,
		from->r12, from->r13, from->r14, from->r15,
	};

	memset(regs, 0, sizeof(*regs));
	memcpy(regs->value, values, sizeof(values));
	regs->known = 0xffff;
	regs->pc = from->rip;
	regs->interrupted = true;
}

/**
 * walk() - walk the stack of a stopped thread
 * @p: its process
 * @from: its registers
 * @frames: is set to its frames
 */
void walk(struct process *p, const struct user_regs_struct *from, struct frames *frames)
{
	static const char *const ends[] = {
		[MLU_FRAME_OK] = "depth",	   [MLU_FRAME_END] = "end",
		[MLU_FRAME_FAULT] = "fault",	   [MLU_FRAME_REGISTER] = "register",
		[MLU_FRAME_EXPRESSION] = "rule",   [MLU_FRAME_POINTER] = "frame pointer",
		[MLU_FRAME_STUCK] = "no progress",
	};
	enum mlu_frame_result result = MLU_FRAME_OK;
	struct mlu_registers regs;

	reading = p->pid;
	take_registers(&regs, from);
	frames->nr = 0;
	frames->end = NULL;
	while (result == MLU_FRAME_OK && frames->nr < MAX_FRAMES) {
		if (!mapping_of(p, mlu_frame_lookup(&regs))) {
			frames->end = "no code";
			return;
		}
		frames->pc[frames->nr++] = regs.pc;
		result = step_frame(p, &regs, &frames->end);
	}
	if (!frames->end)
		frames->end = ends[result];
}
