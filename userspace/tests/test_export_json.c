// SPDX-License-Identifier: GPL-2.0-only
/*
 * The format json, of a report that is hostile to it. selftests/peers reads it with jq, and makes
 * the report of it again.
 */
#include "exported.h"
#include "tap.h"

static char *json;

static void expect_text(const char *text, const char *claim)
{
	if (!tap_ok(json && strstr(json, text), claim))
		printf("# wanted: %s\n", text);
}

static void test_targets(void)
{
	expect_text("{\"memleak_user\": 1, \"time_ms\": 1700000000123,\n \"targets\": [\n  {\"id\": 3, ",
		    "the object begins with the version and the time");
	expect_text("{\"id\": 3, \"pid\": 12, \"comm\": \"a; b\", \"state\": \"tracing\", \"traced_ms\": 2000, "
		    "\"bytes\": 9223372036854775978, \"blocks\": 6, \"made\": 20, \"freed\": 14, "
		    "\"start\": {\"bytes\": 20, \"blocks\": 2}, \"mark_ms\": 900, "
		    "\"lost\": 7, \"counters\": {\"lost_limit\": 3, \"lost_busy\": 4},\n"
		    "   \"unseen\": [\"Go \\\"allocates\\\" without malloc\"],\n",
		    "a target has its numbers, counters and messages");
	expect_text("\"blocks\": 30, \"made\": 30, \"freed\": 0, \"sampling\": \"sample=4096\", "
		    "\"samples\": 4, \"error\": {\"bytes\": 11, \"blocks\": 2}, \"lost\": 0, \"counters\": {}",
		    "a sampled one has its errors");
	expect_text("\"end\": \"0x502000\", \"offset\": \"0x0\", \"build_id\": null, "
		    "\"path\": \"/no/q\\\"x;\\\\012\\\\377.so\", \"unmapped\": false}]}",
		    "mappings have their paths as text");
	expect_text("\"lost\": 0, \"counters\": {},\n   \"unseen\": [],\n   \"mappings\": []}],\n \"stacks\": [",
		    "a target may have nothing");
}

static void test_stacks(void)
{
	expect_text("{\"target\": 3, \"pid\": 12, \"id\": 1, \"kind\": \"mmap\", \"bytes\": 9223372036854775808, "
		    "\"blocks\": 1, \"age_ms\": [1, 10], \"made\": 1, \"freed\": 0, "
		    "\"start\": {\"bytes\": 0, \"blocks\": 0}, \"end\": \"bad pc\",\n   \"frames\": [",
		    "a stack has its numbers");
	expect_text("\n    {\"pc\": \"0x501000\", \"object\": \"q\\\"x;\\\\012\\\\377.so\", \"address\": \"0x1000\", "
		    "\"build_id\": null, \"function\": null, \"file\": null, \"line\": null, "
		    "\"inlined\": false},\n",
		    "a frame without a name has its object");
	expect_text("\"inlined\": false, \"signal\": true, \"unmapped\": true},\n",
		    "a frame has what is noted of it");
	expect_text("\"object\": \"[anon]\", \"address\": \"0x20\", \"build_id\": null,",
		    "a frame in no file has the address of the report");
	expect_text("\"made\": 4, \"freed\": 0, \"samples\": 3, \"error\": {\"bytes\": 10, \"blocks\": 1}, "
		    "\"end\": \"depth\"",
		    "a sampled stack has its errors");
	expect_text("\"end\": \"\",\n   \"frames\": []}", "a stack may have no frames");
}

int main(void)
{
	size_t size;

	json = export_text("json", hostile_report, &size);
	test_targets();
	test_stacks();
	free(json);
	json = export_text("json", empty_report, &size);
	is_text(json,
		"{\"memleak_user\": 1, \"time_ms\": 1700000000123,\n \"targets\": [],\n \"stacks\": []}\n",
		"an empty report has empty lists");
	free(json);
	return done_testing();
}
