// SPDX-License-Identifier: GPL-2.0-only
/* Text and numbers in XML and HTML. */
#include "export_markup.h"

#include <stdlib.h>

#include "tap.h"

static void is_written(void (*write)(FILE *out, const char *text), const char *text,
		       const char *wanted, const char *claim)
{
	size_t size;
	char *got = NULL;
	FILE *out = open_memstream(&got, &size);

	write(out, text);
	fclose(out);
	is_text(got, wanted, claim);
	free(got);
}

static void cut_to_5(FILE *out, const char *text)
{
	mu_markup_cut(out, text, 5);
}

static void cut_to_2(FILE *out, const char *text)
{
	mu_markup_cut(out, text, 2);
}

int main(void)
{
	is_written(mu_markup_text, "<a href=\"x\" id='y'>&amp;]]>",
		   "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;]]&gt;",
		   "what is special in XML and HTML is escaped");
	is_written(mu_markup_bytes, "\x01<\xff\xc3\xa9", "\\001&lt;\\377\xc3\xa9",
		   "so are bytes that are no text");
	is_written(cut_to_5, "12345", "12345", "a text that fits is whole");
	is_written(cut_to_5, "123456", "1234\xe2\x80\xa6", "of another, the start and an ellipsis");
	is_written(cut_to_5, "\xc3\xa9\xc3\xa9<\xc3\xa9\xc3\xa9\xc3\xa9",
		   "\xc3\xa9\xc3\xa9&lt;\xc3\xa9\xe2\x80\xa6", "characters are not cut");
	is_written(cut_to_5, "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2",
		   "\xe6\xbc\xa2\xe6\xbc\xa2\xe2\x80\xa6", "wide characters count twice");
	is_written(cut_to_5, "\\377\\377", "\\377\xe2\x80\xa6", "escapes are characters, too");
	is_written(cut_to_2, "12345", "", "nothing is in a place that is too small");
	is_text(mu_digits(0).text, "0", "0 is a number");
	is_text(mu_digits(999).text, "999", "up to three digits are one group");
	is_text(mu_digits(18446744073709551615ULL).text, "18,446,744,073,709,551,615",
		"the largest number is whole");
	is_text(mu_signed_digits(18446744073709551615ULL, 0).text, "+18,446,744,073,709,551,615",
		"so is the largest growth");
	is_text(mu_signed_digits(1000, 2234).text, "-1,234", "a difference may be negative");
	is_text(mu_signed_digits(7, 7).text, "0", "or 0");
	return done_testing();
}
