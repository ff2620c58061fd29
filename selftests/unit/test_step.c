// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_step: instructions that are executed on saved registers, compared with the processor.
 *
 * Every opcode of one byte is tried with every ModRM byte, with and without a size prefix, and with
 * every REX prefix. If the decoder accepts it, the processor executes it, too, with the same random
 * registers, flags and memory, and all of them must be the same afterwards. Flags that the
 * processor leaves undefined are not compared. Handwritten rows have nops and instructions that
 * must be refused.
 *
 * The code that the processor executes is written into a page: it loads all registers from the next
 * page, executes the instruction, and stores them back.
 */
#include "exercise.h"
#include "step.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <linux/kernel.h>
#include <linux/ptrace.h>

#define PAGE 4096
#define STATES 6 /* random registers for each instruction */
#define INSN_MAX 15
#define STATUS_FLAGS 0x8d5UL
#define FLAG_ADJUST 0x10UL
#define FLAGS_ALWAYS 0x202UL

/* The page behind the code: registers by number, and what is needed around the instruction. */
struct state {
	unsigned long reg[16];
	unsigned long flags;
	unsigned long sp; /* of the test */
};

static u8 *code;	       /* the page of code */
static size_t insn_at;	       /* where the instruction is in it */
static struct state *state;    /* the page behind it */
static u8 *memory;	       /* the page behind that: what instructions read */
static void (*run_code)(void); /* the page of code as a function */
static u64 seed = 1;

