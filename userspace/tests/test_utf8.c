// SPDX-License-Identifier: GPL-2.0-only
/* Text of any bytes: what stays, what is escaped, and that the bytes can be recovered. */
#include <stdlib.h>
#include <unistd.h>

#include "mem.h"
#include "tap.h"
#include "text.h"
#include "utf8.h"

static void check_text(const char *bytes, const char *wanted, const char *claim)
{
	char *text = mu_utf8_escape(bytes);
	char *back = mu_zalloc(strlen(text) + 1);

	is_text(text, wanted, claim);
	tap_ok(mu_unescape(back, text) && !strcmp(back, bytes), "and the bytes can be recovered");
	free(back);
	free(text);
}

static void test_kept(void)
{
	check_text("", "", "no bytes are no text");
	check_text("app::put(char const*) [x];\"<&>", "app::put(char const*) [x];\"<&>",
		   "printable ASCII stays");
	check_text("gr\303\266\303\237e \342\202\254 \360\237\230\200",
		   "gr\303\266\303\237e \342\202\254 \360\237\230\200",
		   "characters of two, three and four bytes stay");
	check_text("\302\240\355\237\277\356\200\200\364\217\277\277",
		   "\302\240\355\237\277\356\200\200\364\217\277\277",
		   "so do those beside what is escaped");
}

static void test_escaped(void)
{
	check_text("a\nb\tc\033[2J\177", "a\\012b\\011c\\033[2J\\177",
		   "control characters are escaped");
	check_text("a\\b\\012", "a\\134b\\134012", "so is a backslash");
	check_text("\302\205\302\237", "\\302\\205\\302\\237",
		   "so are Unicode's control characters");
	check_text("\377\376a\200", "\\377\\376a\\200", "bytes that no character has are escaped");
	check_text("\300\257\340\200\257\360\200\200\257",
		   "\\300\\257\\340\\200\\257\\360\\200\\200\\257",
		   "so are characters with more bytes than they need");
	check_text("\355\240\200\355\277\277", "\\355\\240\\200\\355\\277\\277",
		   "so are surrogates");
	check_text("\364\220\200\200\365\200\200\200", "\\364\\220\\200\\200\\365\\200\\200\\200",
		   "so are code points above the last one");
	check_text("\357\277\276\357\277\277", "\\357\\277\\276\\357\\277\\277",
		   "so are the code points that XML forbids");
	check_text("\342\202", "\\342\\202", "a character that is cut off is escaped");
	check_text("\303(\342\202(", "\\303(\\342\\202(", "and what follows it is kept");
}

static void test_again(void)
{
	char *text = mu_utf8_reescape("gr\\303\\266\\303\\237e\\040\\012\\377\\134");

	is_text(text, "gr\303\266\303\237e \\012\\377\\134",
		"a name that was escaped is escaped anew");
	free(text);
	text = mu_utf8_reescape("broken\\9");
	is_text(text, "broken\\1349", "a name that is not escaped properly is taken as it is");
	free(text);
}

int main(void)
{
	test_kept();
	test_escaped();
	test_again();
	return done_testing();
}
