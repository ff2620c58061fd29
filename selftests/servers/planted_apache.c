// SPDX-License-Identifier: GPL-2.0-only
/*
 * An apache module with a handler, "planted", that allocates PLANTED_SIZE bytes for each request
 * and never frees them.
 */
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>

#include "planted.h"

#define PLANTED_SIZE 5000

static __attribute__((noipa)) void leak_per_request(size_t size)
{
	plant(size);
}

static int handle_request(request_rec *request)
{
	if (!request->handler || strcmp(request->handler, "planted"))
		return DECLINED;
	leak_per_request(PLANTED_SIZE);
	ap_set_content_type(request, "text/plain");
	ap_rputs("planted\n", request);
	return OK;
}

static void register_hooks(apr_pool_t *pool)
{
	ap_hook_handler(handle_request, NULL, NULL, APR_HOOK_MIDDLE);
}

module AP_MODULE_DECLARE_DATA planted_module = {
	STANDARD20_MODULE_STUFF,
	.register_hooks = register_hooks,
};
