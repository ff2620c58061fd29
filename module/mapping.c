// SPDX-License-Identifier: GPL-2.0-only
/*
 * One executable mapping: its type, file, path and name.
 *
 * A mapping holds its file until the path has been noted and the file queued for reading.
 *
 * Context: Mappings are created in handlers and in the worker, named in works and in the worker,
 * and shown by readers. See maps.c for their ownership.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "arch.h"
#include "compat.h"
#include "dso.h"
#include "mapping.h"
#include "mem.h"

#define UNKNOWN "[unknown]"

/* d_path() appends this to the path of a file that has been deleted. */
#define DELETED " (deleted)"

/**
 * mlu_mapping_new() - allocate a mapping
 * @vma: what is mapped
 * @gfp: as for kmalloc()
 *
 * Context: Under mmap_lock. Does not sleep unless @gfp allows it.
 * Return: the mapping, with a reference on its file, or NULL.
 */
struct mlu_mapping *mlu_mapping_new(const struct vm_area_struct *vma, gfp_t gfp)
{
	struct mlu_mapping *m = mlu_mem_zalloc(MLU_MEM_MAPPINGS, sizeof(*m), gfp);

	if (!m)
		return NULL;
	if (vma->vm_file)
		m->type = MLU_MAPPING_FILE;
	else if (vma->vm_start == mlu_arch_vdso_start(vma->vm_mm))
		m->type = MLU_MAPPING_VDSO;
	else
		m->type = MLU_MAPPING_ANON;
	m->start = vma->vm_start;
	m->end = vma->vm_end;
	m->gone_at = U32_MAX;
	INIT_LIST_HEAD(&m->pending_node);
	/* The vdso is an ELF image of its own, which begins where it is mapped. */
	m->offset = vma->vm_file ? (u64)vma->vm_pgoff << PAGE_SHIFT : 0;
	m->program = vma->vm_mm->start_code - vma->vm_start < vma->vm_end - vma->vm_start;
	m->special = !vma->vm_file && vma->vm_ops && vma->vm_ops->name;
	if (m->type == MLU_MAPPING_FILE) {
		m->file = get_file(vma->vm_file);
		mlu_file_id_read(&m->file_id, m->file);
	}
	return m;
}

/**
 * mlu_mapping_new_whole() - allocate a mapping of a whole file, which is in no process
 * @file: the file, as a mapping has it
 *
 * Context: Process context. May sleep.
 * Return: the mapping, from address 0 on, with a reference on the file, or NULL without memory.
 */
struct mlu_mapping *mlu_mapping_new_whole(struct file *file)
{
	struct mlu_mapping *m = mlu_mem_zalloc(MLU_MEM_MAPPINGS, sizeof(*m), GFP_KERNEL);

	if (!m)
		return NULL;
	m->type = MLU_MAPPING_FILE;
	m->end = LONG_MAX;
	m->gone_at = U32_MAX;
	m->file = get_file(file);
	m->held = get_file(file);
	mlu_file_id_read(&m->file_id, file);
	INIT_LIST_HEAD(&m->pending_node);
	return m;
}

/**
 * mlu_mapping_is_same() - compare two mappings
 * @a: one
 * @b: the other
 *
 * Mappings of no file have only their addresses to compare.
 *
 * Return: true if the same part of the same file is mapped at the same address.
 */
bool mlu_mapping_is_same(const struct mlu_mapping *a, const struct mlu_mapping *b)
{
	return a->type == b->type && a->start == b->start && a->end == b->end &&
	       a->offset == b->offset && mlu_file_id_is_same(&a->file_id, &b->file_id);
}

/**
 * mlu_mapping_is_part() - check if a mapping has been merged into another one
 * @part: the mapping
 * @whole: the other one
 *
 * The kernel merges adjacent mappings and shows them as one.
 *
 * Return: true if all of @part is in @whole, with the same content.
 */
bool mlu_mapping_is_part(const struct mlu_mapping *part, const struct mlu_mapping *whole)
{
	if (part->type != whole->type || part->start < whole->start || part->end > whole->end)
		return false;
	return part->type != MLU_MAPPING_FILE ||
	       (part->offset - whole->offset == part->start - whole->start &&
		mlu_file_id_is_same(&part->file_id, &whole->file_id));
}

