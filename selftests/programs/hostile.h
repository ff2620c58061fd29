/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ELF images of code with unwind data, for hostile and late. There is one image at a time, which is
 * built in memory entry by entry. The functions write sane entries; a case then changes what it
 * wants.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stddef.h>

#include "code_image.h"

#define FRAMES_AT CODE_IMAGE_PAGE

/* The image, and the offset of its next entry. */
extern unsigned char *image;
extern size_t used;

/*
 * image_init() allocates memory for @size bytes of entries. An image is begin_image(), entries,
 * end_image(), and may be built as often as needed.
 */
void image_init(size_t size);
void begin_image(void);
void end_image(void);
Elf64_Phdr *load_of_image(void);
Elf64_Phdr *header_of_image(void);

/*
 * Write the image to a new file, map its first page as executable, by the system call because
 * mmap() may be probed, and call malloc from its code.
 */
int write_image(const char *path);
unsigned char *map_image(int fd);
void *call_image(unsigned char *mapped, size_t size);

/* Append bytes; ours() appends a whole FDE of the image's code with these operations. */
void byte(unsigned char value);
void repeat(unsigned char value, size_t n);
void ours(size_t of, const unsigned char *ops, size_t n);

/*
 * Append entries. An entry is identified by the offset of its start, which is passed as @of to
 * refer to a CIE, and to close_entry(), which pads an entry and sets its length. cie() appends a
 * sane CIE; open_ours() an FDE of the image's code up to its operations, open_fde() one of other
 * code.
 */
size_t open_cie(const char *augmentation);
size_t cie(void);
size_t open_fde(size_t of, size_t start, size_t len);
size_t open_ours(size_t of);
void close_entry(size_t begin);

/* A whole FDE of the image's code. */
#define fde(of, ...)                                     \
	ours(of, (const unsigned char[]){ __VA_ARGS__ }, \
	     sizeof((const unsigned char[]){ __VA_ARGS__ }))

#define ROW_AT_CALL 0x44, 0x0e, 32 /* from the 4th byte of the code on: CFA = rsp + 32 */

/* The cases are called between begin_image() and end_image(). The first is a sane image. */
extern void (*const hostile_cases[])(void);
extern const size_t nr_hostile_cases;

void sane(void);
void reads_what_is_no_address(void);

#endif
