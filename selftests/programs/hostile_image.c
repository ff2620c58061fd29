// SPDX-License-Identifier: GPL-2.0-only
/* Builds images of code with unwind data, see hostile.h. */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hostile.h"

unsigned char *image;
size_t used;
static size_t image_size;

/* Calls the function in its first argument with its second argument. */
static const unsigned char code[] = {
	0x48, 0x83, 0xec, 24, /* sub $24, %rsp */
	0x48, 0x89, 0xf8,     /* mov %rdi, %rax */
	0x48, 0x89, 0xf7,     /* mov %rsi, %rdi */
	0xff, 0xd0,	      /* call *%rax */
	0x48, 0x83, 0xc4, 24, /* add $24, %rsp */
	0xc3,		      /* ret */
};

void byte(unsigned char value)
{
	if (used == image_size)
		errx(1, "the image does not fit");
	image[used++] = value;
}

static void append_word(unsigned int value)
{
	int i;

	for (i = 0; i < 4; i++)
		byte(value >> 8 * i);
}

static void append_bytes(const void *from, size_t n)
{
	const unsigned char *at = from;

	while (n--)
		byte(*at++);
}

void repeat(unsigned char value, size_t n)
{
	while (n--)
		byte(value);
}

/* Pads the entry that starts at @begin with DW_CFA_nop and sets its length. */
void close_entry(size_t begin)
{
	unsigned int len;

	while ((used - begin) % 4)
		byte(0);
	len = used - begin - 4;
	memcpy(image + begin, &len, 4);
}

size_t open_cie(const char *augmentation)
{
	static const unsigned char rest[] = { 1, 0x78, 16, 1, 0x1b, 0x0c, 7, 8, 0x90, 1 };
	size_t begin = used;

	append_word(0);
	append_word(0);
	byte(1);
	append_bytes(augmentation, strlen(augmentation) + 1);
	/*
	 * Alignment factors 1 and -8, return address in register 16, pcrel sdata4;
	 * CFA = rsp + 8, return address at CFA - 8.
	 */
	append_bytes(rest, sizeof(rest));
	return begin;
}

size_t cie(void)
{
	size_t begin = open_cie("zR");

	close_entry(begin);
	return begin;
}

/* Appends an FDE up to its operations, of @len bytes of code at @start. */
size_t open_fde(size_t of, size_t start, size_t len)
{
	size_t begin = used;

	append_word(0);
	append_word(begin + 4 - of);
	append_word(start - used);
	append_word(len);
	byte(0);
	return begin;
}

size_t open_ours(size_t of)
{
	return open_fde(of, CODE_IMAGE_CODE_AT, sizeof(code));
}

void ours(size_t of, const unsigned char *ops, size_t n)
{
	size_t begin = open_ours(of);

	append_bytes(ops, n);
	close_entry(begin);
}

void image_init(size_t size)
{
	image_size = FRAMES_AT + size;
	image = mmap(NULL, image_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (image == MAP_FAILED)
		err(1, "mmap of an image");
}

Elf64_Phdr *load_of_image(void)
{
	return &((struct code_image *)image)->load;
}

Elf64_Phdr *header_of_image(void)
{
	return &((struct code_image *)image)->header;
}

void begin_image(void)
{
	struct code_image head = code_image(0);
	struct code_image_header header = code_image_header(FRAMES_AT);

	memset(image, 0, used < FRAMES_AT ? FRAMES_AT : used);
	memcpy(image, &head, sizeof(head));
	memcpy(image + CODE_IMAGE_HEADER_AT, &header, sizeof(header));
	memcpy(image + CODE_IMAGE_CODE_AT, code, sizeof(code));
	used = FRAMES_AT;
}

void end_image(void)
{
	append_word(0);
	load_of_image()->p_filesz = used;
	load_of_image()->p_memsz = used;
}

int write_image(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

	if (fd < 0 || write(fd, image, used) != (ssize_t)used)
		err(1, "%s", path);
	return fd;
}

unsigned char *map_image(int fd)
{
	long mapped = syscall(SYS_mmap, NULL, CODE_IMAGE_PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE,
			      fd, 0);

	if (mapped == -1)
		err(1, "mmap of code");
	return (unsigned char *)mapped;
}

/* Calls malloc from the image's code. */
void *call_image(unsigned char *mapped, size_t size)
{
	typeof(void *(void *(*)(size_t), size_t)) *function = (void *)(mapped + CODE_IMAGE_CODE_AT);

	return function(malloc, size);
}
