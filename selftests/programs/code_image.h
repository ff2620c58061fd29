/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small ELF image of code with unwind data, made while the program runs: for those who allocate
 * from code that nobody has seen.
 *
 * Its headers lie at the begin of the file, .eh_frame_hdr and the code where all of them have
 * them.  What the frames are and where is up to the maker (Linux Standard Base, 10.6).
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

/* .eh_frame_hdr that says where the frames are, and has neither count nor table. */
struct code_image_header {
	unsigned char version, pointer, count, table;
	int frames; /* from here */
};

/* Of a file of @size bytes. */
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

/* Frames that begin at @at: "pcrel sdata4", and twice "left out". */
static inline struct code_image_header code_image_header(size_t at)
{
	return (struct code_image_header){ 1, 0x1b, 0xff, 0xff, at - CODE_IMAGE_HEADER_AT - 4 };
}

#endif
