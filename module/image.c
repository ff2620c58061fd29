// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapped files, opened anew to be read.
 *
 * Entered from the reader's works only (see dso.c): it does file I/O, and whoever serves the file
 * may let it wait for ever.  No state but an image's own, which belongs to one work.
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
 * mlu_image_open() - open the file of a mapping anew and read its ELF header
 * @mapped: the mapping's file; only its path is used: its own position and mode are the target's
 *
 * Return: 0, -ENOEXEC for what is no regular file or no ELF image, -EOPNOTSUPP for another machine,
 * or what opening and reading it said.
 */
int mlu_image_open(struct mlu_image *image, struct file *mapped)
{
	int err;

	if (!S_ISREG(file_inode(mapped)->i_mode))
		return -ENOEXEC;
	image->file = dentry_open(&mapped->f_path, O_RDONLY | O_LARGEFILE, current_cred());
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
