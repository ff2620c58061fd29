/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests have in common: the module, its files in debugfs, and the
 * programs with what they say of themselves.
 *
 * Every function that cannot do its work ends the test as failed, with a
 * sentence; what a test is about is returned.  Nothing here is thread-safe.
 */
#ifndef MST_H
#define MST_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MST_DIR "/sys/kernel/debug/memleak_user"

struct mst_row {
	unsigned long addr, size;
	unsigned int target, age, thread, stack;
	char kind[8];
};

/* hash is the sum of program_hash_of() over the rows. */
struct mst_rows {
	struct mst_row *row;
	size_t count;
	uint64_t bytes, hash;
};

/* A program, with what it kept when its last step was done. */
struct mst_program {
	pid_t pid;
	int to, from;
	char *input;
	size_t input_len;
	struct mst_rows keep;
	size_t count;
	uint64_t bytes, hash, failed;
};

/* The module.  begin: skips the program (exit 4) where it cannot run. */
void mst_begin(void);
int mst_load(const char *params);
int mst_unload(void);
void mst_reload(const char *params);
void mst_fresh(void);
bool mst_debug_kernel(void);
long mst_scaled(long count, long on_a_debug_kernel);
const char *mst_here(const char *name);
const char *mst_scratch(void);
const char *mst_libc(void);
unsigned long mst_place_in_file(const void *code, char *file);
bool mst_has_user_dispatch(void);

/* Commands: 0 or an errno; the sentence of the refusal stays in mst_refusal. */
extern char mst_refusal[16384];
int mst_write(const void *bytes, size_t len);
int mst_command(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int mst_command_through(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mst_refusal_through(int fd);

/* Files.  Paths are below MST_DIR; the text is the caller's. */
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

/* Rows. */
void mst_rows(struct mst_rows *rows, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mst_rows_of(struct mst_rows *rows, const char *text);
void mst_rows_free(struct mst_rows *rows);
bool mst_same(const struct mst_rows *want, const struct mst_rows *got);
bool mst_exact(const struct mst_program *program);
bool mst_sound(int id);
bool mst_lost_agrees(const char *report);

/* Programs.  spawn takes NAME=VALUE words before the program, as a shell does. */
void mst_spawn(struct mst_program *program, const char *word, ...);
void mst_spawnv(struct mst_program *program, const char *const *words);
void mst_step(struct mst_program *program, const char *word);
void mst_go(struct mst_program *program, const char *word);
void mst_wait_done(struct mst_program *program);
void mst_wait_ready(struct mst_program *program);
int mst_end(struct mst_program *program);
void mst_kill(struct mst_program *program);

void mst_die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void mst_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
