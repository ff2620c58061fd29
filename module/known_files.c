// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files whose dsos are known before a process maps them.
 *
 * Context: the worker adds files; handlers look them up when they add a mapping. A file is never
 * removed before the end, so that handlers need no lock.
 */
#include "dso.h"
#include "known_files.h"
#include "mapping.h"

static const struct mlu_known_file *find_file(const struct mlu_known_files *files,
					      const struct mlu_file_id *id)
{
	/* Pairs with mlu_known_files_add(). */
	unsigned int i, nr = smp_load_acquire(&files->nr);

	for (i = 0; i < nr; i++)
		if (mlu_file_id_is_same_inode(&files->file[i].id, id))
			return &files->file[i];
	return NULL;
}

/**
 * mlu_known_files_add() - add the file of a mapping
 * @files: the files; if there is no space, they stay as they are
 * @mapping: the mapping; without effect if it has no dso yet, or one without users
 *
 * Context: Worker. Does not sleep.
 */
void mlu_known_files_add(struct mlu_known_files *files, const struct mlu_mapping *mapping)
{
	struct mlu_dso *dso = mlu_mapping_dso(mapping);
	struct mlu_known_file *file = &files->file[files->nr];

	if (mapping->type != MLU_MAPPING_FILE || !dso || files->nr == MLU_MAX_KNOWN_FILES ||
	    find_file(files, &mapping->file_id) || !mlu_dso_share(dso))
		return;
	file->id = mapping->file_id;
	file->dso = dso;
	file->allocator = mapping->allocator;
	/* Pairs with find_file(). */
	smp_store_release(&files->nr, files->nr + 1);
}

/**
 * mlu_known_files_apply() - give a new mapping the dso of its file, if that is known
 * @files: the files
 * @mapping: the mapping, not published yet; its dso is used by it until it is retired
 *
 * Context: Handler or worker. Does not sleep.
 */
void mlu_known_files_apply(const struct mlu_known_files *files, struct mlu_mapping *mapping)
{
	const struct mlu_known_file *file;

	if (mapping->type != MLU_MAPPING_FILE || mapping->dso)
		return;
	file = find_file(files, &mapping->file_id);
	if (!file)
		return;
	if (file->allocator && !mapping->allocator) {
		mapping->allocator = true;
		mapping->inherited = files->needs_uses;
	}
	if (mlu_file_id_is_same(&file->id, &mapping->file_id) && mlu_dso_share(file->dso))
		mapping->dso = file->dso;
}

/**
 * mlu_known_files_exit() - drop all files
 * @files: the files, which nothing uses any more
 *
 * Context: Process context. May sleep.
 */
void mlu_known_files_exit(struct mlu_known_files *files)
{
	unsigned int i;

	for (i = 0; i < files->nr; i++) {
		mlu_dso_retire(files->file[i].dso);
		mlu_dso_put(files->file[i].dso);
	}
	files->nr = 0;
}
