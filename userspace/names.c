// SPDX-License-Identifier: GPL-2.0-only
/*
 * One ELF file in libdwfl. The kernel side has given the address inside the file, so each file has
 * a Dwfl of its own, loaded at 0: no layout of a process has to be rebuilt.
 */
#include "names.h"

#include <fcntl.h>
#include <unistd.h>

#include "demangle.h"
#include "functions.h"

bool mlu_names_load(struct mlu_names *names, const Dwfl_Callbacks *callbacks, int fd,
		    const char *path, void *userdata, const struct mlu_split_files *split)
{
	void **slot;

	*names = (struct mlu_names){ .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0) };
	fstat(fd, &names->state);
	names->dwfl = dwfl_begin(callbacks);
	if (names->dwfl) {
		dwfl_report_begin(names->dwfl);
		names->module = dwfl_report_elf(names->dwfl, path, path, fd, 0, true);
		dwfl_report_end(names->dwfl, NULL, NULL);
	}
	if (!names->module) {
		close(fd);
		mlu_names_unload(names);
		return false;
	}
	dwfl_module_info(names->module, &slot, NULL, NULL, NULL, NULL, NULL, NULL);
	*slot = userdata;
	if (split)
		names->debug = mlu_debug_new(names->module, split);
	return true;
}

void mlu_names_unload(struct mlu_names *names)
{
	mlu_debug_free(names->debug);
	mlu_functions_free(names->functions);
	if (names->dwfl)
		dwfl_end(names->dwfl);
	if (names->fd >= 0)
		close(names->fd);
	*names = (struct mlu_names){ .fd = -1 };
}

bool mlu_names_are_old(const struct mlu_names *names)
{
	struct stat now;

	return fstat(names->fd, &now) || now.st_size != names->state.st_size ||
	       now.st_mtim.tv_sec != names->state.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != names->state.st_mtim.tv_nsec;
}

/*
 * libdwfl offers a symbol without a size for all that follows it in its section. What the symbol
 * does not cover by its own size is another function's if the unwind table has one that begins
 * in between.
 */
static bool is_disproved(struct mlu_names *names, uint64_t address, uint64_t offset, uint64_t size)
{
	GElf_Addr bias;

	if (offset < size)
		return false;
	if (!names->functions_read) {
		names->functions = mlu_functions_new(dwfl_module_getelf(names->module, &bias));
		names->functions_read = true;
	}
	return mlu_functions_between(names->functions, address - offset, address);
}

/* How far libdwfl has moved the file. */
static GElf_Addr bias_of(const struct mlu_names *names)
{
	GElf_Addr bias = 0;

	dwfl_module_getelf(names->module, &bias);
	return bias;
}

char *mlu_names_symbol(struct mlu_names *names, uint64_t address, uint64_t *offset)
{
	GElf_Off distance;
	GElf_Sym entry;
	const char *symbol = dwfl_module_addrinfo(names->module, address + bias_of(names),
						  &distance, &entry, NULL, NULL, NULL);

	if (!symbol || !*symbol || is_disproved(names, address, distance, entry.st_size))
		return NULL;
	*offset = distance;
	return mlu_demangle(symbol);
}

size_t mlu_names_source(struct mlu_names *names, uint64_t address, struct mlu_source **source)
{
	if (!names->debug)
		return 0;
	return mlu_source_of(names->debug, address + bias_of(names), source);
}
