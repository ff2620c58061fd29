// SPDX-License-Identifier: GPL-2.0-only
/*
 * Build-ids of ELF files, and finding files by build-id with libdwfl.
 *
 * Depends on mem.c only.
 */
#include "elf_file.h"

#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"

#define DEBUG_DIR "/usr/lib/debug"
#define BUILD_ID_MAX 64

static char *to_hex(const unsigned char *bits, ssize_t len)
{
	char *text = mu_zalloc(len * 2 + 1);

	for (ssize_t i = 0; i < len; i++) {
		text[i * 2] = "0123456789abcdef"[bits[i] >> 4];
		text[i * 2 + 1] = "0123456789abcdef"[bits[i] & 15];
	}
	return text;
}

/**
 * mu_elf_build_id() - read the build-id of a file
 * @fd: the file
 *
 * Return: the build-id in hexadecimal, "-" if the file has none, to be freed.
 */
char *mu_elf_build_id(int fd)
{
	const void *bits = NULL;
	ssize_t len = 0;
	char *text;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		len = dwelf_elf_gnu_build_id(elf, &bits);
	text = len > 0 && len <= BUILD_ID_MAX ? to_hex(bits, len) : mu_strndup("-", 1);
	elf_end(elf);
	return text;
}

static int hex_value(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static size_t from_hex(const char *text, unsigned char *bits)
{
	size_t len = strlen(text) / 2;

	for (size_t i = 0; i < len; i++)
		bits[i] = hex_value(text[i * 2]) << 4 | hex_value(text[i * 2 + 1]);
	return len;
}

/**
 * mu_elf_search_path() - get the directories that libdwfl searches
 * @debug_path: directories of --debug-path, or NULL
 *
 * Return: the list, to be freed. All entries are absolute, so that libdwfl searches none of them
 * relative to an object.
 */
char *mu_elf_search_path(const char *debug_path)
{
	return debug_path ? mu_format("%s:" DEBUG_DIR, debug_path) : mu_format(DEBUG_DIR);
}

/* libdwfl searches for files of modules only: create a module that has only the build-id. */
static int search_build_id(Dwfl *dwfl, const char *build_id)
{
	unsigned char bits[BUILD_ID_MAX];
	size_t len = from_hex(build_id, bits);
	Dwfl_Module *mod;
	char *found = NULL;
	Elf *elf = NULL;
	int fd;

	dwfl_report_begin(dwfl);
	mod = dwfl_report_module(dwfl, build_id, 0, 4096);
	if (!mod || dwfl_module_report_build_id(mod, bits, len, 0))
		return -1;
	fd = dwfl_build_id_find_elf(mod, NULL, build_id, 0, &found, &elf);
	if (fd < 0)
		fd = dwfl_standard_find_debuginfo(mod, NULL, build_id, 0, NULL, NULL, 0, &found);
	elf_end(elf);
	free(found);
	return fd;
}

/**
 * mu_elf_fetch() - find a file by build-id
 * @build_id: the build-id
 * @debug_path: directories of --debug-path, or NULL
 *
 * Searches DIR/.build-id/xx/ of each directory of @debug_path and of /usr/lib/debug, then the
 * servers of DEBUGINFOD_URLS if it is set. The file is the object or its separate debug
 * information, which has the same names.
 *
 * Return: the open file, or -1.
 */
int mu_elf_fetch(const char *build_id, const char *debug_path)
{
	char *dirs = mu_elf_search_path(debug_path);
	const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.debuginfo_path = &dirs,
	};
	Dwfl *dwfl = dwfl_begin(&callbacks);
	int fd = -1;

	if (dwfl) {
		fd = search_build_id(dwfl, build_id);
		dwfl_end(dwfl);
	}
	free(dirs);
	return fd;
}

/**
 * mu_elf_open_vdso() - copy our own vdso to a file, as all processes have the same one
 *
 * Return: the open file, or -1.
 */
int mu_elf_open_vdso(void)
{
	const Elf64_Ehdr *image = (const Elf64_Ehdr *)getauxval(AT_SYSINFO_EHDR);
	size_t size;
	int fd;

	if (!image)
		return -1;
	size = image->e_shoff + (size_t)image->e_shentsize * image->e_shnum;
	fd = memfd_create("vdso", MFD_CLOEXEC);
	if (fd >= 0 && write(fd, image, size) != (ssize_t)size) {
		close(fd);
		return -1;
	}
	return fd;
}
