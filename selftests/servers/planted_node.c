// SPDX-License-Identifier: GPL-2.0-only
/*
 * An addon for node with a function that allocates so many bytes and never frees them:
 *
 *	require('.../planted_node.so').planted(3000)
 */
#include <node_api.h>

#include "planted.h"

static __attribute__((noipa)) void leak_per_call(size_t size)
{
	plant(size);
}

static napi_value call_planted(napi_env env, napi_callback_info info)
{
	napi_value argument;
	size_t count = 1;
	uint32_t size;

	if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) || count != 1 ||
	    napi_get_value_uint32(env, argument, &size))
		abort();
	leak_per_call(size);
	return NULL;
}

NAPI_MODULE_INIT()
{
	napi_value function;

	if (napi_create_function(env, "planted", NAPI_AUTO_LENGTH, call_planted, NULL, &function) ||
	    napi_set_named_property(env, exports, "planted", function))
		abort();
	return exports;
}
