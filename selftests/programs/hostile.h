/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Images of code for hostile and late: they are built in one piece of memory, entry by entry, with
 * what is sane as the default; a case makes of that what it likes.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stddef.h>

#include "code_image.h"

#define FRAMES_AT CODE_IMAGE_PAGE

/* An image, and where its next entry goes. */
extern unsigned char *image;
extern size_t used;

/* Room for @size bytes of entries; then as often as one likes: begin, entries, end. */
void image_init(size_t size);
void begin_image(void);
void end_image(void);
Elf64_Phdr *load_of_image(void);
Elf64_Phdr *header_of_image(void);

/* An image that has ended, in a new file, and its code, mapped so that nobody counts it. */
int write_image(const char *path);
unsigned char *map_image(int fd);
void *call_image(unsigned char *mapped, size_t size);

/* What an entry is made of. */
void byte(unsigned char value);
void repeat(unsigned char value, size_t n);
void ours(size_t of, const unsigned char *ops, size_t n);

/*
 * Entries: the place where they begin is their name for those that need them, and for
 * close_entry(), which pads and measures them.  cie() has the sane one; open_ours() an FDE of the
 * image's code up to its operations, open_fde() one of any other code.
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

#define ROW_AT_CALL 0x44, 0x0e, 32 /* 4 bytes on: the CFA is 32 bytes up */

/* The cases: each is called between begin and end.  The first is a sane one. */
extern void (*const hostile_cases[])(void);
extern const size_t nr_hostile_cases;

void sane(void);
void reads_what_is_no_address(void);

#endif
