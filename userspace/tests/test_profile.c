// SPDX-License-Identifier: GPL-2.0-only
/* The model of exports: targets, stacks, and each location and object once. */
#include "exported.h"
#include "tap.h"

static const struct mu_profile_location *get_location(const struct mu_profile *p, size_t stack,
						      size_t frame)
{
	return &p->locations[p->stacks[stack].locations[frame]];
}

static void test_targets(const struct mu_profile *p)
{
	uint64_t bytes = 0;

	is_number(p->nr_targets, 3, "all targets are there");
	is_text(p->targets[1].comm, "a; b", "with their names as text");
	tap_ok(p->targets[1].first_stack == 3 && p->targets[1].nr_stacks == 2,
	       "the stacks of a target follow each other");
	is_number(p->targets[2].nr_stacks, 0, "a target may have no stacks");
	for (size_t i = 0; i < p->nr_stacks; i++)
		bytes += p->stacks[i].stack->bytes;
	is_number(bytes, 9223372036854775978ULL + 300,
		  "the sum of the bytes is that of the report");
	is_number(p->stacks[0].stack->bytes, 1ULL << 63, "the largest stack is the first one");
	tap_ok(!strcmp(p->stacks[0].end, "bad pc") && !strcmp(p->stacks[1].end, "end") &&
		       !*p->stacks[2].end,
	       "stacks have the reason why their walk ended, if they have frames");
}

static void test_locations(const struct mu_profile *p)
{
	is_number(p->nr_locations, 5, "equal places in the code are one location");
	tap_ok(get_location(p, 1, 0) == get_location(p, 3, 0),
	       "also in two processes, at other addresses");
	is_number(get_location(p, 1, 0)->address, 0x1198, "its address is that in the file");
	tap_ok(get_location(p, 0, 0) != get_location(p, 0, 1),
	       "an interrupted frame is another location");
	tap_ok(mu_profile_lookup_address(get_location(p, 0, 0)) == 0xfff &&
		       mu_profile_lookup_address(get_location(p, 0, 1)) == 0x1000,
	       "only return addresses are behind what is looked up");
	tap_ok(get_location(p, 0, 2) != get_location(p, 4, 0),
	       "code in no file is that of one process");
	is_number(get_location(p, 0, 2)->address, 0x7ffd00001000, "with its address there");
	is_text(get_location(p, 0, 0)->functions[0].name, "q\"x;\\012\\377.so+0x1000",
		"a function without a name has the object and the address");
	is_text(get_location(p, 0, 2)->functions[0].name, "[anon]+0x20", "also in no file");
}

static void test_objects(const struct mu_profile *p)
{
	const struct mu_profile_object *app = &p->objects[get_location(p, 1, 0)->object];
	const struct mu_profile_object *q = &p->objects[get_location(p, 0, 0)->object];
	const struct mu_profile_object *anon = &p->objects[get_location(p, 0, 2)->object];

	is_number(p->nr_objects, 4, "each object is there once, memory in no file per process");
	tap_ok(!strcmp(app->name, "app") && !strcmp(app->path, "/no/app"), "with name and path");
	is_text(app->build_id, "5f3a", "with its build-id");
	is_text(q->build_id, "", "or without");
	is_text(q->path, "/no/q\"x;\\012\\377.so", "a path is text, too");
	tap_ok(app->is_file && !anon->is_file, "files are distinguished from other memory");
	tap_ok(app->has_unnamed, "and whether names are missing");
}

/* The module has no such reasons, but a report may come from anywhere. */
static void test_hostile_reason(void)
{
	static const char report[] =
		"memleak_user report 1\n"
		"target 3 pid 12 app tracing 1 ms: 5 bytes in 1 allocations from 1 stack, lost 0\n"
		"5 bytes in 1 allocations from stack 1 (age 1..1 ms, 1 made, 0 freed)\n"
		"\t0x0000000000000010 [anon]+0x10 (a\\b)\n";
	struct exported e = make_exported(report);

	is_number(e.profile->nr_stacks, 1, "a reason may have a backslash");
	is_text(e.profile->stacks[0].end, "a\\134b", "it is text in the profile");
	is_text(mu_profile_early_end(&e.profile->stacks[0]), "a\\134b", "and frames are missing");
	free_exported(&e);
}

/* The largest one of all, and that of several equal ones that comes first in the profile. */
static void test_order(const struct mu_profile *p)
{
	const struct mu_profile_stack **stacks = mu_profile_sort_stacks(p);
	bool good = true;

	for (size_t i = 1; i < p->nr_stacks; i++)
		good &= stacks[i - 1]->stack->bytes > stacks[i]->stack->bytes ||
			(stacks[i - 1]->stack->bytes == stacks[i]->stack->bytes &&
			 stacks[i - 1] < stacks[i]);
	tap_ok(good, "the stacks of all processes can be sorted");
	free(stacks);
	is_number(mu_profile_longest_ms(p), 2000, "the longest time of all is found");
}

int main(void)
{
	struct exported e = make_exported(hostile_report);

	is_number(e.report->errors, 0, "the report is well-formed");
	test_targets(e.profile);
	test_locations(e.profile);
	test_objects(e.profile);
	test_order(e.profile);
	free_exported(&e);
	test_hostile_reason();
	e = make_exported(empty_report);
	tap_ok(!e.profile->nr_targets && !e.profile->nr_stacks,
	       "an empty report is an empty profile");
	free_exported(&e);
	return done_testing();
}
