// SPDX-License-Identifier: GPL-2.0-only
/*
 * One ELF file in libdwfl. The kernel side has given the address inside the file, so each file has
 * a Dwfl of its own, loaded at 0: no layout of a process has to be rebuilt.
 */
#include "symbols.h"

#include <fcntl.h>
#include <unistd.h>

#include "demangle.h"
#include "function_starts.h"

bool mu_symbols_load(struct mu_symbols *names, const Dwfl_Callbacks *callbacks, int fd,
		     const char *path, void *userdata, const struct mu_dwarf_split_files *split)
{
	void **slot;

	*names = (struct mu_symbols){ .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0) };
	fstat(fd, &names->state);
	names->dwfl = dwfl_begin(callbacks);
	if (names->dwfl) {
		dwfl_report_begin(names->dwfl);
		names->module = dwfl_report_elf(names->dwfl, path, path, fd, 0, true);
		dwfl_report_end(names->dwfl, NULL, NULL);
	}
	if (!names->module) {
		close(fd);
		mu_symbols_unload(names);
		return false;
	}
	dwfl_module_info(names->module, &slot, NULL, NULL, NULL, NULL, NULL, NULL);
	*slot = userdata;
	if (split)
		names->debug = mu_srclines_new(names->module, split);
	return true;
}

void mu_symbols_unload(struct mu_symbols *names)
{
	mu_srclines_free(names->debug);
	mu_function_starts_free(names->functions);
	if (names->dwfl)
		dwfl_end(names->dwfl);
	if (names->fd >= 0)
		close(names->fd);
	*names = (struct mu_symbols){ .fd = -1 };
}

bool mu_symbols_are_stale(const struct mu_symbols *names)
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
static bool is_disproved(struct mu_symbols *names, uint64_t address, uint64_t offset, uint64_t size)
{
	GElf_Addr bias;

	if (offset < size)
		return false;
	if (!names->functions_read) {
		names->functions = mu_function_starts_new(dwfl_module_getelf(names->module, &bias));
		names->functions_read = true;
	}
	return mu_function_starts_between(names->functions, address - offset, address);
}

/* How far libdwfl has moved the file. */
static GElf_Addr bias_of(const struct mu_symbols *names)
{
	GElf_Addr bias = 0;

	dwfl_module_getelf(names->module, &bias);
	return bias;
}

char *mu_symbols_name(struct mu_symbols *names, uint64_t address, uint64_t *offset)
{
	GElf_Off distance;
	GElf_Sym entry;
	const char *symbol = dwfl_module_addrinfo(names->module, address + bias_of(names),
						  &distance, &entry, NULL, NULL, NULL);

	if (!symbol || !*symbol || is_disproved(names, address, distance, entry.st_size))
		return NULL;
	*offset = distance;
	return mu_demangle(symbol);
}

size_t mu_symbols_srclines(struct mu_symbols *names, uint64_t address, struct mu_srcline **source)
{
	if (!names->debug)
		return 0;
	return mu_srclines_find(names->debug, address + bias_of(names), source);
}
