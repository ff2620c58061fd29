// SPDX-License-Identifier: GPL-2.0-only
/*
 * The frames of a report: the caller comes first, addresses are those of the file, mappings are
 * named also after they are unmapped, and code can be in no file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

FIXTURE(frames)
{
	struct mst_program prog;
	char *report;
	int id;
};

FIXTURE_SETUP(frames)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(frames)
{
	free(self->report);
	mst_kill(&self->prog);
	mst_fresh();
}

static void attach_and_go(struct mst_program *prog)
{
	mst_attach(prog->pid);
	mst_step(prog, "go");
}

/* Return: the first frame of the stack whose line starts with @bytes. */
static const char *first_frame(const char *report, const char *bytes)
{
	const char *at = strstr(report, bytes);

	if (!at || !strchr(at, '\t'))
		mst_die("no stack of \"%s\" in: %s", bytes, report);
	return strchr(at, '\t') + 1;
}

/* The frame's address is in that function, according to nm. */
static bool is_in_function(const char *frame, const char *object, const char *file,
			   const char *function)
{
	char command[1024], name[64];
	unsigned long pc, address, start, size;
	FILE *nm;
	bool found;

	if (sscanf(frame, "0x%lx %63[^+]+0x%lx", &pc, name, &address) != 3)
		mst_die("not a frame: %.80s", frame);
	snprintf(command, sizeof(command), "nm -S %s | grep ' %s$'", mst_here(file), function);
	nm = popen(command, "r");
	found = nm && fscanf(nm, "%lx %lx", &start, &size) == 2;
	pclose(nm);
	if (!found)
		mst_die("%s", command);
	if (!strcmp(name, object) && address > start && address <= start + size)
		return true;
	mst_say("expected a frame in %s of %s, 0x%lx to 0x%lx, got: %.80s", function, object, start,
		start + size, frame);
	return false;
}

/*
 * Each function is in its own segment. The program is not position independent, so that an address
 * in the file equals the pc.
 */
TEST_F(frames, of_many_segments_have_addresses_of_the_file)
{
	const char *frame;
	char end[40];
	int n;

	mst_spawn(&self->prog, "segments", NULL);
	attach_and_go(&self->prog);
	self->report = mst_text("report");
	frame = first_frame(self->report, "\n7000 bytes");
	for (n = 0; n < 41; n++) {
		unsigned long pc, address;

		ASSERT_EQ(2, sscanf(frame, "0x%lx segments+0x%lx", &pc, &address));
		EXPECT_EQ(pc, address);
		if (n < 40)
			EXPECT_EQ(0x10000000 + (n / 10 * 16 + n % 10) * 0x100000UL,
				  address & ~0xfffffUL);
		frame = strchr(frame, '\t') + 1;
	}
	ASSERT_EQ(1, sscanf(strstr(self->report, "\nmapping "), " mapping %*u %*s %*s %39s", end));
	EXPECT_NE(0, strcmp(end, "-"));
	EXPECT_EQ(0, mst_stat(self->id = mst_id(self->prog.pid), "frames_by_pointer"));
}

TEST_F(frames, start_with_the_caller)
{
	if (access("/usr/bin/nm", X_OK))
		SKIP(return, "no nm");
	mst_spawn(&self->prog, "toy_apart", "longjmp_shallower", NULL);
	attach_and_go(&self->prog);
	self->report = mst_text("report");
	EXPECT_TRUE(is_in_function(first_frame(self->report, "\n700 bytes"), "toy_apart",
				   "programs/toy_apart", "longjmp_shallower"));
}

/* A frame's pc is in its mapping, whose line has the build-id and the path of the file. */
TEST_F(frames, are_in_mappings_with_path_and_build_id)
{
	unsigned long start, end, offset, pc;
	char build_id[128], path[512], *at;
	int id;

	mst_spawn(&self->prog, "life", "idle", NULL);
	attach_and_go(&self->prog);
	self->report = mst_text("report");
	at = strstr(self->report, "\nmapping ");
	ASSERT_NE(NULL, at);
	ASSERT_EQ(6, sscanf(at, "\nmapping %d 0x%lx-0x%lx 0x%lx %127s %511s", &id, &start, &end,
			    &offset, build_id, path));
	EXPECT_EQ(40, strspn(build_id, "0123456789abcdef"));
	pc = strtoul(first_frame(self->report, "\n130 bytes"), NULL, 16);
	for (; at; at = strstr(at + 1, "\nmapping ")) {
		sscanf(at, "\nmapping %d 0x%lx-0x%lx 0x%lx %127s %511s", &id, &start, &end, &offset,
		       build_id, path);
		if (pc >= start && pc < end)
			break;
	}
	ASSERT_NE(NULL, at);
	EXPECT_STREQ(mst_here("programs/life"), path);
}

