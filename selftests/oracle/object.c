// SPDX-License-Identifier: GPL-2.0-only
/* object: an ELF file and its unwind data, read by the module's code, see object.h. */
#include "object.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_bytes(const struct mlu_elf_source *source, u64 off, void *buf, size_t len)
{
	const struct object *o = (const void *)((const char *)source -
						offsetof(struct object, source));

	memcpy(buf, o->bytes + off, len);
	return 0;
}

/* The module reads a copy of the section; here it is read in the mapped file. */
static bool read_unwind(struct object *o)
{
	struct mlu_cfi_entry *spare;
	u32 nr;

	if (mlu_elf_unwind(&o->elf, &o->unwind) || !o->unwind.size)
		return false;
	mlu_cfi_init(&o->cfi, o->bytes + o->unwind.offset, o->unwind.size, o->unwind.vaddr);
	nr = mlu_cfi_count(&o->cfi, UINT32_MAX);
	o->table = calloc(nr + 1, sizeof(*o->table));
	spare = calloc(nr + 1, sizeof(*spare));
	if (!o->table || !spare)
		abort();
	mlu_cfi_index(&o->cfi, o->table, spare, nr);
	free(spare);
	return true;
}

/**
 * object_of_memory() - open an ELF image in memory
 * @o: is initialized
 * @bytes: the image; owned by the caller
 * @size: its size
 *
 * Return: false if it is not a 64-bit x86 object or has no unwind data
 */
bool object_of_memory(struct object *o, const void *bytes, size_t size)
{
	memset(o, 0, sizeof(*o));
	o->bytes = (u8 *)bytes;
	o->source.read = read_bytes;
	o->source.size = size;
	return !mlu_elf_open(&o->elf, &o->source, o->scratch, sizeof(o->scratch)) && read_unwind(o);
}

/**
 * object_open() - map and open an ELF file
 * @o: is initialized
 * @path: the file
 *
 * Return: false if it is not a 64-bit x86 object or has no unwind data
 */
bool object_open(struct object *o, const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat stat;
	void *bytes;

	if (fd < 0 || fstat(fd, &stat) || !S_ISREG(stat.st_mode) || !stat.st_size) {
		close(fd);
		return false;
	}
	bytes = mmap(NULL, stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (bytes == MAP_FAILED)
		return false;
	if (object_of_memory(o, bytes, stat.st_size))
		return true;
	munmap(bytes, stat.st_size);
	return false;
}

/**
 * object_close() - unmap what object_open() has mapped, and free the index
 * @o: the object
 */
void object_close(struct object *o)
{
	munmap(o->bytes, o->source.size);
	free(o->table);
}

static int compare_starts(const void *a, const void *b)
{
	const struct mlu_cfi_entry *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/**
 * object_has_entry() - look up an FDE in the index
 * @o: the object
 * @start: address of its first byte of code
 *
 * Return: true if the index has an entry that starts at @start
 */
bool object_has_entry(const struct object *o, u64 start)
{
	struct mlu_cfi_entry key = { .start = start - o->cfi.base };

	return start - o->cfi.base <= UINT32_MAX &&
	       bsearch(&key, o->table, o->cfi.nr, sizeof(key), compare_starts);
}

/**
 * object_code() - get the bytes of code before an address
 * @o: the object
 * @addr: the address
 * @len: how many bytes
 *
 * Return: the bytes, or NULL if they are not in the file
 */
const u8 *object_code(const struct object *o, u64 addr, unsigned int len)
{
	u64 offset, left;

	if (addr < len || !mlu_elf_extent(&o->elf, addr - len, false, &offset, &left) ||
	    len > o->source.size - offset)
		return NULL;
	return o->bytes + offset;
}
