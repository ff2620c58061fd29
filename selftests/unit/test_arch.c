// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_arch: what the handler of an exit probe does to the registers, and when it leaves the
 * instruction to the processor. The machines of the tests have no processor with shadow stacks, so
 * the predicate is tested here.
 */
#define CONFIG_X86_USER_SHADOW_STACK

#include "../arch_x86.h"
#include "tap.h"

#define SP 0x7ffc00001000UL
#define IP 0x555500001234UL

static struct task_struct task;
struct task_struct *current = &task;

static struct pt_regs make_registers(void)
{
	struct pt_regs regs = { .ip = IP, .sp = SP, .ax = 7, .di = 9 };

	return regs;
}

static void test_shadow_stack(void)
{
	task.thread.features = 0;
	tap_ok(!mlu_arch_has_shadow_stack(), "a thread without features has no shadow stack");
	task.thread.features = ARCH_SHSTK_SHSTK;
	tap_ok(mlu_arch_has_shadow_stack(), "a thread with a shadow stack has one");
	task.thread.features = ARCH_SHSTK_SHSTK | ARCH_SHSTK_WRSS;
	tap_ok(mlu_arch_has_shadow_stack(), "a thread that may write to it has one");
	task.thread.features = ARCH_SHSTK_WRSS;
	tap_ok(!mlu_arch_has_shadow_stack(), "another feature is not taken for one");
}

static void test_return(unsigned long ret, bool executed, const char *name)
{
	struct pt_regs regs = make_registers();

	tap_is(mlu_arch_execute_return(&regs, ret), executed, "%s is %sexecuted", name,
	       executed ? "" : "not ");
	tap_ok(regs.ip == (executed ? ret : IP) && regs.sp == SP + (executed ? 8 : 0) &&
		       regs.ax == 7,
	       "%s leaves the right registers", name);
	tap_ok(mlu_arch_returned_sp(&regs) == (executed ? SP : SP - 8),
	       "%s is found by the address of its slot", name);
}

static void test_left_to_the_core(void)
{
	struct pt_regs regs = make_registers();

	mlu_arch_set_returned(&regs, false);
	tap_ok(regs.sp == SP + 8 && regs.ax == 7, "a return that is left has its own result");
	regs = make_registers();
	mlu_arch_set_returned(&regs, true);
	tap_ok(regs.sp == SP + 8 && regs.ax == 9, "a jump to memset has its first argument");
}

int main(void)
{
	test_shadow_stack();
	test_return(0x555500004321UL, true, "a return to code");
	test_return(0, true, "a return to address 0");
	test_return(TASK_SIZE_MAX, false, "a return to the end of the address space");
	test_return(0x8000000000000000UL, false, "a return to an address that is not canonical");
	test_left_to_the_core();
	return tap_end();
}
