// SPDX-License-Identifier: GPL-2.0-only
/*
 * One executable mapping: what it is, whose file it is of, how it is called.
 *
 * A file is held from the moment its mapping is seen until its name is noted and its reading is on
 * the way.  Made in handlers and in the worker, named in works, shown by readers; see maps.c for
 * who owns them.
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

static enum mlu_mapping_type type_of(const struct vm_area_struct *vma)
{
	if (vma->vm_file)
		return MLU_MAPPING_FILE;
	if (vma->vm_start == mlu_arch_vdso_start(vma->vm_mm))
		return MLU_MAPPING_VDSO;
	return MLU_MAPPING_ANON;
}

struct mlu_mapping *mlu_mapping_new(const struct vm_area_struct *vma, gfp_t gfp)
{
	struct mlu_mapping *m = mlu_mem_zalloc(MLU_MEM_MAPPINGS, sizeof(*m), gfp);

	if (!m)
		return NULL;
	m->type = type_of(vma);
	m->start = vma->vm_start;
	m->end = vma->vm_end;
	m->gone_at = U32_MAX;
	/* The vdso is a file of its own, which begins where it is mapped. */
	m->offset = vma->vm_file ? (u64)vma->vm_pgoff << PAGE_SHIFT : 0;
	m->program = vma->vm_mm->start_code - vma->vm_start < vma->vm_end - vma->vm_start;
	m->special = !vma->vm_file && vma->vm_ops && vma->vm_ops->name;
	if (m->type == MLU_MAPPING_FILE) {
		m->file = get_file(vma->vm_file);
		mlu_file_id_of(&m->id_of_file, m->file);
	}
	return m;
}

/*
 * mlu_mapping_same() - is it the same part of the same file at the same place?
 *
 * Of what is in no file the place is all that there is.
 */
bool mlu_mapping_same(const struct mlu_mapping *a, const struct mlu_mapping *b)
{
	return a->type == b->type && a->start == b->start && a->end == b->end &&
	       a->offset == b->offset && mlu_file_id_same(&a->id_of_file, &b->id_of_file);
}

/*
 * mlu_mapping_is_part() - is all of @part in @whole, with the same content?
 *
 * The kernel merges mappings that come to lie side by side, and shows them as one.
 */
bool mlu_mapping_is_part(const struct mlu_mapping *part, const struct mlu_mapping *whole)
{
	if (part->type != whole->type || part->start < whole->start || part->end > whole->end)
		return false;
	return part->type != MLU_MAPPING_FILE ||
	       (part->offset - whole->offset == part->start - whole->start &&
		mlu_file_id_same(&part->id_of_file, &whole->id_of_file));
}

/*
 * mlu_mapping_free() - what was never published, or what nobody can reach any more
 *
 * It uses its dso no more: what was never published has none, of the others mlu_maps_retire() has
 * said so.
 */
void mlu_mapping_free(struct mlu_mapping *m)
{
	if (m->file)
		fput(m->file);
	mlu_dso_put(m->dso);
	mlu_mem_free(MLU_MEM_MAPPINGS, m->path, m->path_len + 1);
	mlu_mem_free(MLU_MEM_MAPPINGS, m, sizeof(*m));
}

/* NULL: no memory.  What is too long for the kernel itself has no name. */
static char *path_of(struct file *file, u16 *len)
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

/*
 * mlu_mapping_name_file() - note the path of the mapping's file, and have the file read
 *
 * Context: may sleep, does no file I/O.
 */
void mlu_mapping_name_file(struct mlu_mapping *m)
{
	char *path = m->path ? m->path : path_of(m->file, &m->path_len);
	struct mlu_dso *dso = m->dso ? m->dso : mlu_dso_get(m->file);

	/* Pairs with mlu_mapping_path(): its characters come first. */
	smp_store_release(&m->path, path);
	/* Pairs with mlu_mapping_dso(). */
	smp_store_release(&m->dso, dso);
}

/* mlu_mapping_let_go() - its file, which was named, for the caller to put. Context: maps lock. */
struct file *mlu_mapping_let_go(struct mlu_mapping *m)
{
	struct file *file = m->file;

	/* Pairs with mlu_mapping_rules(). */
	smp_store_release(&m->file, NULL);
	return file;
}

/* mlu_mapping_name_vdso() - the same for the vdso, which is no file. Context: may sleep. */
void mlu_mapping_name_vdso(struct mlu_mapping *m, const struct mm_struct *mm)
{
	size_t size;
	const void *image = mlu_arch_vdso(mm, &size);

	if (image)
		/* Pairs with mlu_mapping_dso(). */
		smp_store_release(&m->dso, mlu_dso_get_image(image, size));
}

/** mlu_mapping_dso() - its file's, ready or not; NULL: not asked for yet, or no memory */
struct mlu_dso *mlu_mapping_dso(const struct mlu_mapping *mapping)
{
	/* Pairs with mlu_mapping_name_file(). */
	return smp_load_acquire(&mapping->dso);
}

/* d_path() says so of a file that has no name any more. */
#define DELETED " (deleted)"

/*
 * mlu_mapping_name() - the last part of the mapping's path; not terminated
 * @len: set to its length
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

/** mlu_mapping_read_dso() - the same, NULL if it is not ready */
const struct mlu_dso *mlu_mapping_read_dso(const struct mlu_mapping *mapping)
{
	const struct mlu_dso *dso = mlu_mapping_dso(mapping);

	return dso && mlu_dso_is_ready(dso) ? dso : NULL;
}

/*
 * mlu_mapping_rules() - how code of this mapping can be unwound
 * @dso: set if its rules are there
 *
 * Code that is in no file has none.  The mapping is not retired.
 *
 * Context: any, does not sleep.
 */
enum mlu_rules_state mlu_mapping_rules(const struct mlu_mapping *mapping, struct mlu_dso **dso)
{
	*dso = mlu_mapping_dso(mapping);
	if (!*dso && mapping->type != MLU_MAPPING_FILE)
		return MLU_RULES_NONE;
	/*
	 * Pairs with mlu_mapping_let_go(), before which the dso is noted: if that has come in
	 * between, it is there now, unless there was no memory for it.
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

/* mlu_mapping_vaddr() - the address in the ELF file of what is at an offset in it */
bool mlu_mapping_vaddr(const struct mlu_mapping *mapping, const struct mlu_dso *dso, u64 offset,
		       u64 *vaddr)
{
	*vaddr = offset;
	return mapping->type != MLU_MAPPING_FILE || mlu_dso_vaddr(dso, offset, vaddr);
}

/*
 * mlu_mapping_address() - the address of @pc inside the ELF file
 * @dso: of the mapping, and ready; NULL: it is not known, the place in the file must do
 *
 * Of what is no file, the distance from the mapping's start.
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
