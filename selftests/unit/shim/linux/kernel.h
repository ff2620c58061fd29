/* SPDX-License-Identifier: GPL-2.0-only */
/* kernel.h: the parts of the kernel's header that the module's pure files use, for the host. */
#ifndef MLU_SHIM_KERNEL_H
#define MLU_SHIM_KERNEL_H

#include <limits.h>
#include <linux/types.h>

/* Comparing the pointers makes mixed types an error, as in the kernel. */
#define min(x, y)                       \
	({                              \
		__typeof__(x) _x = (x); \
		__typeof__(y) _y = (y); \
		(void)(&_x == &_y);     \
		_x < _y ? _x : _y;      \
	})

#define max(x, y)                       \
	({                              \
		__typeof__(x) _x = (x); \
		__typeof__(y) _y = (y); \
		(void)(&_x == &_y);     \
		_x > _y ? _x : _y;      \
	})

#define min_t(type, x, y) min((type)(x), (type)(y))
#define max_t(type, x, y) max((type)(x), (type)(y))

#define clamp_t(type, value, low, high) min_t(type, max_t(type, value, low), high)

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define ALIGN(x, a) (((x) + (a)-1) & ~((__typeof__(x))(a)-1))

/* The square root, rounded down. */
static inline unsigned long int_sqrt(unsigned long x)
{
	unsigned long bit = 1UL << 62, root = 0;

	for (; bit; bit >>= 2) {
		bool set = x >= root + bit;

		if (set)
			x -= root + bit;
		root = (root >> 1) + (set ? bit : 0);
	}
	return root;
}

#endif /* MLU_SHIM_KERNEL_H */
