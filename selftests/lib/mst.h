/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The library of the tests: the module, its files, and the traced programs.
 *
 * A function that cannot do its work (a file that cannot be opened, a line that cannot be parsed)
 * prints why and ends the test as failed. Results that tests are about, such as the errno of a
 * command, are returned. The functions are not thread-safe.
 */
#ifndef MST_H
#define MST_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

/**
 * MST_WAIT_UNTIL() - evaluate an expression until it is true, a hundred times a second
 * @condition: the expression
 *
 * It gives up after a minute. What is waited for takes far less, but the machine may be slow.
 *
 * Return: true if the expression was true.
 */
#define MST_WAIT_UNTIL(condition)                                  \
	({                                                         \
		int mst_waits_ = 6000;                             \
                                                                   \
		while (mst_waits_ && !(condition) && --mst_waits_) \
			usleep(10000);                             \
		mst_waits_ > 0;                                    \
	})

#define MST_DIR "/sys/kernel/debug/memleak_user"
#define MST_PROC_DIR "/proc/memleak_user" /* without targets/ */

/* The directory that files are opened in: MST_DIR, unless a test sets it to MST_PROC_DIR. */
extern const char *mst_dir;

/**
 * struct mst_row - one line of the file allocations, or one block that a program keeps
 * @addr: address of the block
 * @size: its size in bytes
 * @target: id of the target
 * @age: age in ms
 * @thread: TID of the thread that allocated it
 * @stack: id of its stack
 * @kind: "heap", "mmap" or "stack"
 *
 * Blocks that a program keeps have an address, a size and a kind only.
 */
struct mst_row {
	unsigned long addr, size;
	unsigned int target, age, thread, stack;
	char kind[8];
};

/**
 * struct mst_rows - a growing array of rows
 * @row: the rows, allocated
 * @count: their number
 * @bytes: sum of their sizes
 * @hash: sum of program_hash_of() over them
 */
struct mst_rows {
	struct mst_row *row;
	size_t count;
	uint64_t bytes, hash;
};

/**
 * struct mst_program - a running test program, see programs/program.h for the protocol
 * @pid: its process
 * @to: pipe to its standard input
 * @from: pipe from its standard output
 * @input: bytes read from @from and not yet used, 4096 at most
 * @input_len: their number
 * @keep: the "keep" lines of the last step
 * @count: number of kept blocks, from the "done" line of the last step
 * @bytes: sum of their sizes, from the same line
 * @hash: sum of program_hash_of() over them, from the same line
 * @failed: number of calls so far that returned no memory, from the same line
 */
struct mst_program {
	pid_t pid;
	int to, from;
	char *input;
	size_t input_len;
	struct mst_rows keep;
	size_t count;
	uint64_t bytes, hash, failed;
};

/**
 * struct mst_end - how a program has ended
 * @status: its wait status
 * @log: what it has printed to standard error, without addresses and process numbers
 */
struct mst_end {
	int status;
	char *log;
};

/* The module */
void mst_begin(void);
int mst_load(const char *params);
int mst_unload(void);
void mst_reload(const char *params);
void mst_fresh(void);
bool mst_debug_kernel(void);
long mst_scaled(long count, long debug_count);
long mst_time(long limit, long debug_limit);
const char *mst_here(const char *name);
const char *mst_scratch(void);
const char *mst_libc(void);
unsigned long mst_place_in_file(const void *code, char *file);
bool mst_has_user_dispatch(void);
bool mst_has_exits(void);
bool mst_return_probe_is_syscall(void);

/* Commands; mst_refusal is the line "refused ..." of the last command, "" if it was accepted */
extern char mst_refusal[16384];
int mst_write(const void *bytes, size_t len);
int mst_command(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int mst_command_through(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mst_refusal_through(int fd);

/* Files in debugfs */
int mst_open(int flags, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *mst_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *mst_text_of(int fd);
long long mst_stat(int id, const char *name);
bool mst_wait_stat(const char *name, long long value);
int mst_id(pid_t pid);
bool mst_line(int id, char *line, size_t size);
const char *mst_state(int id);
bool mst_wait_state(int id, const char *state);
size_t mst_count(const char *text, const char *what);

/* The file allocations, and reports that must be consistent */
void mst_rows(struct mst_rows *rows, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mst_rows_of(struct mst_rows *rows, const char *text);
void mst_rows_free(struct mst_rows *rows);
bool mst_same(const struct mst_rows *want, const struct mst_rows *got);
bool mst_exact(const struct mst_program *program);
bool mst_sound(int id);
bool mst_lost_agrees(const char *report);

/* Test programs */
void mst_spawn(struct mst_program *program, const char *word, ...);
void mst_spawnv(struct mst_program *program, const char *const *words);
void mst_step(struct mst_program *program, const char *word);
void mst_go(struct mst_program *program, const char *word);
void mst_wait_done(struct mst_program *program);
void mst_wait_ready(struct mst_program *program);
int mst_end(struct mst_program *program);
void mst_kill(struct mst_program *program);

/* Runs of a program that are compared with each other */
void mst_spawn_logged(struct mst_program *program, const char *word, ...);
void mst_end_logged(struct mst_program *program, struct mst_end *end);
bool mst_same_end(const struct mst_end *want, const struct mst_end *got);
char *mst_log_of(const char *path);
char *mst_stacks(int id);

void mst_die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void mst_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
