// SPDX-License-Identifier: GPL-2.0-only
/*
 * Symbols and source lines of one ELF file, by address.
 *
 * The module reports addresses inside the file. So each file has its own Dwfl and is loaded at 0,
 * and the layout of the process need not be reconstructed. Depends on srcline.c, function_starts.c
 * and demangle.c.
 */
#include "symbols.h"

#include <fcntl.h>
#include <unistd.h>

#include "demangle.h"
#include "function_starts.h"

/**
 * mu_symbols_load() - load an ELF file
 * @symbols: set to its symbols
 * @callbacks: callbacks of libdwfl
 * @fd: the file, whose ownership is taken
 * @path: name of the file for libdwfl
 * @userdata: for @callbacks
 * @split: where split debug information is searched, NULL: do not look up lines
 *
 * Return: false, with the reason in dwfl_errmsg(-1), if it cannot be read.
 */
bool mu_symbols_load(struct mu_symbols *symbols, const Dwfl_Callbacks *callbacks, int fd,
		     const char *path, void *userdata, const struct mu_dwarf_split_files *split)
{
	void **slot;

	*symbols = (struct mu_symbols){ .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0) };
	fstat(fd, &symbols->state);
	symbols->dwfl = dwfl_begin(callbacks);
	if (symbols->dwfl) {
		dwfl_report_begin(symbols->dwfl);
		symbols->module = dwfl_report_elf(symbols->dwfl, path, path, fd, 0, true);
		dwfl_report_end(symbols->dwfl, NULL, NULL);
	}
	if (!symbols->module) {
		close(fd);
		mu_symbols_unload(symbols);
		return false;
	}
	dwfl_module_info(symbols->module, &slot, NULL, NULL, NULL, NULL, NULL, NULL);
	*slot = userdata;
	if (split)
		symbols->srclines = mu_srclines_new(symbols->module, split);
	return true;
}

/**
 * mu_symbols_unload() - free symbols
 * @symbols: the symbols
 */
void mu_symbols_unload(struct mu_symbols *symbols)
{
	mu_srclines_free(symbols->srclines);
	mu_function_starts_free(symbols->starts);
	if (symbols->dwfl)
		dwfl_end(symbols->dwfl);
	if (symbols->fd >= 0)
		close(symbols->fd);
	*symbols = (struct mu_symbols){ .fd = -1 };
}

/**
 * mu_symbols_are_stale() - check whether the file has been written since it was loaded
 * @symbols: the symbols
 *
 * Return: true if it has. Its contents are not those of the mapped file any more then.
 */
bool mu_symbols_are_stale(const struct mu_symbols *symbols)
{
	struct stat now;

	return fstat(symbols->fd, &now) || now.st_size != symbols->state.st_size ||
	       now.st_mtim.tv_sec != symbols->state.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != symbols->state.st_mtim.tv_nsec;
}

/*
 * libdwfl returns a symbol without a size for any later address in its section. Such an address
 * belongs to another function if the unwind table has a function that starts in between.
 */
static bool is_other_function(struct mu_symbols *symbols, uint64_t address, uint64_t offset,
			      uint64_t size)
{
	GElf_Addr bias;
	Elf *elf;

	if (offset < size)
		return false;
	if (!symbols->has_read_starts) {
		elf = dwfl_module_getelf(symbols->module, &bias);
		symbols->starts = mu_function_starts_new(elf);
		symbols->has_read_starts = true;
	}
	return mu_function_starts_between(symbols->starts, address - offset, address);
}

/* Return: the difference between addresses of libdwfl and of the file. */
static GElf_Addr read_bias(const struct mu_symbols *symbols)
{
	GElf_Addr bias = 0;

	dwfl_module_getelf(symbols->module, &bias);
	return bias;
}

/**
 * mu_symbols_name() - look up the symbol at an address
 * @symbols: the symbols
 * @address: address in the file
 * @offset: set to the distance from the symbol
 *
 * Return: its name, demangled and safe to print, to be freed, or NULL.
 */
char *mu_symbols_name(struct mu_symbols *symbols, uint64_t address, uint64_t *offset)
{
	GElf_Off distance;
	GElf_Sym entry;
	const char *symbol = dwfl_module_addrinfo(symbols->module, address + read_bias(symbols),
						  &distance, &entry, NULL, NULL, NULL);

	if (!symbol || !*symbol || is_other_function(symbols, address, distance, entry.st_size))
		return NULL;
	*offset = distance;
	return mu_demangle(symbol);
}

/**
 * mu_symbols_srclines() - look up the functions and lines at an address
 * @symbols: the symbols
 * @address: address in the file
 * @source: set to an array, to be freed with mu_srcline_free()
 *
 * Return: the number of functions, 0 if nothing is known, see mu_srclines_find().
 */
size_t mu_symbols_srclines(struct mu_symbols *symbols, uint64_t address, struct mu_srcline **source)
{
	if (!symbols->srclines)
		return 0;
	return mu_srclines_find(symbols->srclines, address + read_bias(symbols), source);
}
