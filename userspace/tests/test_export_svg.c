// SPDX-License-Identifier: GPL-2.0-only
/* The formats svg and html, of a report that is hostile to them. test_export parses them as XML. */
#include "export_page.h"
#include "exported.h"
#include "mem.h"
#include "tap.h"

static const char one_stack[] =
	"memleak_user report 1\n"
	"target 1 pid 12 app tracing 2000 ms: 50 bytes in 2 allocations from 1 stack, lost 0\n"
	"events allocated=2 freed=0\n"
	"50 bytes in 2 allocations from stack 9 (age 5..6 ms, 2 made, 0 freed)\n";

static char *page;

static void expect_text(const char *text, const char *claim)
{
	if (!tap_ok(!!strstr(page, text), claim))
		printf("#  missing: %s\n", text);
}

static void expect_no_text(const char *text, const char *claim)
{
	tap_ok(!strstr(page, text), claim);
}

/* What both formats have. */
static void test_page(void)
{
	expect_text("<title>all processes\n9,223,372,036,854,776,278 bytes (100.00%) in 36 blocks "
		    "(100.00%)\n+9,223,372,036,854,775,788 bytes since the start</title>",
		    "a frame has exact sums of all measures");
	expect_text("data-bytes=\"0 9223372036854776278\" data-blocks=\"0 36\" "
		    "data-growth=\"0 9223372036854775888\" data-shrunk=\"50\"",
		    "and so has the script");
	expect_text("<title>q&quot;x;\\012\\377.so+0x1000\n/no/q&quot;x;\\012\\377.so\n",
		    "names and paths are escaped");
	expect_text("&lt;script&gt;alert(1)&lt;/script&gt;]]&gt; (pid 15)",
		    "so are the names of processes");
	expect_text("a; b (pid 12): 7 allocations are missing: they could not be recorded<",
		    "lost allocations are said");
	expect_text("a; b (pid 12): lost_limit: 3<", "with their reasons");
	expect_text("a; b (pid 13): numbers are estimates from 4 sampled allocations (sample=4096): "
		    "standard error 11 bytes in 2 blocks<",
		    "so are estimates");
	expect_text("a; b (pid 12): not seen: Go &quot;allocates&quot; without malloc<",
		    "and what is not seen");
	expect_text("a; b (pid 12): +9,223,372,036,854,775,958 bytes in +4 blocks since the start, "
		    "the last mark<",
		    "and the start of the growth");
	expect_text("a; b (pid 13): the process is not traced any more: exited<",
		    "and that a process has ended");
	expect_text("Outstanding allocations of 4 processes<", "the title has the processes");
	expect_text("9,223,372,036,854,776,278 bytes in 36 blocks from 5 stacks, traced for 2.0 s, "
		    "2023-11-14 22:13:20 UTC<",
		    "a line has sums and time");
	expect_text(mu_flame_js, "the script is in it as it is");
	expect_no_text("<script>alert", "no script comes from a name");
	expect_no_text("src=", "nothing is loaded");
	expect_no_text("href=", "nothing is referred to");
}

static void test_table(void)
{
	expect_text("<td class=\"number\">9,223,372,036,854,775,808</td>"
		    "<td class=\"number\">100.00%</td><td class=\"number\">1</td>"
		    "<td class=\"number\">+9,223,372,036,854,775,808</td>"
		    "<td class=\"number\">0.0 s</td><td>mmap</td><td>a; b (12)</td>",
		    "a row has the numbers of a stack");
	expect_text("<li>q&quot;x;\\012\\377.so+0x1000 <span class=\"where\">"
		    "q&quot;x;\\012\\377.so</span></li>"
		    "<li>[anon]+0x20 <span class=\"where\">[anon]</span></li>"
		    "<li>[bad pc]</li></ol></td></tr>",
		    "and its frames, and why the walk has ended");
	expect_text("<td class=\"number\">-50</td>", "growth may be negative");
	tap_ok(strstr(page, "200</td>") < strstr(page, "120</td>"),
	       "stacks of all processes are sorted together");
	expect_text("no frames</td>", "a stack may have no frames");
}

/* The script and the styles are in XML and in HTML. */
static void test_parts(void)
{
	static const char *const parts[] = { mu_flame_js, mu_flame_css, mu_page_css };

	for (size_t i = 0; i < 3; i++) {
		tap_ok(!strstr(parts[i], "]]>") && !strstr(parts[i], "</") &&
			       !strstr(parts[i], "<!"),
		       "a part of the page has no markup");
		tap_ok(!strstr(parts[i], "http://") || parts[i] == mu_flame_js,
		       "and refers to nothing");
	}
}

int main(void)
{
	char *hostile = mu_format("%starget 6 pid 15 <script>alert(1)</script>]]> tracing 5 ms: "
				  "0 bytes in 0 allocations from 0 stacks, lost 0\n",
				  hostile_report);
	size_t size;

	page = export_text("svg", hostile, &size);
	test_page();
	expect_text("<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"graph\" width=\"1200\"",
		    "the picture has a size");
	free(page);
	page = export_text("html", hostile, &size);
	test_page();
	test_table();
	expect_text("content=\"default-src 'none'; ", "the page forbids to load anything");
	free(page);
	page = export_text("html", empty_report, &size);
	expect_text("Outstanding allocations of 0 processes", "an empty report is a page");
	expect_text("<p>Nothing is outstanding.</p>", "which says so");
	expect_no_text("data-growth", "without a start there is no growth");
	free(page);
	page = export_text("svg", empty_report, &size);
	expect_text("0 bytes in 0 blocks from 0 stacks", "and a picture");
	free(page);
	page = export_text("svg", one_stack, &size);
	expect_text("50 bytes in 2 blocks from 1 stack, traced", "one stack is one stack");
	free(page);
	free(hostile);
	test_parts();
	return done_testing();
}
