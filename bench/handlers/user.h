/* SPDX-License-Identifier: GPL-2.0-only */
/* handlers: the parts of its user's half. */
#ifndef BENCH_HANDLERS_USER_H
#define BENCH_HANDLERS_USER_H

/* user.c */
void user_die(const char *what);
void user_init(void);
void user_set_cpu(unsigned int cpu);
void user_pair(unsigned long block);

/* host.c */
const char *host_init(void);
void host_pair(void);

#endif /* BENCH_HANDLERS_USER_H */
