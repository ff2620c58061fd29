// SPDX-License-Identifier: GPL-2.0-only
/* The format folded, of a report that is hostile to it. */
#include "exported.h"
#include "tap.h"

int main(void)
{
	size_t size;
	char *text = export_text("folded", hostile_report, &size);

	is_text(text,
		"a\\073 b;[bad pc];[anon]+0x20;q\"x\\073\\012\\377.so+0x1000;"
		"q\"x\\073\\012\\377.so+0x1000 9223372036854775808\n"
		"a\\073 b;app+0x1198 120\n"
		"a\\073 b 50\n"
		"a\\073 b;[depth];app+0x1198 200\n"
		"a\\073 b;[anon]+0x20 100\n",
		"each stack is a line, outermost frame first, with its bytes");
	free(text);
	text = export_text("folded", empty_report, &size);
	is_text(text, "", "an empty report has no lines");
	free(text);
	return done_testing();
}
