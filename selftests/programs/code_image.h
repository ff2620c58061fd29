/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fixed parts of a small ELF image of code with unwind data, which a program makes at run time
 * in order to allocate from code that the module has not seen before.
 *
 * The headers are at the start of the file, .eh_frame_hdr and the code at the offsets below. The
 * user of this file writes .eh_frame (Linux Standard Base, 10.6) and decides where it is.
 */
#ifndef CODE_IMAGE_H
#define CODE_IMAGE_H

#include <elf.h>

#define CODE_IMAGE_PAGE 4096ul
#define CODE_IMAGE_HEADER_AT 256
#define CODE_IMAGE_CODE_AT 512

struct code_image {
	Elf64_Ehdr head;
	Elf64_Phdr load, header;
};

/* .eh_frame_hdr without a table. */
struct code_image_header {
	unsigned char version, pointer, count, table;
	int frames; /* address of .eh_frame, relative to this field */
};

/* The headers of a file of @size bytes. */
static inline struct code_image code_image(size_t size)
{
	return (struct code_image){
		.head = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				     EV_CURRENT },
			.e_type = ET_DYN,
			.e_machine = EM_X86_64,
			.e_phoff = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 2,
		},
		.load = { .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_filesz = size,
			  .p_memsz = size },
		.header = { .p_type = PT_GNU_EH_FRAME, .p_flags = PF_R,
			    .p_offset = CODE_IMAGE_HEADER_AT, .p_vaddr = CODE_IMAGE_HEADER_AT,
			    .p_filesz = sizeof(struct code_image_header),
			    .p_memsz = sizeof(struct code_image_header) },
	};
}

/* .eh_frame is at @at. The encodings are: pcrel sdata4 for its address, count and table omitted. */
static inline struct code_image_header code_image_header(size_t at)
{
	return (struct code_image_header){ 1, 0x1b, 0xff, 0xff, at - CODE_IMAGE_HEADER_AT - 4 };
}

#endif