static u64 random_number(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Often a number whose sums and differences carry or overflow. */
static u64 random_value(void)
{
	static const u64 edges[] = { 0,		 1,	     0x7f,	 0x80,	     0xff,
				     0x7fff,	 0x8000,     0x7fffffff, 0x80000000, 0xffffffff,
				     ~0ULL >> 1, 1ULL << 63, ~0ULL };
	u64 number = random_number();

	return number & 1 ? random_number() : edges[(number >> 1) % ARRAY_SIZE(edges)];
}

/* === The code around the instruction === */

static size_t put_bytes(size_t at, const void *bytes, size_t len)
{
	memcpy(code + at, bytes, len);
	return at + len;
}

#define PUT(at, ...) put_bytes(at, (const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))

/* mov between a register and a variable of the state, relative to ip */
static size_t put_move(size_t at, u8 opcode, u8 reg, const unsigned long *variable)
{
	s32 distance;

	at = PUT(at, 0x48 | (reg & 8 ? 4 : 0), opcode, 5 | (reg & 7) << 3);
	distance = (const u8 *)variable - (code + at + sizeof(distance));
	return put_bytes(at, &distance, sizeof(distance));
}

#define LOAD 0x8b
#define STORE 0x89
#define SP 4
#define AX 0

static void write_code(void)
{
	size_t at = 0;
	u8 i;

	/* push %rbx, %rbp, %r12 to %r15 */
	at = PUT(at, 0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57);
	at = put_move(at, STORE, SP, &state->sp);
	at = put_move(at, LOAD, AX, &state->flags);
	at = PUT(at, 0x50, 0x9d); /* push %rax; popf */
	for (i = 0; i < 16; i++)
		if (i != SP)
			at = put_move(at, LOAD, i, &state->reg[i]);
	at = put_move(at, LOAD, SP, &state->reg[SP]);
	insn_at = at;
	memset(code + at, 0x90, INSN_MAX);
	at += INSN_MAX;
	at = put_move(at, STORE, SP, &state->reg[SP]);
	at = put_move(at, LOAD, SP, &state->sp);
	for (i = 0; i < 16; i++)
		if (i != SP)
			at = put_move(at, STORE, i, &state->reg[i]);
	at = PUT(at, 0x9c, 0x58); /* pushf; pop %rax */
	at = put_move(at, STORE, AX, &state->flags);
	/* pop them; ret */
	PUT(at, 0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xc3);
}

static bool map_code(void)
{
	u8 *pages = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		return false;
	code = pages;
	state = (void *)(pages + PAGE);
	memory = pages + 2 * PAGE;
	memcpy(&run_code, &code, sizeof(code));
	write_code();
	return true;
}

/* === Both executions === */

static unsigned long *register_of(struct pt_regs *regs, u8 number)
{
	unsigned long *const all[] = { &regs->ax,  &regs->cx,  &regs->dx,  &regs->bx,
				       &regs->sp,  &regs->bp,  &regs->si,  &regs->di,
				       &regs->r8,  &regs->r9,  &regs->r10, &regs->r11,
				       &regs->r12, &regs->r13, &regs->r14, &regs->r15 };

	return all[number];
}

static void fill_registers(struct pt_regs *regs)
{
	u8 i;

	memset(regs, 0, sizeof(*regs));
	for (i = 0; i < 16; i++)
		*register_of(regs, i) = random_value();
	/*
	 * On some machines, an interrupt while the stack pointer is not a canonical address ends the
	 * program. What the instruction writes there stays for two instructions only.
	 */
	regs->sp &= ~0ULL >> 17;
	regs->ip = (unsigned long)(code + insn_at);
	regs->flags = FLAGS_ALWAYS | (random_number() & STATUS_FLAGS);
}

/* Make the address one of the page of memory: change its base, or the displacement in the code. */
static void aim_operand(struct mlu_step_insn *step, u8 *insn, struct pt_regs *regs)
{
	unsigned long to = (unsigned long)memory + 64 + random_number() % (PAGE - 128);
	s32 displacement = to - (unsigned long)(code + insn_at + step->len);
	unsigned long *base;
	u8 i;

	if (!mlu_step_reads_memory(step))
		return;
	if (step->base == MLU_STEP_RIP) {
		for (i = 0; i < step->len && memcmp(insn + i, &step->displacement, 4); i++)
			;
		memcpy(insn + i, &displacement, sizeof(displacement));
		step->displacement = displacement;
	} else {
		base = register_of(regs, step->base);
		*base = to - step->displacement;
		if (step->index == step->base && step->index != MLU_STEP_RSP)
			*base /= 1 + (1 << step->scale);
		else if (step->index != MLU_STEP_RSP)
			*base -= *register_of(regs, step->index) << step->scale;
	}
	to = mlu_step_address(step, regs);
	for (i = 0; i < sizeof(u64); i++)
		((u8 *)to)[i] = random_value();
}

/* Return: true if registers and defined flags are the same. */
static bool executes_alike(struct mlu_step_insn *step, u8 *insn)
{
	bool is_logic = step->operation == MLU_STEP_AND || step->operation == MLU_STEP_OR ||
			step->operation == MLU_STEP_XOR || step->operation == MLU_STEP_TEST;
	unsigned long defined = is_logic ? STATUS_FLAGS & ~FLAG_ADJUST : STATUS_FLAGS;
	struct pt_regs regs;
	u64 value = 0;
	bool same;
	u8 i;

	fill_registers(&regs);
	aim_operand(step, insn, &regs);
	for (i = 0; i < 16; i++)
		state->reg[i] = *register_of(&regs, i);
	state->flags = regs.flags;
	memset(code + insn_at, 0x90, INSN_MAX);
	memcpy(code + insn_at, insn, step->len);
	run_code();
	if (mlu_step_reads_memory(step))
		memcpy(&value, (void *)mlu_step_address(step, &regs), sizeof(value));
	mlu_step_execute(step, &regs, value);
	same = !((regs.flags ^ state->flags) & defined) &&
	       !((regs.flags ^ FLAGS_ALWAYS) & ~STATUS_FLAGS) &&
	       regs.ip == (unsigned long)(code + insn_at) + step->len;
	for (i = 0; i < 16; i++)
		same &= *register_of(&regs, i) == state->reg[i];
	return same;
}

static void note_bytes(const char *what, const u8 *insn, size_t len)
{
	char text[64];
	size_t i, at = 0;

	for (i = 0; i < len; i++)
		at += sprintf(text + at, " %02x", insn[i]);
	tap_note("%s:%s", what, text);
}

/* === Every instruction === */

/* Numbers of instructions that were accepted. */
static struct {
	unsigned long accepted;
	unsigned long by_operation[MLU_STEP_TEST + 1];
	unsigned long by_size[9];
	unsigned long by_operand[4];
	unsigned long differ;
} seen;

static void try_instruction(const u8 *prefixes, size_t nr, u8 opcode, u8 modrm)
{
	u8 insn[INSN_MAX + 1];
	struct mlu_step_insn step;
	size_t i;

	for (i = 0; i < sizeof(insn); i++)
		insn[i] = random_value();
	memcpy(insn, prefixes, nr);
	insn[nr] = opcode;
	insn[nr + 1] = modrm;
	if (!mlu_step_decode(insn, sizeof(insn), &step))
		return;
	seen.accepted++;
	seen.by_operation[step.operation]++;
	seen.by_size[step.size]++;
	seen.by_operand[step.first]++;
	seen.by_operand[step.second]++;
	for (i = 0; i < STATES; i++) {
		if (executes_alike(&step, insn))
			continue;
		if (seen.differ++ < 10)
			note_bytes("the processor disagrees", insn, step.len);
	}
}

static void test_every_instruction(void)
{
	unsigned int size, rex, opcode, modrm, i;

	for (size = 0; size < 2; size++) {
		for (rex = 0x3f; rex < 0x50; rex++) {
			u8 prefixes[2] = { 0x66, 0 };
			size_t nr = size;

			if (rex >= 0x40)
				prefixes[nr++] = rex;
			for (opcode = 0; opcode < 256; opcode++)
				for (modrm = 0; modrm < 256; modrm++)
					try_instruction(prefixes, nr, opcode, modrm);
		}
	}
	tap_ok(!seen.differ, "the processor agrees on %lu instructions, %u times each",
	       seen.accepted, STATES);
	for (i = MLU_STEP_NOP; i <= MLU_STEP_TEST; i++)
		tap_ok(seen.by_operation[i], "operation %u: %lu", i, seen.by_operation[i]);
	for (i = 1; i <= 8; i *= 2)
		tap_ok(seen.by_size[i] > 1000, "operands of %u bytes: %lu", i, seen.by_size[i]);
	for (i = 0; i < 4; i++)
		tap_ok(seen.by_operand[i] > 1000, "operands of kind %u: %lu", i,
		       seen.by_operand[i]);
}

/* === Handwritten instructions === */

#define BYTES(...) { __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ })

struct row {
	const char *what;
	u8 bytes[INSN_MAX];
	size_t len;
};

/* clang-format off */
static const struct row accepted[] = {
	{ "endbr64", BYTES(0xf3, 0x0f, 0x1e, 0xfa) },
	{ "nop", BYTES(0x90) },
	{ "nop of 2 bytes", BYTES(0x66, 0x90) },
	{ "nop of 3 bytes", BYTES(0x0f, 0x1f, 0x00) },
	{ "nop of 8 bytes", BYTES(0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0) },
	{ "nop of 11 bytes", BYTES(0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0) },
	{ "test %rdi,%rdi", BYTES(0x48, 0x85, 0xff) },
	{ "mov $0xb,%eax", BYTES(0xb8, 0x0b, 0, 0, 0) },
	{ "movabs", BYTES(0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 0x88) },
	{ "mov %rsi,%rax", BYTES(0x48, 0x89, 0xf0) },
	{ "xor %ecx,%ecx", BYTES(0x31, 0xc9) },
	{ "lea -0x1(%rsi),%rax", BYTES(0x48, 0x8d, 0x46, 0xff) },
	{ "cmp $0x1000,%rdi", BYTES(0x48, 0x81, 0xff, 0, 0x10, 0, 0) },
	{ "lea 0x1f(%rsi,%rdx,1),%rsi", BYTES(0x48, 0x8d, 0x74, 0x16, 0x1f) },
	{ "mov (%rdi,%rax,8),%rax", BYTES(0x48, 0x8b, 0x04, 0xc7) },
	{ "mov 8(%rbp,%rbp,4),%rax", BYTES(0x48, 0x8b, 0x44, 0xad, 0x08) },
	{ "mov (%r13,%r12,1),%rax", BYTES(0x4b, 0x8b, 0x44, 0x25, 0x00) },
	{ "sub $0x18,%rsp", BYTES(0x48, 0x83, 0xec, 0x18) },
	{ "add $-0x80,%rsp", BYTES(0x48, 0x83, 0xc4, 0x80) },
};

static const struct row refused[] = {
	{ "mov %rbp,%rsp", BYTES(0x48, 0x89, 0xec) },
	{ "mov (%rdi),%rsp", BYTES(0x48, 0x8b, 0x27) },
	{ "lea 8(%rsp),%rsp", BYTES(0x48, 0x8d, 0x64, 0x24, 0x08) },
	{ "mov $1,%esp", BYTES(0xbc, 1, 0, 0, 0) },
	{ "add $0x18,%rsp", BYTES(0x48, 0x83, 0xc4, 0x18) },
	{ "sub $-0x18,%rsp", BYTES(0x48, 0x83, 0xec, 0xe8) },
	{ "sub $0,%rsp", BYTES(0x48, 0x83, 0xec, 0) },
	{ "sub $0x18,%esp", BYTES(0x83, 0xec, 0x18) },
	{ "and $-0x10,%rsp", BYTES(0x48, 0x83, 0xe4, 0xf0) },
	{ "sub %rax,%rsp", BYTES(0x48, 0x29, 0xc4) },
	{ "mov %rdi,(%rsi)", BYTES(0x48, 0x89, 0x3e) },
	{ "movb $1,(%rdi)", BYTES(0xc6, 0x07, 1) },
	{ "add %rax,(%rdi)", BYTES(0x48, 0x01, 0x07) },
	{ "addb $1,(%rdi)", BYTES(0x80, 0x07, 1) },
	{ "mov 0x10,%rax", BYTES(0x48, 0x8b, 0x04, 0x25, 0x10, 0, 0, 0) },
	{ "mov 0x10(,%rdi,8),%rax", BYTES(0x48, 0x8b, 0x04, 0xfd, 0x10, 0, 0, 0) },
	{ "mov %fs:(%rax),%rdi", BYTES(0x64, 0x48, 0x8b, 0x38) },
	{ "mov (%eax),%rdi", BYTES(0x67, 0x48, 0x8b, 0x38) },
	{ "lock", BYTES(0xf0, 0x48, 0x85, 0xff) },
	{ "a REX prefix before the size prefix", BYTES(0x48, 0x66, 0x85, 0xff) },
	{ "two REX prefixes", BYTES(0x48, 0x48, 0x85, 0xff) },
	{ "mov %ah,%al", BYTES(0x88, 0xe0) },
	{ "mov $1,%bh", BYTES(0xb7, 1) },
	{ "adc %rax,%rdi", BYTES(0x48, 0x11, 0xc7) },
	{ "sbb %eax,%eax", BYTES(0x19, 0xc0) },
	{ "neg %rdi", BYTES(0x48, 0xf7, 0xdf) },
	{ "mul %rdx", BYTES(0x48, 0xf7, 0xe2) },
	{ "test with the other number", BYTES(0xf7, 0xc8, 1, 0, 0, 0) },
	{ "xabort", BYTES(0xc6, 0xf8, 1) },
	{ "lea of a register", BYTES(0x48, 0x8d, 0xc7) },
	{ "push %rbx", BYTES(0x53) },
	{ "ret", BYTES(0xc3) },
	{ "jmp", BYTES(0xeb, 0) },
	{ "syscall", BYTES(0x0f, 0x05) },
	{ "int3", BYTES(0xcc) },
	{ "pause", BYTES(0xf3, 0x90) },
	{ "xchg %rax,%r8", BYTES(0x49, 0x90) },
	{ "endbr32", BYTES(0xf3, 0x0f, 0x1e, 0xfb) },
	{ "rdsspq, a nop without shadow stack", BYTES(0xf3, 0x48, 0x0f, 0x1e, 0xc8) },
	{ "prefetch", BYTES(0x0f, 0x18, 0x07) },
	{ "movzbl", BYTES(0x0f, 0xb6, 0xc0) },
	{ "vzeroupper", BYTES(0xc5, 0xf8, 0x77) },
};

/* clang-format on */

static void test_accepted(const struct row *row)
{
	u8 insn[INSN_MAX + 1] = {};
	struct mlu_step_insn step;
	bool good;

	memcpy(insn, row->bytes, row->len);
	good = mlu_step_decode(insn, sizeof(insn), &step);
	tap_ok(good && step.len == row->len && executes_alike(&step, insn),
	       "%s is executed as by the processor", row->what);
	tap_ok(good && mlu_step_allocates_frame(&step) == !!strstr(row->what, "%rsp"),
	       "%s allocates %s frame", row->what, strstr(row->what, "%rsp") ? "a" : "no");
	exercise_step(insn, sizeof(insn));
}

static void test_refused(const struct row *row)
{
	u8 insn[INSN_MAX + 1] = {};
	struct mlu_step_insn step;

	memcpy(insn, row->bytes, row->len);
	tap_ok(!mlu_step_decode(insn, sizeof(insn), &step), "%s is refused", row->what);
}

int main(void)
{
	size_t i;

	if (!map_code()) {
		tap_ok(false, "the machine allows memory that is writable and executable");
		return tap_end();
	}
	for (i = 0; i < ARRAY_SIZE(accepted); i++)
		test_accepted(&accepted[i]);
	for (i = 0; i < ARRAY_SIZE(refused); i++)
		test_refused(&refused[i]);
	test_every_instruction();
	return tap_end();
}
