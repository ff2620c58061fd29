/* SPDX-License-Identifier: GPL-2.0-only */
/* types.h: the parts of the kernel's header that the module's pure files use, for the host. */
#ifndef MLU_SHIM_TYPES_H
#define MLU_SHIM_TYPES_H

/* The C library's headers need the real one, too. */
#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
/* long long as in the kernel, so that formats and min() agree. */
typedef unsigned long long u64;
typedef long long s64;

#define __packed __attribute__((__packed__))

#define U8_MAX UINT8_MAX
#define U16_MAX UINT16_MAX
#define S16_MIN INT16_MIN
#define S16_MAX INT16_MAX
#define U32_MAX UINT32_MAX
#define S32_MIN INT32_MIN
#define S32_MAX INT32_MAX
#define U64_MAX ((u64)~0ULL)
#define S64_MIN ((s64)INT64_MIN)

#define fallthrough __attribute__((__fallthrough__))
#define noinline __attribute__((__noinline__))

#endif /* MLU_SHIM_TYPES_H */