/**
 * mlu_mapping_free() - free a mapping
 * @m: a mapping that was never published, or one that nothing points to any more
 *
 * It has no dso to retire: one that was never published has no dso, and mlu_maps_retire() has
 * retired those of all others.
 */
void mlu_mapping_free(struct mlu_mapping *m)
{
	if (m->file)
		fput(m->file);
	if (m->held)
		fput(m->held);
	mlu_dso_put(m->dso);
	mlu_mem_free(MLU_MEM_MAPPINGS, m->path, m->path_len + 1);
	mlu_mem_free(MLU_MEM_MAPPINGS, m, sizeof(*m));
}

/* === Naming === */

/* Return: a copy of the path, UNKNOWN if it is too long for d_path(), or NULL without memory. */
static char *mapping_copy_path(struct file *file, u16 *len)
{
	char *buf = kmalloc(PATH_MAX, GFP_KERNEL);
	char *path, *copy;

	if (!buf)
		return NULL;
	path = d_path(mlu_file_path(file), buf, PATH_MAX);
	if (IS_ERR(path))
		path = UNKNOWN;
	*len = strlen(path);
	copy = mlu_mem_zalloc(MLU_MEM_MAPPINGS, *len + 1, GFP_KERNEL);
	if (copy)
		memcpy(copy, path, *len);
	kfree(buf);
	return copy;
}

/**
 * mlu_mapping_name_file() - note the path of a mapping's file and queue the file for reading
 * @m: the mapping, with its file
 * @names: the names of functions that the file is searched for besides those of the table, or NULL
 *
 * What fails for lack of memory stays NULL and is tried again at the next call.
 *
 * Context: Process context. May sleep, does no file I/O.
 */
void mlu_mapping_name_file(struct mlu_mapping *m, struct mlu_names *names)
{
	char *path = m->path ? m->path : mapping_copy_path(m->file, &m->path_len);
	struct mlu_dso *dso = m->dso ? m->dso : mlu_dso_get(m->file, names);

	/* Pairs with mlu_mapping_path(): the characters are written first. */
	smp_store_release(&m->path, path);
	/* Pairs with mlu_mapping_dso(). */
	smp_store_release(&m->dso, dso);
}

/**
 * mlu_mapping_take_file() - take the file of a mapping that has been named
 * @m: the mapping
 *
 * Context: Under maps->lock.
 * Return: the file, with the mapping's reference.
 */
struct file *mlu_mapping_take_file(struct mlu_mapping *m)
{
	struct file *file = m->file;

	/* Pairs with mlu_mapping_rules(). */
	smp_store_release(&m->file, NULL);
	return file;
}

/**
 * mlu_mapping_name_vdso() - queue the unwind data of the vdso, which has no file, for reading
 * @m: the mapping of the vdso
 * @mm: the target's mm
 *
 * Context: Process context. May sleep.
 */
void mlu_mapping_name_vdso(struct mlu_mapping *m, const struct mm_struct *mm)
{
	size_t size;
	const void *image = mlu_arch_vdso(mm, &size);

	if (image)
		/* Pairs with mlu_mapping_dso(). */
		smp_store_release(&m->dso, mlu_dso_get_image(image, size));
}

/* === Reading === */

/**
 * mlu_mapping_name() - find the name of a mapping, which is the last part of its path
 * @mapping: the mapping
 * @len: set to the length
 *
 * Return: the name, not terminated; UNKNOWN if the path has not been noted; [vdso] or [anon] for a
 * mapping of no file.
 */
const char *mlu_mapping_name(const struct mlu_mapping *mapping, size_t *len)
{
	const char *path = mlu_mapping_path(mapping);
	const char *name;

	if (mapping->type != MLU_MAPPING_FILE || !path) {
		name = mapping->type == MLU_MAPPING_FILE ? UNKNOWN :
		       mapping->type == MLU_MAPPING_VDSO ? "[vdso]" :
							   "[anon]";
		*len = strlen(name);
		return name;
	}
	name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	*len = strlen(name);
	if (*len > strlen(DELETED) && !strcmp(name + *len - strlen(DELETED), DELETED))
		*len -= strlen(DELETED);
	return name;
}

