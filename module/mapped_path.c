// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file that a mapping of a path has.
 *
 * Breakpoints belong to the inode of a mapping's file. On overlayfs that is the inode of a layer,
 * not the one that open() gets, and how to find it differs between kernels. So the file is mapped
 * for a moment, and the file of that mapping is taken.
 *
 * Context: the writer of a command, in process context; may sleep and do file I/O. Takes and
 * releases the mmap_lock of the writer.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched.h>

#include "mapped_path.h"

static struct file *file_mapped_at(unsigned long addr)
{
	struct vm_area_struct *vma;
	struct file *file = NULL;

	mmap_read_lock(current->mm);
	vma = find_vma(current->mm, addr);
	if (vma && vma->vm_start <= addr && vma->vm_file)
		file = get_file(vma->vm_file);
	mmap_read_unlock(current->mm);
	return file;
}

/**
 * mlu_open_as_mapped() - open a file as a mapping of it has it
 * @path: its path, in the mount namespace of current
 *
 * Context: Process context, in a process with an mm. May sleep.
 * Return: the file, or an ERR_PTR: -EINVAL if it is no regular file, or why it cannot be opened or
 * mapped.
 */
struct file *mlu_open_as_mapped(const char *path)
{
	struct file *file = filp_open(path, O_RDONLY | O_LARGEFILE | O_NONBLOCK, 0);
	struct file *mapped;
	unsigned long addr;

	if (IS_ERR(file))
		return file;
	mapped = ERR_PTR(-EINVAL);
	if (!S_ISREG(file_inode(file)->i_mode))
		goto out;
	addr = vm_mmap(file, 0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, 0);
	mapped = ERR_PTR((long)addr);
	if (IS_ERR_VALUE(addr))
		goto out;
	mapped = file_mapped_at(addr);
	vm_munmap(addr, PAGE_SIZE);
	/* Another thread of the writer has unmapped it. */
	if (!mapped)
		mapped = ERR_PTR(-EAGAIN);
out:
	filp_close(file, NULL);
	return mapped;
}
