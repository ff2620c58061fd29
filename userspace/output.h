/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_OUTPUT_H
#define MU_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

/**
 * struct mu_output - a file that is written as a whole, or stdout
 * @path: the file, NULL for stdout
 * @is_textfile: a collector reads @path, see output.c
 * @standard: what stdout was before mu_output_take_stdout(), or NULL
 * @file: what is being written, NULL if nothing is
 * @temporary: name of @file until it is complete, NULL if @path is written itself
 */
struct mu_output {
	const char *path;
	bool is_textfile;
	FILE *standard;
	FILE *file;
	char *temporary;
};

bool mu_output_take_stdout(struct mu_output *output);
FILE *mu_output_begin(struct mu_output *output);
bool mu_output_end(struct mu_output *output, bool keep);
void mu_output_remove(const struct mu_output *output);

#endif
