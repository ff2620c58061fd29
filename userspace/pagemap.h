/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's interface of /proc/PID/pagemap, which older headers do not have. */
#ifndef MU_PAGEMAP_H
#define MU_PAGEMAP_H

#include <linux/fs.h>
#include <linux/types.h>

#define ENTRY_SOFT_DIRTY (1UL << 55)
#define ENTRY_FILE (1UL << 61)
#define ENTRY_SWAPPED (1UL << 62)
#define ENTRY_PRESENT (1UL << 63)

#ifndef PAGEMAP_SCAN

#define PAGEMAP_SCAN _IOWR('f', 16, struct pm_scan_arg)

#define PAGE_IS_FILE (1 << 2)
#define PAGE_IS_PRESENT (1 << 3)
#define PAGE_IS_SWAPPED (1 << 4)
#define PAGE_IS_PFNZERO (1 << 5)

struct page_region {
	__u64 start;
	__u64 end;
	__u64 categories;
};

struct pm_scan_arg {
	__u64 size;
	__u64 flags;
	__u64 start;
	__u64 end;
	__u64 walk_end;
	__u64 vec;
	__u64 vec_len;
	__u64 max_pages;
	__u64 category_inverted;
	__u64 category_mask;
	__u64 category_anyof_mask;
	__u64 return_mask;
};

#endif

#ifndef PAGE_IS_SOFT_DIRTY
#define PAGE_IS_SOFT_DIRTY (1 << 7)
#endif

#endif
