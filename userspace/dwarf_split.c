// SPDX-License-Identifier: GPL-2.0-only
/*
 * Split debug information: the part of a unit that is in a .dwo or .dwp file.
 *
 * libdw would open a .dwo file by itself, at the path in the skeleton unit. That path is not
 * trusted: it may lead anywhere, and opening a device as root has side effects. So the file is
 * opened here, by the caller's function, and libdw gets a new skeleton unit whose path is
 * /proc/self/fd/N. The skeleton and the split unit are matched by a 64-bit id.
 *
 * Depends on elf_image.c to write the skeleton unit, and on dwarf_package.c.
 */
#include "dwarf_split.h"

#include <dwarf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dwarf_package.h"
#include "elf_image.h"
#include "mem.h"

struct skeleton {
	Dwarf_Half version;
	uint64_t id;
	const char *name, *directory;
	Dwarf_Addr low_pc;
	struct mu_elf_section addresses, ranges;
};

static const char *read_string(Dwarf_Die *die, unsigned int name, unsigned int old_name)
{
	Dwarf_Attribute attr;

	if (!dwarf_attr(die, name, &attr) && !dwarf_attr(die, old_name, &attr))
		return NULL;
	return dwarf_formstring(&attr);
}

/* Get a section that all units share, from the base of this unit on. */
static struct mu_elf_section read_section(Dwarf_Die *die, const char *section, unsigned int name,
					  unsigned int old_name)
{
	struct mu_elf_section rest = { .name = section };
	Elf_Data *data = mu_elf_find_section(dwarf_getelf(dwarf_cu_getdwarf(die->cu)), section);
	Dwarf_Attribute attr;
	Dwarf_Word base = 0;

	if (dwarf_attr(die, name, &attr) || dwarf_attr(die, old_name, &attr))
		dwarf_formudata(&attr, &base);
	if (data && data->d_buf && base < data->d_size) {
		rest.bytes = (char *)data->d_buf + base;
		rest.size = data->d_size - base;
	}
	return rest;
}

static bool read_skeleton(Dwarf_Die *die, struct skeleton *s)
{
	uint8_t type;

	if (dwarf_cu_info(die->cu, &s->version, &type, NULL, NULL, &s->id, NULL, NULL) ||
	    type != DW_UT_skeleton)
		return false;
	s->name = read_string(die, DW_AT_dwo_name, DW_AT_GNU_dwo_name);
	s->directory = read_string(die, DW_AT_comp_dir, DW_AT_comp_dir);
	if (dwarf_lowpc(die, &s->low_pc))
		s->low_pc = 0;
	s->addresses = read_section(die, ".debug_addr", DW_AT_addr_base, DW_AT_GNU_addr_base);
	s->ranges = read_section(die, ".debug_ranges", DW_AT_GNU_ranges_base,
				 DW_AT_GNU_ranges_base);
	return s->name;
}

/* === Writing the skeleton unit for libdw === */

struct bytes {
	uint8_t at[256];
	size_t nr;
};

static void put_value(struct bytes *bytes, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes->at[bytes->nr++] = value >> (8 * i);
}

static void put_leb(struct bytes *bytes, unsigned int value)
{
	while (value > 0x7f) {
		put_value(bytes, (value & 0x7f) | 0x80, 1);
		value >>= 7;
	}
	put_value(bytes, value, 1);
}

static void put_attribute(struct bytes *abbrev, unsigned int name, unsigned int form)
{
	put_leb(abbrev, name);
	put_leb(abbrev, form);
}

static void put_head(struct bytes *info, const struct skeleton *s)
{
	put_value(info, 0, 4); /* the length, set by put_unit() */
	put_value(info, s->version, 2);
	if (s->version >= 5) {
		put_value(info, DW_UT_skeleton, 1);
		put_value(info, 8, 1);
		put_value(info, 0, 4);
		put_value(info, s->id, 8);
	} else {
		put_value(info, 0, 4);
		put_value(info, 8, 1);
	}
}

