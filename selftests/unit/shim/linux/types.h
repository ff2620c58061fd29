/* SPDX-License-Identifier: GPL-2.0-only */
/* types.h: what the pure files use of the kernel's header, for the host. */
#ifndef MLU_SHIM_TYPES_H
#define MLU_SHIM_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef int8_t s8;
typedef int32_t s32;
/* As wide as the kernel's, which are long long, so that formats and min() agree. */
typedef unsigned long long u64;
typedef long long s64;

#define U64_MAX ((u64)~0ULL)

#endif /* MLU_SHIM_TYPES_H */
