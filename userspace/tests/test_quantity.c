// SPDX-License-Identifier: GPL-2.0-only
/* Sizes and times with units, and the format of ages. */
#include <stdint.h>
#include <stdlib.h>

#include "mem.h"
#include "quantity.h"
#include "tap.h"

static void is_size(const char *text, bool wanted, uint64_t bytes)
{
	char *claim = mu_format("\"%s\" is %s", text, wanted ? "a size" : "not a size");
	uint64_t got = 0;
	bool good = mu_parse_size(text, &got);

	tap_ok(good == wanted && (!good || got == bytes), claim);
	free(claim);
}

static void test_size(void)
{
	is_size("0", true, 0);
	is_size("4096", true, 4096);
	is_size("4k", true, 4096);
	is_size("4K", true, 4096);
	is_size("3m", true, 3145728);
	is_size("2g", true, 2147483648);
	is_size("18446744073709551615", true, UINT64_MAX);
	is_size("17179869183g", true, 18446744072635809792ULL);
	is_size("17179869184g", false, 0);
	is_size("k", false, 0);
	is_size("", false, 0);
	is_size("1kb", false, 0);
	is_size("1 k", false, 0);
	is_size("-1k", false, 0);
	is_size("1.5k", false, 0);
	is_size("1ms", false, 0);
}

static void is_time(const char *text, uint64_t bare_ms, bool wanted, uint64_t ms)
{
	char *claim = mu_format("\"%s\" is %s", text, wanted ? "a time" : "not a time");
	uint64_t got = 0;
	bool good = mu_parse_time(text, bare_ms, &got);

	tap_ok(good == wanted && (!good || got == ms), claim);
	free(claim);
}

static void test_time(void)
{
	is_time("5", 1, true, 5);
	is_time("5", 1000, true, 5000);
	is_time("5ms", 1000, true, 5);
	is_time("5s", 1, true, 5000);
	is_time("5m", 1, true, 300000);
	is_time("0", 1000, true, 0);
	is_time("18446744073709551615", 1000, false, 0);
	is_time("5k", 1, false, 0);
	is_time("5h", 1, false, 0);
	is_time("ms", 1, false, 0);
}

static void are_ages(uint64_t min, uint64_t max, const char *wanted)
{
	char *claim = mu_format("%ju to %ju ms are shown in one unit", (uintmax_t)min,
				(uintmax_t)max);
	char text[MU_AGES_MAX];

	mu_format_ages(text, min, max);
	is_text(text, wanted, claim);
	free(claim);
}

static void test_ages(void)
{
	are_ages(0, 0, "0..0 ms");
	are_ages(3, 999, "3..999 ms");
	are_ages(3, 1000, "0.0..1.0 s");
	are_ages(512, 12399, "0.5..12.3 s");
	are_ages(599000, 599999, "599.0..599.9 s");
	are_ages(180000, 600000, "3..10 min");
	are_ages(59999, 35999999, "0..599 min");
	are_ages(5400000, 36000000, "1.5..10.0 h");
	are_ages(UINT64_MAX, UINT64_MAX, "5124095576030.4..5124095576030.4 h");
}

static void is_size_change(uint64_t from, uint64_t to, const char *wanted)
{
	char text[MU_SIZE_CHANGE_MAX];

	mu_format_size_change(text, from, to);
	is_text(text, wanted, "a change of a size is shown in KiB or MiB");
}

static void test_size_changes(void)
{
	is_size_change(0, 0, "+0 KiB");
	is_size_change(512, 0, "-1 KiB");
	is_size_change(0, (10 << 20) - 1, "+10240 KiB");
	is_size_change(0, 10 << 20, "+10 MiB");
	is_size_change(UINT64_MAX, 0, "-17592186044416 MiB");
}

int main(void)
{
	test_size();
	test_time();
	test_ages();
	test_size_changes();
	return done_testing();
}
