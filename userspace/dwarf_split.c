// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding split units without trusting the paths in an object.
 *
 * libdw can open a .dwo file by itself, by the path that stands in the skeleton unit. That path may
 * lead anywhere, and as root merely to open a device does something. So the file is opened here,
 * with care, and libdw gets a skeleton unit made here, which names the open file by its number.
 * The two are paired by an id of 64 bits.
 */
#include "dwarf_split.h"

#include <dwarf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf_image.h"
#include "mem.h"
#include "dwarf_package.h"

/* What is known of a skeleton unit. */
struct skeleton {
	Dwarf_Half version;
	uint64_t id;
	const char *name, *directory;
	Dwarf_Addr low_pc;
	struct mu_elf_section addresses, ranges;
};

static const char *string_of(Dwarf_Die *die, unsigned int name, unsigned int old_name)
{
	Dwarf_Attribute attr;

	if (!dwarf_attr(die, name, &attr) && !dwarf_attr(die, old_name, &attr))
		return NULL;
	return dwarf_formstring(&attr);
}

/* What follows the unit's base in a section that the units share. */
static struct mu_elf_section rest_of(Dwarf_Die *die, const char *section, unsigned int name,
				     unsigned int old_name)
{
	struct mu_elf_section rest = { .name = section };
	Elf_Data *data = mu_elf_section(dwarf_getelf(dwarf_cu_getdwarf(die->cu)), section);
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
	s->name = string_of(die, DW_AT_dwo_name, DW_AT_GNU_dwo_name);
	s->directory = string_of(die, DW_AT_comp_dir, DW_AT_comp_dir);
	if (dwarf_lowpc(die, &s->low_pc))
		s->low_pc = 0;
	s->addresses = rest_of(die, ".debug_addr", DW_AT_addr_base, DW_AT_GNU_addr_base);
	s->ranges = rest_of(die, ".debug_ranges", DW_AT_GNU_ranges_base, DW_AT_GNU_ranges_base);
	return s->name;
}

/* === The skeleton for libdw === */

struct bytes {
	uint8_t at[256];
	size_t nr;
};

static void put(struct bytes *bytes, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes->at[bytes->nr++] = value >> (8 * i);
}

static void put_leb(struct bytes *bytes, unsigned int value)
{
	while (value > 0x7f) {
		put(bytes, (value & 0x7f) | 0x80, 1);
		value >>= 7;
	}
	put(bytes, value, 1);
}

static void put_attribute(struct bytes *abbrev, unsigned int name, unsigned int form)
{
	put_leb(abbrev, name);
	put_leb(abbrev, form);
}

static void put_head(struct bytes *info, const struct skeleton *s)
{
	put(info, 0, 4); /* the length, set at the end */
	put(info, s->version, 2);
	if (s->version >= 5) {
		put(info, DW_UT_skeleton, 1);
		put(info, 8, 1);
		put(info, 0, 4);
		put(info, s->id, 8);
	} else {
		put(info, 0, 4);
		put(info, 8, 1);
	}
}

static void put_unit(struct bytes *abbrev, struct bytes *info, const struct skeleton *s, int fd)
{
	bool old = s->version < 5;
	char path[32];

	put_head(info, s);
	put_leb(abbrev, 1);
	put_leb(abbrev, old ? DW_TAG_compile_unit : DW_TAG_skeleton_unit);
	put(abbrev, DW_CHILDREN_no, 1);
	put_leb(info, 1);
	put_attribute(abbrev, old ? DW_AT_GNU_dwo_name : DW_AT_dwo_name, DW_FORM_string);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (size_t i = 0; i <= strlen(path); i++)
		put(info, path[i], 1);
	put_attribute(abbrev, DW_AT_low_pc, DW_FORM_addr);
	put(info, s->low_pc, 8);
	put_attribute(abbrev, old ? DW_AT_GNU_addr_base : DW_AT_addr_base, DW_FORM_sec_offset);
	put(info, 0, 4);
	if (old) {
		put_attribute(abbrev, DW_AT_GNU_ranges_base, DW_FORM_sec_offset);
		put(info, 0, 4);
		put_attribute(abbrev, DW_AT_GNU_dwo_id, DW_FORM_data8);
		put(info, s->id, 8);
	}
	put(abbrev, 0, 3);
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

/* === Pairing === */

/* Takes fd, a .dwo file. */
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

/* DIRECTORY/NAME, where directory may be left out, as a path in itself. */
static char *join(const char *directory, size_t len, const char *name)
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

bool mu_dwarf_split_open(const struct mu_dwarf_split_files *files, Dwarf_Die *skeleton,
			 struct mu_dwarf_split *split)
{
	const char *slash = strrchr(files->object, '/');
	struct skeleton s = { .id = 0 };

	if (!read_skeleton(skeleton, &s))
		return false;
	if (try_package(files, &s, split))
		return true;
	if (slash && try_file(files, &s, join(files->object, slash - files->object, s.name), split))
		return true;
	return s.directory &&
	       try_file(files, &s, join(s.directory, strlen(s.directory), s.name), split);
}

void mu_dwarf_split_close(struct mu_dwarf_split *split)
{
	if (split->skeleton)
		dwarf_end(split->skeleton);
	if (split->fd >= 0)
		close(split->fd);
	*split = (struct mu_dwarf_split){ .fd = -1 };
}
