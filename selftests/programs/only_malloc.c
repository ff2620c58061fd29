// SPDX-License-Identifier: GPL-2.0-only
/*
 * only_malloc: a library that defines malloc and not free: its malloc calls that of the next
 * library. It needs no other library, as a static program does.
 *
 * Used by allocators.
 */
#define RTLD_NEXT ((void *)-1l)

void *dlsym(void *handle, const char *name);
void *malloc(unsigned long size);

static void *(*next)(unsigned long size);

/* Before the first step, as dlsym allocates. */
__attribute__((constructor)) static void look_up(void)
{
	next = (void *(*)(unsigned long))dlsym(RTLD_NEXT, "malloc");
}

void *malloc(unsigned long size)
{
	void *p;

	if (!next)
		look_up();
	p = next(size);
	/* No tail call: the frame of this function is the caller of the next malloc. */
	__asm__ volatile("" ::: "memory");
	return p;
}
