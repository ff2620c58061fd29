/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests have in common: the module, its files in debugfs, and the
 * leakers with what they say of themselves.
 *
 * Every function that cannot do its work ends the test as failed, with a
 * sentence; what a test is about is returned.  Nothing here is thread-safe.
 */
#ifndef MLU_H
#define MLU_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MLU_DIR "/sys/kernel/debug/memleak_user"

struct mlu_row {
	unsigned long addr, size;
	unsigned int target, age, thread, stack;
	char kind[8];
};

/* hash is the sum of leaker_hash_of() over the rows. */
struct mlu_rows {
	struct mlu_row *row;
	size_t count;
	uint64_t bytes, hash;
};

/* A leaker, with what it kept when its last step was done. */
struct mlu_leaker {
	pid_t pid;
	int to, from;
	char *input;
	size_t input_len;
	struct mlu_rows keep;
	size_t count;
	uint64_t bytes, hash, failed;
};

/* The module.  begin: skips the program (exit 4) where it cannot run. */
void mlu_begin(void);
int mlu_load(const char *params);
int mlu_unload(void);
void mlu_reload(const char *params);
void mlu_fresh(void);
bool mlu_debug_kernel(void);
long mlu_scaled(long count, long on_a_debug_kernel);
const char *mlu_here(const char *name);
const char *mlu_scratch(void);
const char *mlu_libc(void);
unsigned long mlu_place_in_file(const void *code, char *file);
bool mlu_has_user_dispatch(void);

/* Commands: 0 or an errno; the sentence of the refusal stays in mlu_refusal. */
extern char mlu_refusal[16384];
int mlu_write(const void *bytes, size_t len);
int mlu_command(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int mlu_command_through(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mlu_refusal_through(int fd);

/* Files.  Paths are below MLU_DIR; the text is the caller's. */
int mlu_open(int flags, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *mlu_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *mlu_text_of(int fd);
long long mlu_stat(int id, const char *name);
bool mlu_wait_stat(const char *name, long long value);
int mlu_id(pid_t pid);
bool mlu_line(int id, char *line, size_t size);
const char *mlu_state(int id);
bool mlu_wait_state(int id, const char *state);
size_t mlu_count(const char *text, const char *what);

/* Rows. */
void mlu_rows(struct mlu_rows *rows, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mlu_rows_of(struct mlu_rows *rows, const char *text);
void mlu_rows_free(struct mlu_rows *rows);
bool mlu_same(const struct mlu_rows *want, const struct mlu_rows *got);
bool mlu_exact(const struct mlu_leaker *leaker);
bool mlu_sound(int id);
bool mlu_lost_agrees(const char *report);

/* Leakers.  spawn takes NAME=VALUE words before the program, as a shell does. */
void mlu_spawn(struct mlu_leaker *leaker, const char *word, ...);
void mlu_spawnv(struct mlu_leaker *leaker, const char *const *words);
void mlu_step(struct mlu_leaker *leaker, const char *word);
void mlu_go(struct mlu_leaker *leaker, const char *word);
void mlu_wait_done(struct mlu_leaker *leaker);
void mlu_wait_ready(struct mlu_leaker *leaker);
int mlu_end(struct mlu_leaker *leaker);
void mlu_kill(struct mlu_leaker *leaker);

void mlu_die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void mlu_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