/**
 * mlu_mapping_dso() - read the dso of a mapping
 * @mapping: the mapping
 *
 * Return: the dso, which may not be ready, or NULL if it has not been queued, or for lack of
 * memory.
 */
struct mlu_dso *mlu_mapping_dso(const struct mlu_mapping *mapping)
{
	/* Pairs with mlu_mapping_name_file(). */
	return smp_load_acquire(&mapping->dso);
}

/**
 * mlu_mapping_read_dso() - read the dso of a mapping if it is ready
 * @mapping: the mapping
 *
 * Return: the dso or NULL.
 */
const struct mlu_dso *mlu_mapping_read_dso(const struct mlu_mapping *mapping)
{
	const struct mlu_dso *dso = mlu_mapping_dso(mapping);

	return dso && mlu_dso_is_ready(dso) ? dso : NULL;
}

/**
 * mlu_mapping_rules() - read the state of the unwind rules of a mapping's code
 * @mapping: the mapping, which has not been retired
 * @dso: set to the dso; its rules can be used if the state is MLU_RULES_THERE
 *
 * Context: Any. Does not sleep.
 * Return: the state; that of code in no file is MLU_RULES_NONE.
 */
enum mlu_rules_state mlu_mapping_rules(const struct mlu_mapping *mapping, struct mlu_dso **dso)
{
	*dso = mlu_mapping_dso(mapping);
	if (!*dso && mapping->type != MLU_MAPPING_FILE)
		return MLU_RULES_NONE;
	/*
	 * Pairs with mlu_mapping_take_file(). The dso is written before the file is taken, so if
	 * the file has been taken since the dso was read, the dso is there when it is read once
	 * more, unless there was no memory for it.
	 */
	if (!*dso && smp_load_acquire(&mapping->file))
		return MLU_RULES_PENDING;
	if (!*dso)
		*dso = mlu_mapping_dso(mapping);
	if (!*dso)
		return MLU_RULES_MISSING;
	if (!mlu_dso_is_done(*dso))
		return READ_ONCE((*dso)->late) ? MLU_RULES_MISSING : MLU_RULES_PENDING;
	if ((*dso)->rules)
		return MLU_RULES_THERE;
	return (*dso)->err || (*dso)->rules_missing ? MLU_RULES_MISSING : MLU_RULES_NONE;
}

/**
 * mlu_mapping_defines_allocator() - does the file of a mapping define an allocator?
 * @mapping: the mapping
 * @dso: the dso of the mapping, ready
 *
 * Return: true if it does.
 */
bool mlu_mapping_defines_allocator(const struct mlu_mapping *mapping, const struct mlu_dso *dso)
{
	return dso->allocator.nr && (mapping->program || !dso->allocator.never_frees);
}

/**
 * mlu_mapping_vaddr() - translate an offset in a mapping's file to an address in the ELF image
 * @mapping: the mapping
 * @dso: the dso of the mapping, ready
 * @offset: the offset; for the vdso that from its start, which is the address
 * @vaddr: set to the address
 *
 * Return: true if it is in an executable segment.
 */
bool mlu_mapping_vaddr(const struct mlu_mapping *mapping, const struct mlu_dso *dso, u64 offset,
		       u64 *vaddr)
{
	*vaddr = offset;
	return mapping->type != MLU_MAPPING_FILE || mlu_dso_vaddr(dso, offset, vaddr);
}

/**
 * mlu_mapping_address() - translate a pc to an address in the ELF image, as reports show it
 * @mapping: the mapping of the pc
 * @dso: the dso of the mapping, ready; NULL if it has not been read
 * @pc: the address in the process
 *
 * Return: the address; the offset in the file if @dso is NULL or has no such segment; the distance
 * from the start of the mapping if that is of no file.
 */
u64 mlu_mapping_address(const struct mlu_mapping *mapping, const struct mlu_dso *dso,
			unsigned long pc)
{
	u64 offset = pc - mapping->start;
	u64 vaddr;

	if (mapping->type != MLU_MAPPING_FILE)
		return offset;
	if (dso && mlu_dso_vaddr(dso, mapping->offset + offset, &vaddr))
		return vaddr;
	return mapping->offset + offset;
}
