// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapped files: read once, through a file of the module's own, and shared by all mappings of them.
 *
 * Entered from workers only, may sleep, does file I/O: never from a handler.  What is kept of a
 * file (build-id, segments) is text: neither the file nor its inode stays open.  A file is known
 * again by device, inode, size and time of change; one that is rewritten is another one.
 *
 * The mutex guards the list of all.  It is held over nothing but the look-up: file I/O on a hung
 * file system must not stop the others.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "dso.h"

static DEFINE_MUTEX(dsos_lock);
static LIST_HEAD(dsos);

static int image_read(const struct mlu_elf_source *source, u64 off, void *buf, size_t len)
{
	struct mlu_dso_image *image = container_of(source, struct mlu_dso_image, source);
	loff_t pos = off;
	ssize_t n = kernel_read(image->file, buf, len, &pos);

	if (n < 0)
		return n;
	return n == len ? 0 : -EIO;
}

/*
 * mlu_dso_image_open() - open the file of a mapping anew and read its ELF header
 * @mapped: the mapping's file; only its path is used: its own position and mode are the target's
 *
 * Return: 0, -ENOEXEC for what is no regular file or no ELF image, -EOPNOTSUPP for another machine.
 */
int mlu_dso_image_open(struct mlu_dso_image *image, struct file *mapped)
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
		mlu_dso_image_close(image);
	return err;
}

void mlu_dso_image_close(struct mlu_dso_image *image)
{
	kfree(image->scratch);
	fput(image->file);
}

static bool same_file(const struct mlu_dso *a, const struct mlu_dso *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->generation == b->generation &&
	       a->size == b->size && a->mtime.tv_sec == b->mtime.tv_sec &&
	       a->mtime.tv_nsec == b->mtime.tv_nsec;
}

static void identify(struct mlu_dso *dso, struct file *mapped)
{
	struct inode *inode = file_inode(mapped);
	struct kstat stat;

	dso->dev = inode->i_sb->s_dev;
	dso->ino = inode->i_ino;
	dso->generation = inode->i_generation;
	dso->size = i_size_read(inode);
	if (!vfs_getattr(&mapped->f_path, &stat, STATX_MTIME, AT_STATX_SYNC_AS_STAT))
		dso->mtime = stat.mtime;
}

static void read_image(struct mlu_dso *dso, struct mlu_dso_image *image)
{
	int len = mlu_elf_build_id(&image->elf, dso->build_id, sizeof(dso->build_id));

	dso->is_elf = true;
	dso->build_id_len = len > 0 ? len : 0;
	dso->nr_loads = image->elf.nr_loads;
	memcpy(dso->load, image->elf.load, sizeof(dso->load));
}

static void read_file(struct mlu_dso *dso, struct file *mapped)
{
	struct mlu_dso_image *image = kmalloc(sizeof(*image), GFP_KERNEL);

	if (!image)
		return;
	if (!mlu_dso_image_open(image, mapped)) {
		read_image(dso, image);
		mlu_dso_image_close(image);
	}
	kfree(image);
}

/* The known one like @dso with a reference, or NULL after adding @dso itself. */
static struct mlu_dso *find_or_add(struct mlu_dso *dso, bool add)
{
	struct mlu_dso *known;

	mutex_lock(&dsos_lock);
	list_for_each_entry(known, &dsos, node)
		if (same_file(known, dso) && kref_get_unless_zero(&known->refs))
			goto out;
	known = NULL;
	if (add)
		list_add(&dso->node, &dsos);
out:
	mutex_unlock(&dsos_lock);
	return known;
}

/*
 * mlu_dso_get() - what is to be known of a mapping's file
 *
 * A file that cannot be read, or is no ELF image, has a dso without build-id and segments.
 *
 * Context: may sleep, does file I/O.
 * Return: a dso with a reference for the caller, or NULL without memory.
 */
struct mlu_dso *mlu_dso_get(struct file *mapped)
{
	struct mlu_dso *dso = kzalloc(sizeof(*dso), GFP_KERNEL);
	struct mlu_dso *known;

	if (!dso)
		return NULL;
	kref_init(&dso->refs);
	identify(dso, mapped);
	known = find_or_add(dso, false);
	if (!known) {
		read_file(dso, mapped);
		known = find_or_add(dso, true);
	}
	if (!known)
		return dso;
	kfree(dso);
	return known;
}

static void dso_release(struct kref *refs)
{
	struct mlu_dso *dso = container_of(refs, struct mlu_dso, refs);

	mutex_lock(&dsos_lock);
	list_del(&dso->node);
	mutex_unlock(&dsos_lock);
	kfree(dso);
}

void mlu_dso_put(struct mlu_dso *dso)
{
	if (dso)
		kref_put(&dso->refs, dso_release);
}

/** mlu_dso_vaddr() - the address in the ELF file of code at a file offset; false: in no segment */
bool mlu_dso_vaddr(const struct mlu_dso *dso, u64 offset, u64 *vaddr)
{
	unsigned int i;

	for (i = 0; i < dso->nr_loads; i++) {
		const struct mlu_elf_load *load = &dso->load[i];

		if (load->exec && offset >= load->offset && offset - load->offset < load->filesz) {
			*vaddr = offset - load->offset + load->vaddr;
			return true;
		}
	}
	return false;
}
