// SPDX-License-Identifier: GPL-2.0-only
/* Parsing of control: targets, groups, refusals. */
#include <stdint.h>
#include <stdlib.h>

#include "control.h"
#include "tap.h"

#define CONTROL                                                                                                     \
	"memleak_user control 1\n"                                                                                  \
	"target 1 pid 70 app exited: none\n"                                                                        \
	"target 2 pid 70 a:b tracing: malloc l.so+0x97 emulated, free l.so+0x1 stepped\n"                           \
	"target 3 pid 71 x,y tracing min=100 object=libc.so.6: malloc l.so+0x97 emulated\n"                         \
	"unseen operator_new a:b.so: operator new of a:b.so is not traced\n"                                        \
	"novelty of a newer module\n"                                                                               \
	"unseen jit [anon]: code of [anon] is a JIT's\n"                                                            \
	"target 4 pid 72 z detaching: none\n"                                                                       \
	"unseen go z: of another target\n"                                                                          \
	"target 6 pid 80 w tracing children=1 bound=1 group=5: free l.so+0x1 emulated\n"                            \
	"target 7 pid 81 w exited group=5: none\n"                                                                  \
	"target 9 pid 90 w tracing frozen=1 group=8: none\n"                                                        \
	"target 10 pid 91 w tracing regroup=8: none\n"                                                              \
	"group 5 children=1 bound=1: 3 targets, 1 live, 2 not traced\n"                                             \
	"group 8 object=/l/a\\040b.so: 1 targets, 1 live, 0 not traced, 3 events lost: malloc l.so+0x97 emulated\n" \
	"group 11 object=/l/a: 0 targets, 0 live, 0 not traced\n"                                                   \
	"group 12: 0 targets, 0 live, 0 not traced\n"                                                               \
	"group x: 0 targets, 0 live, 0 not traced\n"                                                                \
	"group 13 object=/m: 0 targets, 0 live\n"

static FILE *in_memory(const char *text)
{
	return fmemopen((void *)text, strlen(text), "r");
}

static void check_find(uint64_t pid, uint64_t id, const char *keys, const char *claim)
{
	FILE *in = in_memory(CONTROL);
	struct mu_control_row row;
	bool found = mu_control_find(in, pid, &row);

	fclose(in);
	if (!id) {
		tap_ok(!found, claim);
	} else {
		tap_ok(found && row.id == id, claim);
		is_text(found ? row.keys : NULL, keys, "its keys are read");
	}
	if (found)
		mu_control_row_free(&row);
}

static void test_unseen(void)
{
	FILE *in = in_memory(CONTROL);
	struct mu_control_row row;
	bool found = mu_control_find(in, 71, &row);

	fclose(in);
	if (!tap_ok(found && row.nr_unseen == 2, "unseen lines of a target are found"))
		return;
	is_text(row.unseen[0], "operator new of a:b.so is not traced",
		"an object's name may contain a colon");
	is_text(row.unseen[1], "code of [anon] is a JIT's",
		"a line that begins with another word is skipped");
	mu_control_row_free(&row);
}

static void test_control(void)
{
	check_find(70, 2, "", "the live target of a PID is found behind its ended one");
	check_find(71, 3, "min=100 object=libc.so.6", "a target with keys is found");
	check_find(72, 0, NULL, "a target that is being detached is not live");
	check_find(7, 0, NULL, "a PID is compared as a whole");
}

static void check_reason(const char *text, const char *command, const char *wanted,
			 const char *claim)
{
	FILE *in = in_memory(text);
	char *reason = mu_control_reason(in, command);

	fclose(in);
	is_text(reason ? reason : "nothing", wanted, claim);
	free(reason);
}

static void test_reason(void)
{
	check_reason(CONTROL
		     "refused attach 9 bound=1: there is no process 9 (ESRCH), written by memleak-user[5]\n",
		     "attach 9 bound=1", "there is no process 9",
		     "the reason of a refusal is found");
	check_reason(CONTROL "refused attach 9: bad (really) (EINVAL), written by sh[5]\n",
		     "attach 9", "bad (really)", "parentheses in a reason are kept");
	check_reason(CONTROL "refused attach 9: bad (EINVAL), written by sh[5] 12 ms ago\n",
		     "attach 9", "bad", "the time of a refusal is removed");
	check_reason(CONTROL "refused other: why (EINVAL), written by sh[5]\n", "attach 9",
		     "other: why", "a command that does not match is kept");
	check_reason(CONTROL "refused", "attach 9", "nothing",
		     "a word without a space is no refusal");
	check_reason(CONTROL "refused x\n", "attach 9", "x", "a truncated reason is kept");
	check_reason(CONTROL, "attach 9", "nothing", "without a refusal no reason is found");
}

static void test_groups(void)
{
	FILE *in = in_memory(CONTROL);
	struct mu_control *control = mu_control_read(in);
	const struct mu_control_group *group = mu_control_group(control, 5);

	fclose(in);
	is_number(control->nr, 8, "all targets are read");
	is_number(control->nr_groups, 4, "malformed lines of groups are left out");
	tap_ok(control->rows[4].group == 5 && control->rows[5].group == 5,
	       "targets have the id of their group, also when they have ended");
	tap_ok(control->rows[6].group == 8, "wherever it is among the keys");
	tap_ok(!control->rows[0].group && !control->rows[7].group, "other targets have none");
	tap_ok(group && group->made == 3 && group->live == 1 && group->untraced == 2,
	       "a group has the numbers of its processes");
	is_text(group ? group->keys : NULL, "children=1 bound=1", "and its keys");
	group = mu_control_group(control, 12);
	is_text(group ? group->keys : NULL, "", "which may be missing");
	tap_ok(!mu_control_group(control, 6), "a target is no group");
	group = mu_control_group_with(control, "object=/l/a");
	is_number(group ? group->id : 0, 11, "a group is found by a key as a whole");
	group = mu_control_group_with(control, "object=/l/a\\040b.so");
	is_number(group ? group->id : 0, 8, "and by an escaped one");
	is_number(group ? group->lost : 0, 3, "lost events are read");
	tap_ok(!mu_control_group_with(control, "object=/l"), "and not by a part of it");
	mu_control_free(control);
}

int main(void)
{
	test_control();
	test_unseen();
	test_groups();
	test_reason();
	return done_testing();
}
