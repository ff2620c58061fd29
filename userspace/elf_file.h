/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_ELF_FILE_H
#define MU_ELF_FILE_H

char *mu_elf_build_id(int fd);
int mu_elf_fetch(const char *build_id, const char *debug_path);
char *mu_elf_search_path(const char *debug_path);
int mu_elf_open_vdso(void);

#endif
