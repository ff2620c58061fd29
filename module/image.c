// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read the file of a mapping: the inode that is mapped.
 *
 * The path of a mapped file may lead to another inode: on overlayfs before Linux 6.8 the mapped
 * file has the path of the overlay and the inode of the layer in which it was opened, and after
 * a copy-up the path leads to the new upper file. Offsets and unwind data of that file would be
 * wrong for the mapped code.
 *
 * Context: The works that read files (dso.c), as file I/O blocks for as long as the file system's
 * server takes. An image belongs to one work; there is no other state.
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
 * Open the path again if it leads to the mapped inode: the target's own file may have flags that
 * prevent the kernel from reading it (O_DIRECT). Otherwise read through the target's file, at
 * explicit positions, so that its file position does not change.
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
 * @image: filled in
 * @mapped: the mapping's file; the caller holds a reference while @image is open
 *
 * Context: Process context. May sleep, does file I/O.
 * Return: 0, -ENOEXEC if it is not a regular file or not an ELF image, -EOPNOTSUPP for another
 * machine, or the error of opening or reading it.
 */
int mlu_image_open(struct mlu_image *image, struct file *mapped)
{
	int err;

	if (!S_ISREG(file_inode(mapped)->i_mode))
		return -ENOEXEC;
	image->file = open_mapped_inode(mapped);
	if (IS_ERR(image->file))
		return PTR_ERR(image->file);
	err = -ENOMEM;
	image->scratch = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!image->scratch)
		goto err_close;
	image->source.read = image_read;
	image->source.size = i_size_read(file_inode(image->file));
	err = mlu_elf_open(&image->elf, &image->source, image->scratch, PAGE_SIZE);
	if (err)
		goto err_close;
	return 0;

err_close:
	mlu_image_close(image);
	return err;
}

/**
 * mlu_image_close() - close an image
 * @image: the image
 *
 * Closes the file synchronously. fput() from a work would delay that, and the file system must
 * not be busy when the work is done.
 *
 * Context: Process context. May sleep, does file I/O.
 */
void mlu_image_close(struct mlu_image *image)
{
	kfree(image->scratch);
	__fput_sync(image->file);
}