/* Code made at run time is in no file; its caller is found nevertheless. */
TEST_F(frames, in_no_file_are_anonymous)
{
	const char *frame;

	mst_spawn(&self->prog, "frames", "jit", NULL);
	attach_and_go(&self->prog);
	EXPECT_TRUE(mst_exact(&self->prog));
	self->report = mst_text("report");
	frame = first_frame(self->report, "\n4321 bytes");
	EXPECT_CONTAINS(frame, " [anon]+0x115");
	EXPECT_LT(strstr(frame, " [anon]+0x115"), strchr(frame, '\n'));
	EXPECT_EQ(0, strncmp(strstr(strchr(frame, '\n'), " ") + 1, "frames+0x", 9))
	{
		TH_LOG("expected a second frame of the program: %s", frame);
	}
}

/* A JIT that replaces its code again and again has one mapping, not thousands. */
TEST_F(frames, of_replaced_jit_code_share_one_mapping)
{
	mst_spawn(&self->prog, "frames", "rejit", NULL);
	attach_and_go(&self->prog);
	EXPECT_TRUE(mst_exact(&self->prog));
	self->report = mst_text("report");
	EXPECT_COUNT(1, self->report, "\n172840 bytes in 40 allocations from stack ");
	EXPECT_COUNT(1, self->report, " (unmapped) [anon]\n");
}

/* The second library may be mapped where the first one was. */
TEST_F(frames, of_two_unmapped_libraries_are_distinct)
{
	char one[512], two[512];

	snprintf(one, sizeof(one), "%s", mst_here("programs/libone.so"));
	snprintf(two, sizeof(two), "%s", mst_here("programs/libtwo.so"));
	mst_spawn(&self->prog, "frames", "unload", one, two, NULL);
	attach_and_go(&self->prog);
	self->report = mst_text("report");
	EXPECT_COUNT(1, self->report, " libone.so+0x");
	EXPECT_COUNT(1, self->report, " libtwo.so+0x");
	EXPECT_COUNT(2, self->report, "\n7654 bytes in 1 allocations from stack ");
	EXPECT_COUNT(2, self->report, " (unmapped) (mapping ");
	strcat(strcpy(one, " (unmapped) "), mst_here("programs/libone.so"));
	EXPECT_CONTAINS(self->report, one);
}

static char *mapping_of(char *report, const char *path)
{
	char tail[600], *at;

	snprintf(tail, sizeof(tail), " (unmapped) %s\n", path);
	at = strstr(report, tail);
	while (at && at > report && at[-1] != '\n')
		at--;
	return at;
}

/*
 * A library that is opened repeatedly keeps its mapping, so that a leak in it shows as one stack,
 * even if another library was mapped there in between.
 */
TEST_F(frames, of_a_reopened_library_share_one_mapping)
{
	char one[512], two[512];
	int id_of_one, id_of_two, id;

	snprintf(one, sizeof(one), "%s", mst_here("programs/libone.so"));
	snprintf(two, sizeof(two), "%s", mst_here("programs/libtwo.so"));
	mst_spawn(&self->prog, "frames", "reopen", one, two, NULL);
	attach_and_go(&self->prog);
	self->report = mst_text("report");
	ASSERT_EQ(1, sscanf(mapping_of(self->report, one), "mapping %d ", &id_of_one));
	ASSERT_EQ(1, sscanf(mapping_of(self->report, two), "mapping %d ", &id_of_two));
	free(self->report);
	mst_step(&self->prog, "again");
	self->report = mst_text("report");
	EXPECT_COUNT(2, self->report, "\n306160 bytes in 40 allocations from stack ");
	ASSERT_EQ(1, sscanf(mapping_of(self->report, one), "mapping %d ", &id));
	EXPECT_EQ(id_of_one, id);
	ASSERT_EQ(1, sscanf(mapping_of(self->report, two), "mapping %d ", &id));
	EXPECT_EQ(id_of_two, id);
}

