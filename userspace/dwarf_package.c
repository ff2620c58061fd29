// SPDX-License-Identifier: GPL-2.0-only
/*
 * DWARF packages, .dwp files: DWARF 5, 7.3.5, and the GNU extension that preceded it.
 *
 * An index contains, for each unit, its part of each section. libdw reads such files from version
 * 0.191 on only, and opens them by itself. Depends on elf_image.c.
 */
#include "dwarf_package.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "compiler.h"
#include "elf_image.h"

#define STRINGS_MAX (64 << 20) /* copied for each unit */

struct index {
	const uint8_t *bytes;
	size_t size;
	uint32_t version, columns, units, slots;
};

/* The sections that are needed to find functions, by their numbers in the index. */
static const char *const sections[] = {
	[1] = ".debug_info.dwo",	[3] = ".debug_abbrev.dwo",   [4] = ".debug_line.dwo",
	[6] = ".debug_str_offsets.dwo", [8] = ".debug_rnglists.dwo",
};

static uint64_t read_at(const struct index *index, uint64_t offset, size_t size)
{
	uint64_t value = 0;

	if (offset <= index->size && size <= index->size - offset)
		memcpy(&value, index->bytes + offset, size);
	return value;
}

static bool read_index(Elf *elf, struct index *index)
{
	Elf_Data *data = mu_elf_find_section(elf, ".debug_cu_index");

	if (!data || !data->d_buf)
		return false;
	index->bytes = data->d_buf;
	index->size = data->d_size;
	index->version = read_at(index, 0, 4) & 0xffff;
	index->columns = read_at(index, 4, 4);
	index->units = read_at(index, 8, 4);
	index->slots = read_at(index, 12, 4);
	return (index->version == 2 || index->version == 5) && index->columns &&
	       index->columns <= 16;
}

/* Return: the row of the unit in the tables, from 1 on, 0 if it is not there. */
static uint32_t find_row(const struct index *index, uint64_t id)
{
	for (uint64_t i = 0; i < index->slots && 16 + (i + 1) * 8 <= index->size; i++) {
		uint32_t row = read_at(index, 16 + index->slots * 8ULL + i * 4, 4);

		if (row && row <= index->units && read_at(index, 16 + i * 8, 8) == id)
			return row;
	}
	return 0;
}

/* Get the part of a section that a column of the row describes. */
static bool read_part(Elf *elf, const struct index *index, uint32_t row, uint32_t column,
		      struct mu_elf_section *part)
{
	uint64_t table = 16 + index->slots * 12ULL;
	uint32_t number = read_at(index, table + column * 4ULL, 4);
	uint64_t cell = (row * (uint64_t)index->columns + column) * 4;
	uint64_t offset = read_at(index, table + cell, 4);
	uint64_t size = read_at(index, table + cell + index->units * 4ULL * index->columns, 4);
	Elf_Data *data;

	/* In the GNU extension this number is another section. */
	if (number >= ARRAY_SIZE(sections) || !sections[number] ||
	    (number == 8 && index->version < 5))
		return false;
	data = mu_elf_find_section(elf, sections[number]);
	if (!data || !data->d_buf || offset > data->d_size || size > data->d_size - offset)
		return false;
	*part = (struct mu_elf_section){ sections[number], (char *)data->d_buf + offset, size };
	return true;
}

static int take_unit(Elf *elf, uint64_t id)
{
	struct mu_elf_section part[17];
	struct index index;
	uint32_t row, nr = 0;
	Elf_Data *strings;

	row = read_index(elf, &index) ? find_row(&index, id) : 0;
	if (!row)
		return -1;
	for (uint32_t column = 0; column < index.columns; column++)
		nr += read_part(elf, &index, row, column, &part[nr]);
	strings = mu_elf_find_section(elf, ".debug_str.dwo");
	if (strings && strings->d_buf && strings->d_size <= STRINGS_MAX)
		part[nr++] = (struct mu_elf_section){ ".debug_str.dwo", strings->d_buf,
						      strings->d_size };
	return mu_elf_image_new(part, nr);
}

/**
 * mu_dwarf_package_unit() - extract a split unit
 * @fd: the .dwp file
 * @id: id of the unit
 *
 * Return: an open .dwo file in memory, or -1 if there is no such unit.
 */
int mu_dwarf_package_unit(int fd, uint64_t id)
{
	Elf *elf;
	int unit;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	unit = elf ? take_unit(elf, id) : -1;
	elf_end(elf);
	return unit;
}
