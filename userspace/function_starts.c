// SPDX-License-Identifier: GPL-2.0-only
/*
 * Start addresses of functions, from .eh_frame.
 *
 * A stripped object keeps the symbols of its exported functions, and libdwfl returns a symbol
 * without a size for all code behind it. Unwind entries are not stripped, and compilers emit at
 * least one for each function, so that they show where another function starts. Depends on
 * libelf and libdw.
 */
#include "function_starts.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

struct mu_function_starts {
	uint64_t *start;
	size_t nr, capacity;
};

/* The contents of .eh_frame, and its address. */
struct frames {
	unsigned char *ident;
	Elf_Data *data;
	uint64_t address;
};

static bool find_by_section(Elf *elf, struct frames *frames)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	while ((section = elf_nextscn(elf, section))) {
		const char *name;

		if (!gelf_getshdr(section, &header))
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (!name || strcmp(name, ".eh_frame"))
			continue;
		/* In a separate debug file the section has no contents. */
		frames->address = header.sh_addr;
		frames->data = header.sh_type == SHT_NOBITS ? NULL : elf_rawdata(section, NULL);
		return true;
	}
	return false;
}

static bool find_segment(Elf *elf, uint32_t type, uint64_t address, GElf_Phdr *found)
{
	size_t nr;

	if (elf_getphdrnum(elf, &nr))
		return false;
	for (size_t i = 0; i < nr; i++)
		if (gelf_getphdr(elf, i, found) && found->p_type == type &&
		    (type != PT_LOAD || address - found->p_vaddr < found->p_filesz))
			return true;
	return false;
}

/* Without section headers: .eh_frame_hdr has the address of .eh_frame, which a zero entry ends. */
static void find_by_segment(Elf *elf, struct frames *frames)
{
	GElf_Phdr header, load;
	Elf_Data *data;
	int32_t distance;
	uint64_t skip;

	if (!find_segment(elf, PT_GNU_EH_FRAME, 0, &header) || header.p_filesz < 8)
		return;
	data = elf_getdata_rawchunk(elf, header.p_offset, 8, ELF_T_BYTE);
	if (!data || ((unsigned char *)data->d_buf)[1] != (DW_EH_PE_pcrel | DW_EH_PE_sdata4))
		return;
	memcpy(&distance, (char *)data->d_buf + 4, sizeof(distance));
	frames->address = header.p_vaddr + 4 + distance;
	if (!find_segment(elf, PT_LOAD, frames->address, &load))
		return;
	skip = frames->address - load.p_vaddr;
	frames->data = elf_getdata_rawchunk(elf, load.p_offset + skip, load.p_filesz - skip,
					    ELF_T_BYTE);
}

static size_t pointer_size(uint8_t encoding)
{
	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		return 8;
	case DW_EH_PE_udata4:
	case DW_EH_PE_sdata4:
		return 4;
	default:
		return 0;
	}
}

/* Handles the pointer encodings of compilers and assemblers, no others. */
static bool read_start(const struct frames *frames, const Dwarf_FDE *fde, uint8_t encoding,
		       uint64_t *start)
{
	size_t size = pointer_size(encoding);
	uint8_t base = encoding & 0xf0;
	uint32_t word;

	if (!size || (base != DW_EH_PE_absptr && base != DW_EH_PE_pcrel) ||
	    (size_t)(fde->end - fde->start) < size)
		return false;
	if (size == 8) {
		memcpy(start, fde->start, size);
	} else {
		memcpy(&word, fde->start, size);
		*start = (encoding & 0x0f) == DW_EH_PE_sdata4 ? (uint64_t)(int32_t)word : word;
	}
	if (base == DW_EH_PE_pcrel)
		*start += frames->address + (fde->start - (uint8_t *)frames->data->d_buf);
	return true;
}

/* Return: the pointer encoding of the FDEs of a CIE, DW_EH_PE_omit if it cannot be read. */
static uint8_t read_encoding(const struct frames *frames, Dwarf_Off offset)
{
	const uint8_t *data;
	Dwarf_CFI_Entry entry;
	Dwarf_Off next;

	if (dwarf_next_cfi(frames->ident, frames->data, true, offset, &next, &entry) ||
	    !dwarf_cfi_cie_p(&entry))
		return DW_EH_PE_omit;
	if (entry.cie.augmentation[0] != 'z')
		return DW_EH_PE_absptr;
	data = entry.cie.augmentation_data;
	for (const char *letter = entry.cie.augmentation + 1; *letter; letter++) {
		if (data >= entry.cie.augmentation_data + entry.cie.augmentation_data_size)
			return DW_EH_PE_omit;
		if (*letter == 'R')
			return *data;
		if (*letter == 'P')
			data += 1 + pointer_size(*data);
		else if (*letter == 'L')
			data++;
	}
	return DW_EH_PE_absptr;
}

static void read_frames(struct mu_function_starts *starts, const struct frames *frames)
{
	Dwarf_Off offset = 0, next = 0, cie = (Dwarf_Off)-1;
	uint8_t encoding = DW_EH_PE_omit;
	Dwarf_CFI_Entry entry;
	uint64_t start;

	for (; !dwarf_next_cfi(frames->ident, frames->data, true, offset, &next, &entry) &&
	       next > offset;
	     offset = next) {
		if (dwarf_cfi_cie_p(&entry))
			continue;
		if (entry.fde.CIE_pointer != cie) {
			cie = entry.fde.CIE_pointer;
			encoding = read_encoding(frames, cie);
		}
		if (!read_start(frames, &entry.fde, encoding, &start))
			continue;
		starts->start = mu_grow(starts->start, starts->nr, &starts->capacity,
					sizeof(start));
		starts->start[starts->nr++] = start;
	}
}

static int compare_starts(const void *a, const void *b)
{
	const uint64_t *x = a;
	const uint64_t *y = b;

	return *x < *y ? -1 : *x > *y;
}

/**
 * mu_function_starts_new() - read the start addresses of the functions of an object
 * @elf: the object
 *
 * Return: the table, to be freed, or NULL if there is no readable .eh_frame.
 */
struct mu_function_starts *mu_function_starts_new(Elf *elf)
{
	struct frames frames = { .ident = (unsigned char *)elf_getident(elf, NULL) };
	struct mu_function_starts *starts;

	if (!frames.ident)
		return NULL;
	if (!find_by_section(elf, &frames))
		find_by_segment(elf, &frames);
	if (!frames.data || !frames.data->d_buf)
		return NULL;
	starts = mu_zalloc(sizeof(*starts));
	read_frames(starts, &frames);
	if (starts->nr)
		qsort(starts->start, starts->nr, sizeof(*starts->start), compare_starts);
	return starts;
}

/**
 * mu_function_starts_free() - free a table
 * @starts: the table; may be NULL
 */
void mu_function_starts_free(struct mu_function_starts *starts)
{
	if (!starts)
		return;
	free(starts->start);
	free(starts);
}

/**
 * mu_function_starts_between() - check whether another function starts behind a symbol
 * @starts: the table; may be NULL
 * @symbol: address of the symbol in the file
 * @address: an address behind it
 *
 * Return: true if a function starts behind @symbol, at or before @address, so that @address does
 * not belong to @symbol.
 */
bool mu_function_starts_between(const struct mu_function_starts *starts, uint64_t symbol,
				uint64_t address)
{
	size_t low = 0, high = starts ? starts->nr : 0;

	/* Find the first function behind the symbol. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (starts->start[middle] <= symbol)
			low = middle + 1;
		else
			high = middle;
	}
	return starts && low < starts->nr && starts->start[low] <= address;
}