static void put_unit(struct bytes *abbrev, struct bytes *info, const struct skeleton *s, int fd)
{
	bool old = s->version < 5;
	char path[32];

	put_head(info, s);
	put_leb(abbrev, 1);
	put_leb(abbrev, old ? DW_TAG_compile_unit : DW_TAG_skeleton_unit);
	put_value(abbrev, DW_CHILDREN_no, 1);
	put_leb(info, 1);
	put_attribute(abbrev, old ? DW_AT_GNU_dwo_name : DW_AT_dwo_name, DW_FORM_string);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (size_t i = 0; i <= strlen(path); i++)
		put_value(info, path[i], 1);
	put_attribute(abbrev, DW_AT_low_pc, DW_FORM_addr);
	put_value(info, s->low_pc, 8);
	put_attribute(abbrev, old ? DW_AT_GNU_addr_base : DW_AT_addr_base, DW_FORM_sec_offset);
	put_value(info, 0, 4);
	if (old) {
		put_attribute(abbrev, DW_AT_GNU_ranges_base, DW_FORM_sec_offset);
		put_value(info, 0, 4);
		put_attribute(abbrev, DW_AT_GNU_dwo_id, DW_FORM_data8);
		put_value(info, s->id, 8);
	}
	put_value(abbrev, 0, 3);
	info->at[0] = info->nr - 4;
}

static int make_skeleton(const struct skeleton *s, int fd)
{
	struct bytes abbrev = { .nr = 0 }, info = { .nr = 0 };
	struct mu_elf_section sections[4] = {
		{ ".debug_abbrev", abbrev.at, 0 },
		{ ".debug_info", info.at, 0 },
	};
	size_t nr = 2;

	put_unit(&abbrev, &info, s, fd);
	sections[0].size = abbrev.nr;
	sections[1].size = info.nr;
	if (s->addresses.size)
		sections[nr++] = s->addresses;
	if (s->ranges.size)
		sections[nr++] = s->ranges;
	return mu_elf_image_new(sections, nr);
}

/* === Finding the split unit === */

/* Takes ownership of fd, a .dwo file. */
static bool pair_with(const struct skeleton *s, int fd, struct mu_dwarf_split *split)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	uint8_t type;

	*split = (struct mu_dwarf_split){ .fd = fd >= 0 ? make_skeleton(s, fd) : -1 };
	if (split->fd >= 0)
		split->skeleton = dwarf_begin(split->fd, DWARF_C_READ);
	if (split->skeleton &&
	    !dwarf_get_units(split->skeleton, NULL, &cu, NULL, &type, &die, &split->die) &&
	    type == DW_UT_skeleton && split->die.addr) {
		close(fd);
		return true;
	}
	mu_dwarf_split_close(split);
	if (fd >= 0)
		close(fd);
	return false;
}

/* Return: DIRECTORY/NAME, or NAME if it is absolute, to be freed. */
static char *join_path(const char *directory, size_t len, const char *name)
{
	if (name[0] == '/')
		return mu_strndup(name, strlen(name));
	return mu_format("%.*s/%s", (int)len, directory, name);
}

static bool try_file(const struct mu_dwarf_split_files *files, const struct skeleton *s, char *path,
		     struct mu_dwarf_split *split)
{
	bool found = pair_with(s, files->open(files->context, path), split);

	free(path);
	return found;
}

static bool try_package(const struct mu_dwarf_split_files *files, const struct skeleton *s,
			struct mu_dwarf_split *split)
{
	char *path = mu_format("%s.dwp", files->object);
	int package = files->open(files->context, path);
	bool found = false;

	if (package >= 0) {
		found = pair_with(s, mu_dwarf_package_unit(package, s->id), split);
		close(package);
	}
	free(path);
	return found;
}

/**
 * mu_dwarf_split_open() - find the split unit of a skeleton unit
 * @files: where it is searched
 * @skeleton: DIE of the skeleton unit
 * @split: set to the split unit, to be closed
 *
 * Return: false if it was not found.
 */
bool mu_dwarf_split_open(const struct mu_dwarf_split_files *files, Dwarf_Die *skeleton,
			 struct mu_dwarf_split *split)
{
	const char *slash = strrchr(files->object, '/');
	struct skeleton s = { .id = 0 };

	if (!read_skeleton(skeleton, &s))
		return false;
	if (try_package(files, &s, split))
		return true;
	if (slash &&
	    try_file(files, &s, join_path(files->object, slash - files->object, s.name), split))
		return true;
	return s.directory &&
	       try_file(files, &s, join_path(s.directory, strlen(s.directory), s.name), split);
}

/**
 * mu_dwarf_split_close() - close a split unit
 * @split: the split unit; may be closed already
 */
void mu_dwarf_split_close(struct mu_dwarf_split *split)
{
	if (split->skeleton)
		dwarf_end(split->skeleton);
	if (split->fd >= 0)
		close(split->fd);
	*split = (struct mu_dwarf_split){ .fd = -1 };
}