/* There is one stack of @count blocks of @size bytes, from the library, unmapped or not. */
static bool has_part(const char *report, int size, int count, bool unmapped)
{
	char row[80], frame[256];
	const char *at;

	snprintf(row, sizeof(row), "\n%d bytes in %d allocations from stack ", count * size, count);
	at = strstr(report, row);
	if (at && mst_count(report, row) == 1) {
		snprintf(frame, sizeof(frame), "%.*s", (int)strcspn(first_frame(at, row), "\n"),
			 first_frame(at, row));
		if (strstr(frame, " libparts.so+0x") && !strstr(frame, " (unmapped)") == !unmapped)
			return true;
	}
	mst_say("expected one stack of %d blocks of %d bytes, %sunmapped, in: %.1500s", count, size,
		unmapped ? "" : "not ", report);
	return false;
}

static char *after_step(struct mst_program *prog, char *report, const char *step)
{
	free(report);
	if (step)
		mst_step(prog, step);
	return mst_text("report");
}

/*
 * A part that is still mapped is not shown as unmapped and keeps its stacks. A part that is gone is
 * distinguished from what was mapped there later.
 */
TEST_F(frames, of_partly_unmapped_libraries_are_distinct)
{
	char *r, line[600];

	mst_spawn(&self->prog, "frames", "parts", mst_here("programs/libparts.so"), NULL);
	attach_and_go(&self->prog);
	r = after_step(&self->prog, NULL, NULL);
	EXPECT_TRUE(has_part(r, 5001, 1, false) && has_part(r, 5002, 1, false) &&
		    has_part(r, 5003, 1, false));
	EXPECT_EQ(0, mst_count(r, "(unmapped)") + mst_count(r, "(mapping "));
	r = after_step(&self->prog, r, "mprotect");
	EXPECT_TRUE(has_part(r, 5001, 2, false) && has_part(r, 5002, 1, false) &&
		    has_part(r, 5003, 2, false));
	EXPECT_EQ(0, mst_count(r, "(unmapped)") + mst_count(r, "(mapping "));
	r = after_step(&self->prog, r, "unmap the middle");
	EXPECT_TRUE(has_part(r, 5001, 3, false) && has_part(r, 5002, 1, true) &&
		    has_part(r, 5003, 3, false));
	EXPECT_COUNT(1, r, "(unmapped)");
	EXPECT_COUNT(1, r, "/libparts.so\n");
	r = after_step(&self->prog, r, "fill the hole");
	EXPECT_TRUE(has_part(r, 5001, 4, false) && has_part(r, 5002, 1, true) &&
		    has_part(r, 5003, 4, false));
	EXPECT_COUNT(1, r, "(unmapped)");
	EXPECT_COUNT(1, r, " [anon]+0x115 (mapping ");
	r = after_step(&self->prog, r, "unmap the head");
	EXPECT_TRUE(has_part(r, 5001, 4, true) && has_part(r, 5002, 1, true) &&
		    has_part(r, 5003, 5, false));
	EXPECT_COUNT(2, r, "(unmapped)");
	r = after_step(&self->prog, r, "map all");
	EXPECT_TRUE(has_part(r, 5001, 5, false) && has_part(r, 5002, 2, false) &&
		    has_part(r, 5003, 6, false));
	EXPECT_COUNT(1, r, " [anon]+0x115 (unmapped) (mapping ");
	r = after_step(&self->prog, r, "unmap all");
	EXPECT_TRUE(has_part(r, 5001, 5, true) && has_part(r, 5002, 2, true) &&
		    has_part(r, 5003, 6, true));
	snprintf(line, sizeof(line), " (unmapped) %s\n", mst_here("programs/libparts.so"));
	EXPECT_COUNT(1, r, line);
	self->report = r;
}

/* A growing mapping is not shown as unmapped, but a part of it that is unmapped is. */
TEST_F(frames, of_growing_jit_code_stay_mapped)
{
	mst_spawn(&self->prog, "frames", "merge", NULL);
	attach_and_go(&self->prog);
	self->report = mst_text("report");
	EXPECT_COUNT(3, self->report, " [anon]+0x");
	EXPECT_COUNT(0, self->report, "(unmapped)");
	self->report = after_step(&self->prog, self->report, "unmap");
	EXPECT_COUNT(1, self->report, " (unmapped) (mapping ");
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
