// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions that cannot have exit probes because of their code: control shows the reason, and they
 * have return probes, or the attach is refused if these would end the target.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

FIXTURE(shape)
{
	struct mst_program prog;
	char preload[600];
	char probe[128]; /* of malloc in control, up to its offset */
	int id;
};

FIXTURE_VARIANT(shape)
{
	const char *name;
	const char *exits;  /* of malloc: their number or why they are refused, as in control */
	const char *needed; /* the same if a return probe would harm; NULL: equal */
};

#define SHAPE(kind, text)                     \
	FIXTURE_VARIANT_ADD(shape, kind)      \
	{                                     \
		.name = #kind, .exits = text, \
	}

SHAPE(plain, "3");
SHAPE(jump, "4");

/* Calls that leave are malloc's of libc: a return probe sees their result, too. */
FIXTURE_VARIANT_ADD(shape, tail){
	.name = "tail",
	.exits = "leaves",
	.needed = "4",
};

SHAPE(computed, "computed_jump");
SHAPE(table, "computed_jump");
SHAPE(ret, "other_return");
SHAPE(undecodable, "undecodable");
SHAPE(leaves, "leaves");
SHAPE(outside, "no_entry");
SHAPE(large, "too_large");
SHAPE(new, "3");

FIXTURE_SETUP(shape)
{
	char library[64];

	mst_fresh();
	snprintf(library, sizeof(library), "programs/libshaped_%s.so", variant->name);
	snprintf(self->preload, sizeof(self->preload), "LD_PRELOAD=%s", mst_here(library));
	snprintf(self->probe, sizeof(self->probe), " malloc libshaped_%s.so+0x", variant->name);
	if (!mst_has_exits())
		SKIP(return, "the kernel does not support exit probes");
	mst_spawn(&self->prog, self->preload, "shaped", NULL);
}

FIXTURE_TEARDOWN(shape)
{
	mst_fresh();
}

static bool has_exits(const struct mst_program *prog, const char *probe, const char *exits)
{
	char line[16384], found[64] = "";
	const char *at;

	if (!mst_line(mst_id(prog->pid), line, sizeof(line)))
		mst_die("process %d is not a target", prog->pid);
	at = strstr(line, probe);
	if (at && sscanf(at + strlen(probe), "%*x %*s exits=%63[^, ]", found) == 1 &&
	    !strcmp(found, exits))
		return true;
	mst_say("expected \"%s... exits=%s\": %s", probe, exits, line);
	return false;
}

/* Calls of malloc's slow path by the program are not counted. */
static bool goes_exactly(struct mst_program *prog)
{
	int id = mst_id(prog->pid);

	mst_step(prog, "go");
	return mst_exact(prog) && mst_sound(id) && mst_stat(id, "failed") == 1 &&
	       mst_stat(id, "uncertain") == 0;
}

TEST_F(shape, of_malloc_is_shown_and_exact)
{
	ASSERT_ACCEPTED(mst_command("attach %d exits=always", self->prog.pid));
	EXPECT_TRUE(has_exits(&self->prog, self->probe, variant->exits));
	EXPECT_TRUE(goes_exactly(&self->prog));
	EXPECT_EQ(0, mst_end(&self->prog));
}

TEST_F(shape, of_malloc_does_not_matter_for_return_probes)
{
	char line[16384];

	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	ASSERT_TRUE(mst_line(mst_id(self->prog.pid), line, sizeof(line)));
	EXPECT_CONTAINS(line, self->probe);
	EXPECT_LACKS(strstr(line, self->probe), " exits=");
	EXPECT_TRUE(goes_exactly(&self->prog));
	EXPECT_EQ(0, mst_end(&self->prog));
}

static bool is_refused(const char *library)
{
	char malloc_of[64];

	snprintf(malloc_of, sizeof(malloc_of), "malloc of libshaped_%s.so", library);
	if (strstr(mst_refusal, "PR_SET_SYSCALL_USER_DISPATCH") && strstr(mst_refusal, malloc_of))
		return true;
	mst_say("expected a refusal because of system calls and %s: %s", malloc_of, mst_refusal);
	return false;
}

/* Where a return probe makes a system call, it would end the program. */
TEST_F(shape, of_malloc_decides_if_a_return_probe_would_harm)
{
	const char *exits = variant->needed ? variant->needed : variant->exits;
	char line[16384];
	int err;

	if (!mst_has_user_dispatch())
		SKIP(return, "no syscall user dispatch before Linux 5.11");
	mst_step(&self->prog, "dispatch");
	err = mst_command("attach %d", self->prog.pid);
	if (!mst_return_probe_is_syscall()) {
		ASSERT_ACCEPTED(err);
		ASSERT_TRUE(mst_line(mst_id(self->prog.pid), line, sizeof(line)));
		EXPECT_CONTAINS(line, self->probe);
		EXPECT_LACKS(strstr(line, self->probe), " exits=");
		EXPECT_TRUE(goes_exactly(&self->prog));
	} else if (atoi(exits)) {
		ASSERT_ACCEPTED(err);
		EXPECT_TRUE(has_exits(&self->prog, self->probe, exits));
		EXPECT_TRUE(goes_exactly(&self->prog));
	} else {
		EXPECT_EQ(EOPNOTSUPP, err);
		EXPECT_TRUE(is_refused(variant->name));
		EXPECT_EQ(0, mst_stat(0, "probes"));
	}
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* As operator new may throw, it has no return probe. */
TEST_F(shape, of_operator_new_decides_whether_it_is_traced)
{
	static const char unseen[] =
		"\nunseen function libshaped_new.so: _Znwm is not traced, since ";
	char *control, *report, line[16384];

	if (strcmp(variant->name, "new"))
		SKIP(return, "the allocator has no operator new");
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	control = mst_text("control");
	report = mst_text("targets/%d/report", mst_id(self->prog.pid));
	EXPECT_COUNT(1, control, unseen);
	EXPECT_COUNT(1, report, unseen);
	EXPECT_COUNT(1, control, "\nunseen ");
	free(control);
	free(report);
	ASSERT_TRUE(mst_line(mst_id(self->prog.pid), line, sizeof(line)));
	EXPECT_LACKS(line, " _Znwm ");
	EXPECT_TRUE(goes_exactly(&self->prog));
	mst_step(&self->prog, "new");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_end(&self->prog));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
