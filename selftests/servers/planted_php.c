// SPDX-License-Identifier: GPL-2.0-only
/*
 * A php extension with a function, planted(SIZE), that allocates so many bytes and never frees
 * them.
 */
#include <php.h>

#include "planted.h"

static __attribute__((noipa)) void leak_per_script(size_t size)
{
	plant(size);
}

PHP_FUNCTION(planted)
{
	zend_long size;

	if (zend_parse_parameters(ZEND_NUM_ARGS(), "l", &size) == FAILURE)
		return;
	leak_per_script(size);
}

/* Not with php's macros, which are no C that checkers can parse. */
static const zend_internal_arg_info planted_arguments[] = {
	{ .name = (const char *)1 }, /* the number of required arguments */
	{ .name = "size" },
};

static const zend_function_entry planted_functions[] = {
	{
		.fname = "planted",
		.handler = zif_planted,
		.arg_info = planted_arguments,
		.num_args = 1,
	},
	{ NULL },
};

zend_module_entry planted_module_entry = {
	STANDARD_MODULE_HEADER,	    "planted", planted_functions, NULL, NULL, NULL, NULL, NULL, "1",
	STANDARD_MODULE_PROPERTIES,
};

ZEND_GET_MODULE(planted)
