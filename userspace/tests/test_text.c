// SPDX-License-Identifier: GPL-2.0-only
/* Splitting a command, escaping and unescaping names, parsing numbers. */
#include <stdint.h>
#include <stdlib.h>

#include "mem.h"
#include "tap.h"
#include "text.h"

/* Compares the words of a line, joined by "|", or the reason of an error. */
static void is_split(const char *line, const char *wanted)
{
	const char *why = "no reason";
	char **words = mu_words_split(line, &why);
	char *joined = mu_format("%s", words ? "" : why);
	char *shown = mu_escape(line);
	char *claim = mu_format("<%s> splits as a shell would", shown);

	for (char **word = words; word && *word; word++) {
		char *more = mu_format("%s%s%s", joined, word == words ? "" : "|", *word);

		free(joined);
		joined = more;
	}
	is_text(joined, wanted, claim);
	free(claim);
	free(shown);
	free(joined);
	mu_words_free(words);
}

static void test_split(void)
{
	is_split("app", "app");
	is_split("  app  -x\t3\n ", "app|-x|3");
	is_split("sh -c 'echo \"$HOME\" \\n'", "sh|-c|echo \"$HOME\" \\n");
	is_split("a \"b c\" d", "a|b c|d");
	is_split("a \"b\\\"c\\\\d\\n\"", "a|b\"c\\d\\n");
	is_split("a\\ b c\\'d", "a b|c'd");
	is_split("a'b'\"c\"d", "abcd");
	is_split("a '' \"\" b", "a|||b");
	is_split("$HOME `id` *", "$HOME|`id`|*");
	is_split("a ; b | c > d", "a|;|b|||c|>|d");
	is_split("", "no words");
	is_split(" \t ", "no words");
	is_split("a 'b", "unterminated single quote");
	is_split("a \"b\\\"", "unterminated double quote");
	is_split("a b\\", "trailing backslash");
}

static void is_unescaped(const char *in, const char *wanted)
{
	char out[64] = "";
	bool good = mu_unescape(out, in);
	char *claim = mu_format("\"%s\" unescapes as the ABI says", in);

	is_text(good ? out : "malformed", wanted, claim);
	free(claim);
}

static void test_unescape(void)
{
	is_unescaped("/a b", "/a b");
	is_unescaped("/a\\012b\\134c", "/a\nb\\c");
	is_unescaped("\\377", "\377");
	is_unescaped("a\\", "malformed");
	is_unescaped("a\\1", "malformed");
	is_unescaped("a\\12", "malformed");
	is_unescaped("a\\189", "malformed");
	is_unescaped("a\\400", "malformed");
	is_unescaped("a\\000b", "malformed");
}

static void test_escape(void)
{
	char *text = mu_escape("a b\033[2J\n\\\177\200z");

	is_text(text, "a b\\033[2J\\012\\134\\177\\200z", "control characters are escaped");
	free(text);
}

static void check_number(const char *text, bool wanted, uint64_t value)
{
	char *claim = mu_format("\"%s\" is %sa number", text, wanted ? "" : "not ");
	uint64_t got = 0;
	bool good = mu_parse_number(text, &got);

	tap_ok(good == wanted && (!good || got == value), claim);
	free(claim);
}

static void test_number(void)
{
	check_number("0", true, 0);
	check_number("007", true, 7);
	check_number("18446744073709551615", true, UINT64_MAX);
	check_number("18446744073709551616", false, 0);
	check_number("99999999999999999999999", false, 0);
	check_number("", false, 0);
	check_number("-1", false, 0);
	check_number("+1", false, 0);
	check_number(" 1", false, 0);
	check_number("1 ", false, 0);
	check_number("0x10", false, 0);
	check_number("1k", false, 0);
}

int main(void)
{
	test_split();
	test_unescape();
	test_escape();
	test_number();
	return done_testing();
}
