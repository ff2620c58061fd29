// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading the file of a mapping: the very inode that is mapped.
 *
 * The path of a mapped file can lead to another inode than the mapped one: on overlayfs before
 * Linux 6.8 the mapped file has the overlay's path and the inode of the layer that it was opened
 * in, and after a copy-up the path leads to the new upper file.  Probe offsets and unwind data of
 * that one would be wrong for the mapped code.
 *
 * Entered from the reader's works only (see dso.c): file I/O may block for as long as the file
 * system's server likes.  An image belongs to one work; there is no other state.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/slab.h>

#include "image.h"

static int image_read(const struct mlu_elf_source *source, u64 off, void *buf, size_t len)
{
	struct mlu_image *image = container_of(source, struct mlu_image, source);
	loff_t pos = off;
	ssize_t n = kernel_read(image->file, buf, len, &pos);

	if (n < 0)
		return n;
	return n == len ? 0 : -EIO;
}

/*
 * Open the path anew where it leads to the mapped inode: the target's own file may have flags with
 * which the kernel cannot read it (O_DIRECT).  Elsewhere read through the target's file; reads are
 * at positions of our own, so the target does not notice.
 */
static struct file *open_mapped_inode(struct file *mapped)
{
	struct file *file;

	file = dentry_open(&mapped->f_path, O_RDONLY | O_LARGEFILE, current_cred());
	if (IS_ERR(file))
		return file;
	if (file_inode(file) == file_inode(mapped))
		return file;
	__fput_sync(file);
	if (!(mapped->f_mode & FMODE_READ))
		return ERR_PTR(-EBADF);
	return get_file(mapped);
}

/**
 * mlu_image_open() - open the inode of a mapping for reading and parse its ELF headers
 * @image: to be filled in
 * @mapped: the mapping's file, with a reference of the caller's for as long as @image is open
 *
 * Context: may sleep, does file I/O.
 * Return: 0, -ENOEXEC if it is no regular file or no ELF image, -EOPNOTSUPP for another machine,
 * or the error of opening or reading it.
 */
int mlu_image_open(struct mlu_image *image, struct file *mapped)
{
	int err;

	if (!S_ISREG(file_inode(mapped)->i_mode))
		return -ENOEXEC;
	image->file = open_mapped_inode(mapped);
	if (IS_ERR(image->file))
		return PTR_ERR(image->file);
	image->scratch = kmalloc(PAGE_SIZE, GFP_KERNEL);
	image->source.read = image_read;
	image->source.size = i_size_read(file_inode(image->file));
	err = image->scratch ?
		      mlu_elf_open(&image->elf, &image->source, image->scratch, PAGE_SIZE) :
		      -ENOMEM;
	if (err)
		mlu_image_close(image);
	return err;
}

/* At once: a work's fput() is late, and the file system is to be free when the work is done. */
void mlu_image_close(struct mlu_image *image)
{
	kfree(image->scratch);
	__fput_sync(image->file);
}
